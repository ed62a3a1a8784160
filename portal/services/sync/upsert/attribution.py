"""Whose a deployment or a version is (docs/rules.md, 1).

Compared byte for byte, and closed where it is not certain.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from msgspec import UNSET, UnsetType

from portal.models import Deployment, DeploymentAttribution, Version, VersionAttribution, Workspace

Stated = str | UnsetType | None

LONGEST = 512
# A deployment read so shortly before its versions can hardly have changed hands in between.
_JUST_READ = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Whose:
    """`external_id` None: nobody's, staff only. `kind` says how that is known; UNKNOWN may be settled later."""

    external_id: str | None
    kind: Version.Attribution


_UNKNOWN = Whose(None, Version.Attribution.UNKNOWN)


def legible(stated: Stated) -> Stated:
    """Empty means null.

    What is longer than any customer's id here is like an absent one: nobody can tell whose it is.
    """
    if isinstance(stated, str):
        return (stated or None) if len(stated) <= LONGEST else UNSET
    return stated


def of_workspaces(ids: Iterable[str]) -> dict[str, str | None]:
    """The external ids that workspaces state. A workspace that is not among them has not been read yet."""
    asked = {miosa_id for miosa_id in ids if miosa_id}
    return dict(Workspace.objects.filter(miosa_id__in=asked).values_list("miosa_id", "external_id")) if asked else {}


def note(seen: Mapping[str, str | None], *, now: datetime) -> None:
    """Store what these deployments were seen with; a second, different one means that a deployment moved."""
    if not seen:
        return
    latest = dict(
        DeploymentAttribution.objects.filter(deployment_id__in=seen)
        .order_by("pk")
        .values_list("deployment_id", "external_id")
    )
    DeploymentAttribution.objects.bulk_create(
        DeploymentAttribution(deployment_id=miosa_id, external_id=external_id, first_seen_at=now)
        for miosa_id, external_id in seen.items()
        if miosa_id not in latest or latest[miosa_id] != external_id
    )


def sort(
    deployment: Deployment, stated: Mapping[str, Stated], *, known: Mapping[str, Version], now: datetime
) -> dict[str, Whose]:
    """Whose each of these versions (id → its own `external_workspace_id`, UNSET where the row left it out) is."""
    sorted_: dict[str, Whose] = {}
    silent = []
    for version_id, told in stated.items():
        external_id = legible(told)
        if isinstance(external_id, str):
            sorted_[version_id] = Whose(external_id, Version.Attribution.OWN)
        elif external_id is UNSET:
            sorted_[version_id] = _as_before(known.get(version_id))
        else:
            silent.append(version_id)
    frozen = dict(
        VersionAttribution.objects.filter(deployment_id=deployment.miosa_id, version_id__in=silent).values_list(
            "version_id", "external_id"
        )
    )
    sorted_ |= {
        version_id: Whose(external_id, Version.Attribution.FROZEN) for version_id, external_id in frozen.items()
    }
    to_freeze = [version_id for version_id in silent if version_id not in frozen]
    return sorted_ | _freeze(deployment, to_freeze, known=known, now=now)


def needs_ground(deployment: Deployment, stated: Mapping[str, Stated], *, now: datetime) -> bool:
    """Whether versions say nothing of their own and the deployment was read too long before to speak for them."""
    silent = [version_id for version_id, told in stated.items() if legible(told) is None]
    if not silent or now - deployment.asked_at < _JUST_READ:
        return False
    frozen = VersionAttribution.objects.filter(deployment_id=deployment.miosa_id, version_id__in=silent)
    return frozen.count() < len(silent)


def _as_before(version: Version | None) -> Whose:
    """A reduced row says nothing: what is known stays, what is not known stays unknown."""
    if version is None or version.attribution == Version.Attribution.UNKNOWN:
        return _UNKNOWN
    return Whose(version.customer.external_id if version.customer else None, Version.Attribution(version.attribution))


def _freeze(
    deployment: Deployment, version_ids: list[str], *, known: Mapping[str, Version], now: datetime
) -> dict[str, Whose]:
    if not version_ids:
        return {}
    seen = list(
        DeploymentAttribution.objects.filter(deployment_id=deployment.miosa_id)
        .order_by("pk")
        .values_list("external_id", "first_seen_at")
    )
    if not seen:
        # Whose the deployment is, is open (its workspace is not known yet): nothing to freeze.
        return dict.fromkeys(version_ids, _UNKNOWN)
    rows = []
    for version_id in version_ids:
        first_seen_at = known[version_id].first_seen_at if version_id in known else now
        before = [external_id for external_id, at in seen if at <= first_seen_at] or [seen[0][0]]
        # A deployment that had moved by then can't say whose the version was.
        external_id = before[0] if all(one == before[0] for one in before) else None
        rows.append(
            VersionAttribution(
                deployment_id=deployment.miosa_id, version_id=version_id, external_id=external_id, frozen_at=now
            )
        )
    with transaction.atomic():
        VersionAttribution.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.version_id: Whose(row.external_id, Version.Attribution.FROZEN) for row in rows}
