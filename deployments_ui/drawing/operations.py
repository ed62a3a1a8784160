"""An operation in words: what was asked, how far it is, how it ended. On its own page, in a list, and in a timeline."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from deployments_ui import links, progress
from deployments_ui.deeds import Phase, phase_of, said_of, shape_of, title_of
from deployments_ui.drawing import logs
from deployments_ui.progress import Step
from deployments_ui.states import name_of
from deployments_ui.stencil import Stencil
from deployments_ui.times import Clock, iso
from portal.permissions import Role
from portal.services.operations.kinds import get_kind
from portal.services.operations.kinds.promote import Promote
from portal.services.operations.kinds.rollback import RollBack
from portal.services.operations.progress import Progress
from portal.services.queries.operations import OperationPage
from portal.services.queries.schemas import OperationEntry

ROLES: dict[str, Promise] = {
    Role.OPERATOR: gettext_lazy("operator"),
    Role.SUPPORT: gettext_lazy("support"),
}


@dataclass(slots=True)
class OperationRow:
    """A change asked for through this portal. Either of the two versions may be unknown or another customer's."""

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
    phase = phase_of(entry.state, entry.decision, is_unseen=entry.is_unseen)
    look, shape = shape_of(entry.kind, phase)
    return OperationRow(
        id=f"o{entry.id}",
        at=iso(entry.at),
        exact=clock.exact(entry.at),
        hour=clock.hour(entry.at),
        look=look,
        shape=shape,
        app=entry.deployment_name,
        deed=said_of(entry.kind, phase),
        url=links.version(slug, entry.deployment_id, entry.version_id),
        number=name_of(entry.number, entry.version_id),
        from_url=links.version(slug, entry.deployment_id, entry.from_version_id),
        from_number=name_of(entry.from_number, entry.from_version_id),
        reason=entry.reason,
        who=who(entry.who, entry.role),
        operation_url=links.operation(entry.key),
        has_from=bool(entry.from_version_id and entry.version_id),
        has_to=bool(entry.version_id),
        has_reason=bool(entry.reason),
    )


def who(name: str, role: str | None) -> str:
    """Ana Ruiz (support); a customer's own people need no role beside their name."""
    return f"{name} ({ROLES[role]})" if role in ROLES else name


@dataclass(frozen=True, slots=True)
class Line:
    """An operation in a list."""

    operation: OperationPage
    url: str
    said: str
    look: str
    shape: str
    who: str
    number: str
    from_number: str


def line(found: OperationPage) -> Line:
    phase = phase_of(found.state, found.decision, is_unseen=found.is_unseen)
    look, shape = shape_of(found.kind, phase)
    return Line(
        operation=found,
        url=links.operation(found.key),
        said=said_of(found.kind, phase),
        look=look,
        shape=shape,
        who=who(found.who, found.role),
        number=name_of(found.number, found.version_id) if found.version_id else "",
        from_number=name_of(found.from_number, found.from_version_id) if found.from_version_id else "",
    )


def context_of(found: OperationPage, published: Progress | None = None) -> dict[str, Any]:
    """Everything on an operation's page. `generation` tells a part that looks again whether there is anything new."""
    phase = phase_of(found.state, found.decision, is_unseen=found.is_unseen)
    is_open = found.is_open or (published is not None and not published.is_done)
    steps = progress.of_publish(found, published) if published else progress.of_change(found)
    generation = generation_of(found, published)
    url = links.operation(found.key)
    app_url = links.deployment(found.customer_slug, found.deployment_id) if found.deployment_is_here else ""
    return {
        "found": found,
        "phase": phase.value,
        "title": title_of(found, phase, published),
        "steps": steps,
        "said": said(steps),
        "who": who(found.who, found.role),
        "number": name_of(found.number, found.version_id) if found.version_id else "",
        "from_number": name_of(found.from_number, found.from_version_id) if found.from_version_id else "",
        "published": published,
        "log": logs.window(published.log_tail) if published and published.log_tail else None,
        "is_open": is_open,
        "is_settling": found.state == "unknown" and not found.needs_decision,
        "every": f"{published.poll_every_s if published else 1}s",
        "url": url,
        "poll_url": f"{url}?seen={generation}",
        "generation": generation,
        "decision_url": links.decision(found.key),
        "app_url": app_url,
        "close_url": home_of(found) if app_url else links.customer(found.customer_slug),
        **ways(found, phase),
    }


def home_of(found: OperationPage) -> str:
    """The page that shows what it changed."""
    return address_of(get_kind(found.kind).result_route, found.customer_slug, found.deployment_id)


def ways(found: OperationPage, phase: Phase) -> dict[str, str]:
    """Where to go from here: back to what was live before, or to the same form once more."""
    slug, app = found.customer_slug, found.deployment_id
    again, undo = "", ""
    kind = get_kind(found.kind)
    if phase in {Phase.REFUSED, Phase.DID_NOT} and found.deployment_is_here and kind.form_route:
        if not kind.moves_pointer:
            again = address_of(kind.form_route, slug, app)
        elif found.version_id:
            again = address_of(kind.form_route, slug, app, found.version_id)
    if found.undo_version_id and found.is_live and phase is Phase.DONE:
        was_newer = (found.from_number or 0) > (found.number or 0)
        undo = address_of((Promote if was_newer else RollBack).form_route, slug, app, found.undo_version_id)
    return {"again_url": again, "undo_url": undo}


def address_of(route: str, *parts: str) -> str:
    """The page of a route that an operation kind names."""
    return str(getattr(links, route)(*parts))


def said(steps: list[Step]) -> str:
    """How far it is, for somebody who listens."""
    reached = [step for step in steps if step.look != "created"]
    return " ".join(filter(None, (str(reached[-1].word), reached[-1].text))) if reached else ""


def generation_of(found: OperationPage, published: Progress | None) -> str:
    shown: list[object] = [found.state, found.switched_at, found.checked_at, found.verdict, found.verdict_text]
    shown += [found.needs_decision, found.is_open, found.decision, found.error]
    if published is not None:
        shown += [published.step, published.moments, published.log_tail, published.is_done, published.failure]
    return hashlib.blake2s(repr(shown).encode(), digest_size=8).hexdigest()
