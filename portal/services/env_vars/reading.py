"""The names on a deployment, read from MIOSA and remembered."""

from dataclasses import dataclass
from datetime import datetime

from portal import miosa
from portal.models import Deployment, EnvVar
from portal.services import clean_text
from portal.services.sync import limits
from portal.services.sync.details import Detail

FRESH = limits.DETAILS_FRESH
_MOST_PAGES = 20
_Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """(environment, name) with its mask and time. `is_whole`: no other name can be there."""

    there: dict[_Name, tuple[str, datetime | None]]
    is_whole: bool


def read(deployment: Deployment, *, ask: miosa.Client, now: datetime) -> set[_Name]:
    """The names again, after a change of ours; gives (environment, name) of all that are not known to be gone.

    Raises miosa.MiosaError.
    """
    found = NAMES.read(deployment, ask=ask, now=now)
    if found.is_whole:
        return set(found.there)
    return set(found.there) | set(EnvVar.objects.filter(deployment=deployment).values_list("environment", "name"))


def _list(deployment: Deployment, ask: miosa.Client) -> Found:
    """A row that can't be read may hide a name, and so may pages that go round in a circle."""
    there: dict[_Name, tuple[str, datetime | None]] = {}
    token, is_whole = None, True
    for _page in range(_MOST_PAGES):
        page = ask.env.list(deployment.miosa_id, page_token=token)
        is_whole = is_whole and not page.unreadable
        before = len(there)
        for row in page.items:
            name = clean_text.line(row.name, most=300)
            mask = clean_text.line(row.preview or "", most=100)
            there[(row.environment or "")[:60], name] = (mask, row.updated_at or row.created_at)
        token = page.next
        if token is None:
            return Found(there, is_whole)
        if len(there) == before:
            break
    return Found(there, is_whole=False)


def _remember(deployment: Deployment, found: Found, _now: datetime) -> None:
    known = {(one.environment, one.name): one for one in EnvVar.objects.filter(deployment=deployment)}
    for (environment, name), (mask, changed_at) in found.there.items():
        one = known.get((environment, name))
        if one is None or (one.mask, one.changed_at) != (mask, changed_at):
            told = {"mask": mask, "changed_at": changed_at}
            EnvVar.objects.update_or_create(deployment=deployment, environment=environment, name=name, defaults=told)
    if found.is_whole:
        EnvVar.objects.filter(pk__in=[one.pk for key, one in known.items() if key not in found.there]).delete()


NAMES = Detail("env", _list, _remember)
scope, read_if_stale = NAMES.scope, NAMES.read_if_stale
