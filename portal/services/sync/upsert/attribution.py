"""Which customer a deployment or a version belongs to (docs/rules.md, 1).

External ids are compared byte for byte. What is not certain is shown to staff alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import UNSET, UnsetType

from portal.models import Deployment, DeploymentAttribution, Version, VersionAttribution, Workspace

Stated = str | UnsetType | None

LONGEST_EXTERNAL_ID = 512
# A deployment read so shortly before its versions can hardly have changed its owner in between.
_JUST_READ = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Owner:
    """`external_id` None: nobody's, staff only. `kind` says how that is known; UNKNOWN may become certain later."""

    external_id: str | None
    kind: Version.Attribution


_UNKNOWN = Owner(None, Version.Attribution.UNKNOWN)


def normalize_external_id(stated: Stated) -> Stated:
    """Empty means null. A longer one than any customer has here counts as left out: its owner can't be told."""
    if isinstance(stated, str):
        return (stated or None) if len(stated) <= LONGEST_EXTERNAL_ID else UNSET
    return stated


def find_workspace_owners(ids: Iterable[str]) -> dict[str, str | None]:
    """The external ids that workspaces state. A workspace that is not among them has not been read yet."""
    asked = {miosa_id for miosa_id in ids if miosa_id}
    return dict(Workspace.objects.filter(miosa_id__in=asked).values_list("miosa_id", "external_id")) if asked else {}


def store_attributions(seen: Mapping[str, str | None], *, now: datetime) -> None:
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


def attribute_versions(
    deployment: Deployment, stated: Mapping[str, Stated], *, known: Mapping[str, Version], now: datetime
) -> dict[str, Owner]:
    """The owner of each of these versions: id → its own `external_workspace_id`, UNSET where the row left it out.

    `known`: those stored before, by id.
    """
    owners: dict[str, Owner] = {}
    silent = []
    for version_id, value in stated.items():
        external_id = normalize_external_id(value)
        if isinstance(external_id, str):
            owners[version_id] = Owner(external_id, Version.Attribution.OWN)
        elif external_id is UNSET:
            owners[version_id] = _get_known_owner(known.get(version_id))
        else:
            silent.append(version_id)
    frozen = _find_frozen(deployment, silent)
    owners |= {version_id: Owner(external_id, Version.Attribution.FROZEN) for version_id, external_id in frozen.items()}
    to_freeze = [version_id for version_id in silent if version_id not in frozen]
    return owners | _freeze(deployment, to_freeze, known=known, now=now)


def needs_fresh_deployment(deployment: Deployment, stated: Mapping[str, Stated], *, now: datetime) -> bool:
    """Whether versions without an attribution would take their deployment's, which was read too long ago for that."""
    silent = [version_id for version_id, value in stated.items() if normalize_external_id(value) is None]
    if not silent or now - deployment.requested_at < _JUST_READ:
        return False
    return len(_find_frozen(deployment, silent)) < len(silent)


def _find_frozen(deployment: Deployment, version_ids: list[str]) -> dict[str, str | None]:
    frozen = VersionAttribution.objects.filter(deployment_id=deployment.miosa_id, version_id__in=version_ids)
    return dict(frozen.values_list("version_id", "external_id"))


def _get_known_owner(version: Version | None) -> Owner:
    """A reduced row says nothing: a known owner stays, an unknown one stays unknown."""
    if version is None or version.attribution == Version.Attribution.UNKNOWN:
        return _UNKNOWN
    return Owner(version.customer.external_id if version.customer else None, Version.Attribution(version.attribution))


def _freeze(
    deployment: Deployment, version_ids: list[str], *, known: Mapping[str, Version], now: datetime
) -> dict[str, Owner]:
    """Take the owner from the deployment, as it was when each version was first seen, for good."""
    if not version_ids:
        return {}
    history = list(
        DeploymentAttribution.objects.filter(deployment_id=deployment.miosa_id)
        .order_by("pk")
        .values_list("external_id", "first_seen_at")
    )
    if not history:
        # The deployment's own owner is not certain (its workspace has not been read): nothing to freeze.
        return dict.fromkeys(version_ids, _UNKNOWN)
    rows = []
    for version_id in version_ids:
        first_seen_at = known[version_id].first_seen_at if version_id in known else now
        before = [external_id for external_id, at in history if at <= first_seen_at] or [history[0][0]]
        # A deployment that had changed its owner by then can't say whose the version was.
        external_id = before[0] if all(one == before[0] for one in before) else None
        rows.append(
            VersionAttribution(
                deployment_id=deployment.miosa_id, version_id=version_id, external_id=external_id, frozen_at=now
            )
        )
    VersionAttribution.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.version_id: Owner(row.external_id, Version.Attribution.FROZEN) for row in rows}
