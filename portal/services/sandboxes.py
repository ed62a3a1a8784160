"""The sandboxes of one customer, newest first: a publish makes a version from one."""

from dataclasses import dataclass
from datetime import UTC, datetime

from portal import miosa
from portal.models import Customer
from portal.permissions import Person
from portal.services import clean_text, open_words
from portal.services.errors import NotFound
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
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
