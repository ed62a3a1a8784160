"""The names on a deployment, read from MIOSA and remembered."""

from datetime import datetime

from portal import miosa
from portal.models import Deployment, EnvVar, Freshness
from portal.services.refreshing import lease
from portal.services.remembering import texts


def scope(deployment_id: int) -> str:
    return f"env:{deployment_id}"


def read(deployment: Deployment, *, ask: miosa.Client, now: datetime) -> set[tuple[str, str]]:
    """The names again; gives (environment, name) of all. Raises miosa.MiosaError."""
    there = {
        (row.environment or "", texts.line(row.name, most=300)): (row.preview or "", row.updated_at or row.created_at)
        for row in ask.env.list(deployment.miosa_id).items
    }
    for (environment, name), (mask, changed_at) in there.items():
        EnvVar.objects.update_or_create(
            deployment=deployment,
            environment=environment,
            name=name,
            defaults={"mask": texts.line(mask, most=100), "changed_at": changed_at},
        )
    known = EnvVar.objects.filter(deployment=deployment)
    gone = [var.pk for var in known if (var.environment, var.name) not in there]
    known.filter(pk__in=gone).delete()
    row = lease.get(scope(deployment.pk))
    Freshness.objects.filter(pk=row.pk).update(read_at=now, error="", failed_at=None)
    return set(there)
