"""Base class of setting and deleting env vars: the effect shows only in the list of names, on all of its pages."""

from datetime import datetime

from portal import miosa
from portal.models import Entry, Operation
from portal.permissions import Permission
from portal.services import clean_text
from portal.services.operations.base import ENV_LANE, Kind

_MOST_PAGES = 20

# When a name was last changed in an environment, by (environment, name), as MIOSA reports it.
ChangedAt = dict[tuple[str, str], str]


class EnvKind(Kind):
    event = Entry.Event.ENV_CHANGED
    permission = Permission.SET_ENV
    lane = ENV_LANE
    result_route = "env"


def list_names(operation: Operation, client: miosa.Client) -> tuple[ChangedAt, bool]:
    """The names, and whether these are all: an unreadable row and a cut list hide some. Raises miosa.MiosaError."""
    names: ChangedAt = {}
    token, is_complete = None, True
    for _page in range(_MOST_PAGES):
        page = client.env.list(operation.deployment_id, page_token=token)
        is_complete = is_complete and not page.unreadable
        count = len(names)
        for row in page.items:
            place = (row.environment or "")[:60], clean_text.clean_line(row.name, most=300)
            names[place] = _format_moment(row.updated_at or row.created_at)
        token = page.next
        if token is None:
            return names, is_complete
        if len(names) == count:
            break
    return names, False


def was_changed_since(operation: Operation) -> bool:
    """A newer operation of ours changed the same names, so what MIOSA shows may be its effect."""
    newer = Operation.objects.filter(
        deployment_id=operation.deployment_id, lane=ENV_LANE, pk__gt=operation.pk, attempts__gt=0
    ).exclude(state=Operation.State.REFUSED)
    if operation.environment:
        newer = newer.filter(environment__in=["", operation.environment])
    names = set(operation.body["names"])
    return any(names & set(body["names"]) for body in newer.values_list("body", flat=True))


def _format_moment(at: datetime | None) -> str:
    return at.isoformat() if at else ""
