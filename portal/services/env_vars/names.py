"""The names on a deployment: fetched from MIOSA and stored, without values (contract 8.7, 10.7)."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from portal import miosa
from portal.models import Deployment, EnvVar
from portal.services import clean_text
from portal.services.errors import NotFound
from portal.services.sync import limits
from portal.services.sync.details import Detail

FRESH_FOR = limits.DETAILS_FRESH
_MAX_PAGES = 20
# Nothing but dots, or at least three of them (or an ellipsis) between at most four characters on either side.
_MASK = re.compile(r"[•●∙·*]{1,99}|[!-~]{0,4}(?:[•●∙·*]{3,90}|\.{3,90}|…)[!-~]{0,4}")
# (environment, name); an empty environment means all of them.
Key = tuple[str, str]


@dataclass(slots=True)
class FetchedNames:
    """The mask of each name, and when it was changed. `is_complete`: MIOSA lists no other name."""

    found: dict[Key, tuple[str, datetime | None]] = field(default_factory=dict)
    is_complete: bool = True

    def add(self, row: miosa.EnvVar) -> None:
        name = clean_text.clean_line(row.name, most=300)
        mask = clean_mask(row.preview or "")
        self.found[(row.environment or "")[:60], name] = (mask, row.updated_at or row.created_at)


def clean_mask(preview: str) -> str:
    """`preview` if it evidently is a mask, `htt…com` or `••••••••`; anything else might be the value: empty."""
    return preview if _MASK.fullmatch(preview) else ""


def refresh_names(deployment: Deployment, *, client: miosa.Client, now: datetime) -> set[Key]:
    """Fetch and store the names after a change of ours. Returns all that are not known to be deleted.

    Raises miosa.MiosaError.
    """
    fetched = _NAMES.read(deployment, client=client, now=now)
    if fetched.is_complete:
        return set(fetched.found)
    return set(fetched.found) | set(EnvVar.objects.filter(deployment=deployment).values_list("environment", "name"))


def list_names(deployment: Deployment, environment: str) -> set[str]:
    """The stored names of one environment, including those of all environments."""
    rows = EnvVar.objects.filter(deployment=deployment, environment__in=["", environment])
    return set(rows.values_list("name", flat=True))


def get_environments(deployment: Deployment, name: str) -> tuple[str, ...]:
    """The environments that may lose the name. MIOSA documents no way to choose one.

    Raises NotFound if there is no such name, or if names can't be deleted.
    """
    rows = EnvVar.objects.filter(deployment=deployment, name=name).order_by("environment")
    found = tuple(rows.values_list("environment", flat=True))
    if not settings.MIOSA.deletes_env or not found:
        raise NotFound
    return tuple(filter(None, found))


def _fetch(deployment: Deployment, client: miosa.Client) -> FetchedNames:
    """The list is incomplete if a row can't be read, or if the pages go round in a circle."""
    fetched = FetchedNames()
    token = None
    for _page in range(_MAX_PAGES):
        page = client.env.list(deployment.miosa_id, page_token=token)
        fetched.is_complete = fetched.is_complete and not page.unreadable
        count = len(fetched.found)
        for row in page.items:
            fetched.add(row)
        token = page.next
        if token is None:
            return fetched
        if len(fetched.found) == count:
            break
    fetched.is_complete = False
    return fetched


def _store(deployment: Deployment, fetched: FetchedNames, _now: datetime) -> None:
    stored = {(var.environment, var.name): var for var in EnvVar.objects.filter(deployment=deployment)}
    for (environment, name), (mask, changed_at) in fetched.found.items():
        var = stored.get((environment, name))
        if var is None or (var.mask, var.changed_at) != (mask, changed_at):
            EnvVar.objects.update_or_create(
                deployment=deployment,
                environment=environment,
                name=name,
                defaults={"mask": mask, "changed_at": changed_at},
            )
    if fetched.is_complete:
        gone = [var.pk for key, var in stored.items() if key not in fetched.found]
        EnvVar.objects.filter(pk__in=gone).delete()


_NAMES = Detail("env", _fetch, _store)
get_scope, refresh_if_stale = _NAMES.scope, _NAMES.read_if_stale
