"""Rows of operations for timelines that are not yet Jinja2 templates."""

from __future__ import annotations

from dataclasses import dataclass

from deployments_ui import labels, links
from deployments_ui.states import name_of
from deployments_ui.stencil import Stencil
from deployments_ui.times import Clock, iso
from portal.services.queries.schemas import OperationEntry


@dataclass(slots=True)
class OperationRow:
    """Either of the two versions may be unknown or another customer's."""

    id: str
    at: str
    exact: str
    hour: str
    look: str
    shape: str
    app: str
    deed: str
    url: str
    number: str
    from_url: str
    from_number: str
    reason: str
    who: str
    operation_url: str
    has_from: bool
    has_to: bool
    has_reason: bool


OPERATION = Stencil("operations/_entry.html", OperationRow)


def row(entry: OperationEntry, slug: str, clock: Clock) -> OperationRow:
    label = labels.of_operation(entry)
    return OperationRow(
        id=f"o{entry.id}",
        at=iso(entry.at),
        exact=clock.exact(entry.at),
        hour=clock.hour(entry.at),
        look=label.css,
        shape=label.shape,
        app=entry.deployment_name,
        deed=str(label.word),
        url=links.version(slug, entry.deployment_id, entry.version_id),
        number=name_of(entry.number, entry.version_id),
        from_url=links.version(slug, entry.deployment_id, entry.from_version_id),
        from_number=name_of(entry.from_number, entry.from_version_id),
        reason=entry.reason,
        who=labels.with_role(entry.who, entry.role),
        operation_url=links.operation(entry.key),
        has_from=bool(entry.from_version_id and entry.version_id),
        has_to=bool(entry.version_id),
        has_reason=bool(entry.reason),
    )
