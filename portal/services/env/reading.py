"""The names on a deployment, read from MIOSA and remembered."""

from datetime import datetime

from portal import miosa
from portal.models import Deployment, EnvVar, Freshness
from portal.services.refreshing import lease
from portal.services.remembering import texts

_MOST_PAGES = 20


def scope(deployment_id: int) -> str:
    return f"env:{deployment_id}"


def read(deployment: Deployment, *, ask: miosa.Client, now: datetime) -> set[tuple[str, str]]:
    """The names again; gives (environment, name) of all. Raises miosa.MiosaError."""
    there, is_whole = _list(deployment, ask)
    for (environment, name), (mask, changed_at) in there.items():
        EnvVar.objects.update_or_create(
            deployment=deployment,
            environment=environment,
            name=name,
            defaults={"mask": texts.line(mask, most=100), "changed_at": changed_at},
        )
    if is_whole:
        known = EnvVar.objects.filter(deployment=deployment)
        known.filter(pk__in=[var.pk for var in known if (var.environment, var.name) not in there]).delete()
    row = lease.get(scope(deployment.pk))
    Freshness.objects.filter(pk=row.pk).update(read_at=now, error="", failed_at=None)
    return set(there)


def _list(deployment: Deployment, ask: miosa.Client) -> tuple[dict[tuple[str, str], tuple[str, datetime | None]], bool]:
    """Each name with its mask and time; and whether these are all: a row that can't be read hides a name."""
    there: dict[tuple[str, str], tuple[str, datetime | None]] = {}
    token, is_whole = None, True
    for _page in range(_MOST_PAGES):
        page = ask.env.list(deployment.miosa_id, page_token=token)
        is_whole = is_whole and not page.unreadable
        before = len(there)
        for row in page.items:
            name = texts.line(row.name, most=300)
            there[(row.environment or "")[:60], name] = (row.preview or "", row.updated_at or row.created_at)
        token = page.next
        if token is None or len(there) == before:
            return there, is_whole
    return there, False
