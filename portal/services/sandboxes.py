"""The sandboxes of one customer, newest first: a publish makes a version from one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from portal import miosa
from portal.models import Customer, Version
from portal.permissions import Person
from portal.services import clean_text, durability, open_words
from portal.services.errors import NotFound
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.upsert import customer_rows
from portal.services.sync.upstream import to_unavailable

_GONE = frozenset({"destroyed", "destroying", "deleted"})


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`state` is the hosting service's, of an open set. `project` is the platform's own label."""

    id: str
    name: str
    state: str
    project: str
    created_at: datetime | None


def list_sandboxes(customer: Customer, *, by: Person) -> tuple[Sandbox, ...]:
    """Raises Unavailable. Rows are filtered by their own attribution, since MIOSA may ignore the filter."""
    if not customer.external_id:
        return ()
    client = upstream.client(Purpose.READ, customer_id=customer.pk)
    try:
        page = client.sandboxes.list(external_workspace_id=customer.external_id)
    except miosa.MiosaError as error:
        raise to_unavailable(error) from error
    own = [row for row in page.items if row.external_workspace_id == customer.external_id and row.state not in _GONE]
    _store_names(own, customer)
    own.sort(key=lambda row: row.created_at or datetime.min.replace(tzinfo=UTC), reverse=True)
    return tuple(
        Sandbox(
            id=row.id,
            name=open_words.show_text(clean_text.clean_line(row.name or row.slug or row.id, most=200), by=by),
            state=open_words.show_word(row.state, open_words.SANDBOX_STATES, by=by),
            project=row.external_project_id if isinstance(row.external_project_id, str) else "",
            created_at=row.created_at,
        )
        for row in own[:200]
    )


def get_name(row: miosa.Sandbox) -> str:
    """Empty for a sandbox that nobody named, which MIOSA shows by its id."""
    name = clean_text.clean_line(row.name or row.slug or "", most=200)
    return "" if name == row.id else name


def _store_names(rows: Iterable[miosa.Sandbox], customer: Customer) -> None:
    """Histories show the name of the sandbox that a version was published from. MIOSA's versions have only its id."""
    names = {row.id: name for row in rows if (name := get_name(row))}
    unnamed = Version.objects.filter(customer=customer, source_sandbox_id__in=names, source_sandbox_name="")
    found = set(unnamed.order_by().values_list("source_sandbox_id", flat=True).distinct())
    if not found:
        return
    with durability.optional_write("names of sandboxes"), transaction.atomic():
        for sandbox_id in sorted(found):
            unnamed.filter(source_sandbox_id=sandbox_id).update(source_sandbox_name=names[sandbox_id])
        customer_rows.bump_generation({customer.pk})


def get_own_sandbox(sandbox_id: str, customer: Customer) -> miosa.Sandbox:
    """A submitted sandbox as MIOSA shows it now.

    Raises NotFound unless it has this customer's attribution; Unavailable if it can't be read.
    """
    client = upstream.client(Purpose.READ, customer_id=customer.pk)
    try:
        row = client.sandboxes.get(sandbox_id)
    except miosa.NotFound:
        raise NotFound from None
    except miosa.MiosaError as error:
        raise to_unavailable(error) from error
    if not customer.external_id or row.external_workspace_id != customer.external_id or row.state in _GONE:
        raise NotFound
    return row
