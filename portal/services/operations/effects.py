"""How a change of env vars or of a domain is seen to have happened: by the whole list, on however many pages it comes.

Each says yes, no, or None: it can't be seen. What is not in a list tells something only if the whole list was legible.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from portal import miosa
from portal.models import Operation
from portal.services import clean_text
from portal.services.operations.kinds import Kind

Effect = Callable[[Operation, miosa.Client], bool | None]
# Where a name stands, (environment, name), and when it was last changed there, as MIOSA says.
Names = dict[tuple[str, str], str]

_MOST_PAGES = 20


def of(kind: Kind) -> Effect | None:
    return _EFFECTS.get(kind)


def env_before(operation: Operation, ask: miosa.Client) -> dict[str, object]:
    """The names it is about to set, as they stand, to tell afterwards what has changed. Raises miosa.MiosaError.

    Where they may not be listed they can be set all the same, only that nobody can tell afterwards.
    """
    try:
        there, is_whole = _env(operation, ask)
    except miosa.Refused:
        return {}
    wanted = set(operation.body["names"])
    return {
        "env": [[environment, name, at] for (environment, name), at in there.items() if name in wanted],
        "env_is_whole": is_whole,
    }


def _env_was_set(operation: Operation, ask: miosa.Client) -> bool | None:
    """Values can't be read. A name tells if it is new, or was changed, since the look just before sending."""
    there, is_whole = _env(operation, ask)
    if _is_set_since(operation):
        return None
    told = [_name_was_set(operation, name, there, is_whole=is_whole) for name in operation.body["names"]]
    if False in told:
        return False
    return None if None in told else True


def _name_was_set(operation: Operation, name: str, there: Names, *, is_whole: bool) -> bool | None:
    before: Mapping[str, Any] = operation.result.get("before", {})
    stood: Names = {(environment, other): at for environment, other, at in before.get("env", [])}
    # A row that names no environment belongs to all of them, as far as anybody can tell (contract 10.7).
    spots = [spot for spot in (("", name), (operation.environment, name)) if spot in there]
    if not spots:
        return False if is_whole else None
    for spot in spots:
        is_new = spot not in stood and before.get("env_is_whole", False)
        is_changed = bool(stood.get(spot) and there[spot]) and there[spot] != stood[spot]
        if is_new or is_changed:
            return True
    return None


def _env_was_deleted(operation: Operation, ask: miosa.Client) -> bool | None:
    there, is_whole = _env(operation, ask)
    if _is_set_since(operation):
        return None
    if {name for _environment, name in there} & set(operation.body["names"]):
        return False
    return True if is_whole else None


def _is_set_since(operation: Operation) -> bool:
    """A newer operation of ours was about the same names, so that what stands there may be its doing."""
    newer = Operation.objects.filter(
        deployment_id=operation.deployment_id,
        kind__in=[Kind.SET_ENV, Kind.DELETE_ENV],
        pk__gt=operation.pk,
        attempts__gt=0,
    ).exclude(state=Operation.State.REFUSED)
    if operation.environment:
        newer = newer.filter(environment__in=["", operation.environment])
    names = set(operation.body["names"])
    return any(names & set(body["names"]) for body in newer.values_list("body", flat=True))


def _env(operation: Operation, ask: miosa.Client) -> tuple[Names, bool]:
    """The names there, and whether these are all: a row that can't be read, and a page that is cut, hide some."""
    there: Names = {}
    token, is_whole = None, True
    for _page in range(_MOST_PAGES):
        page = ask.env.list(operation.deployment_id, page_token=token)
        is_whole = is_whole and not page.unreadable
        before = len(there)
        for row in page.items:
            spot = (row.environment or "")[:60], clean_text.line(row.name, most=300)
            there[spot] = _moment(row.updated_at or row.created_at)
        token = page.next
        if token is None:
            return there, is_whole
        if len(there) == before:
            break
    return there, False


def _moment(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _domain_was_added(operation: Operation, ask: miosa.Client) -> bool | None:
    rows, is_whole = _domains(operation, ask)
    if any(_name(row) == operation.body["domain"] for row in rows):
        return True
    return False if is_whole else None


def _domain_was_detached(operation: Operation, ask: miosa.Client) -> bool | None:
    rows, is_whole = _domains(operation, ask)
    if any(row.id == operation.body["domain_id"] for row in rows):
        return False
    return True if is_whole else None


def _domain_was_redirected(operation: Operation, ask: miosa.Client) -> bool | None:
    rows, is_whole = _domains(operation, ask)
    found = [row.redirect_policy for row in rows if row.id == operation.body["domain_id"]]
    if not found:
        return False if is_whole else None
    return operation.body["redirect_policy"] in found


def _domain_was_verified(operation: Operation, ask: miosa.Client) -> bool | None:
    """Asking to verify sets nothing: whatever MIOSA says now is as good as the answer that was lost."""
    rows, is_whole = _domains(operation, ask)
    if any(row.id == operation.body["domain_id"] for row in rows):
        return True
    return False if is_whole else None


def _domains(operation: Operation, ask: miosa.Client) -> tuple[list[miosa.Domain], bool]:
    """The domains attached there, and whether these are all, as of env vars."""
    rows: list[miosa.Domain] = []
    is_whole, following = True, None
    for page in islice(ask.domains.pages(operation.deployment_id), _MOST_PAGES):
        rows += [row for row in page.items if row.status.lower() != "removed"]
        is_whole, following = is_whole and not page.unreadable and not page.loop, page.next
    return rows, is_whole and following is None


def _name(row: miosa.Domain) -> str:
    return clean_text.line(row.domain, most=253).lower().rstrip(".")


_EFFECTS: dict[Kind, Effect] = {
    Kind.ADD_DOMAIN: _domain_was_added,
    Kind.DELETE_ENV: _env_was_deleted,
    Kind.DETACH_DOMAIN: _domain_was_detached,
    Kind.REDIRECT_DOMAIN: _domain_was_redirected,
    Kind.SET_ENV: _env_was_set,
    Kind.VERIFY_DOMAIN: _domain_was_verified,
}
