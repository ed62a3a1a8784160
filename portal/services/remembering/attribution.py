"""Whose a deployment or a version is (product.md, rule 1). Compared byte for byte, and closed where it is not certain."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from msgspec import UNSET, UnsetType

from portal.models import Customer, Deployment, DeploymentAttribution, Freshness, Version, VersionAttribution


@dataclass(frozen=True, slots=True)
class Whose:
    """`external_id` None: nobody's, staff only. `kind` says how that is known; UNKNOWN may be settled by reading the row singly."""

    external_id: str | None
    kind: Version.Attribution


def of_deployment(external_id: str | None, *, workspace_id: str) -> tuple[str | None, bool]:
    """The external id a deployment counts under, and whether that is certain.

    Its own, else its workspace's. A workspace that we have not read about leaves it open: nothing may be frozen on such ground.
    """
    if external_id:
        return external_id, True
    if not workspace_id:
        return None, True
    customer = Customer.objects.filter(workspace_id=workspace_id).first()
    if customer is not None:
        return customer.external_id, True
    return None, Freshness.objects.filter(scope="workspaces", is_complete=True).exists()


def note(deployment_id: str, *, external_id: str | None, now: datetime) -> None:
    """Remember that a deployment was seen with this attribution; a second, different one means that it moved."""
    latest = DeploymentAttribution.objects.filter(deployment_id=deployment_id).order_by("-pk").first()
    if latest is None or latest.external_id != external_id:
        DeploymentAttribution.objects.create(deployment_id=deployment_id, external_id=external_id, first_seen_at=now)


def sort(
    deployment: Deployment, stated: dict[str, str | None | UnsetType], *, known: dict[str, Version], now: datetime
) -> dict[str, Whose]:
    """Whose each of these versions (id → its own `external_workspace_id`, UNSET where the row left it out) is."""
    silent = [
        version_id for version_id, external_id in stated.items() if not isinstance(external_id, str) or not external_id
    ]
    frozen = dict(
        VersionAttribution.objects.filter(deployment_id=deployment.miosa_id, version_id__in=silent).values_list(
            "version_id", "external_id"
        )
    )
    sorted_: dict[str, Whose] = {}
    to_freeze = []
    for version_id, external_id in stated.items():
        if isinstance(external_id, str) and external_id:
            sorted_[version_id] = Whose(external_id, Version.Attribution.OWN)
        elif version_id in frozen:
            sorted_[version_id] = Whose(frozen[version_id], Version.Attribution.FROZEN)
        elif external_id is UNSET:
            sorted_[version_id] = _as_before(known.get(version_id))
        else:
            to_freeze.append(version_id)
    sorted_.update(_freeze(deployment, to_freeze, known=known, now=now))
    return sorted_


def _as_before(version: Version | None) -> Whose:
    """A reduced row says nothing: what is known stays, what is not known stays unknown."""
    if version is None or version.attribution != Version.Attribution.OWN or version.customer is None:
        return Whose(None, Version.Attribution.UNKNOWN)
    return Whose(version.customer.external_id, Version.Attribution.OWN)


def _freeze(
    deployment: Deployment, version_ids: list[str], *, known: dict[str, Version], now: datetime
) -> Iterable[tuple[str, Whose]]:
    if not version_ids:
        return []
    seen = list(
        DeploymentAttribution.objects.filter(deployment_id=deployment.miosa_id)
        .order_by("pk")
        .values_list("external_id", "first_seen_at")
    )
    if not seen:
        # Whose the deployment is, is open (its workspace is not known yet): nothing to freeze.
        return [(version_id, Whose(None, Version.Attribution.UNKNOWN)) for version_id in version_ids]
    rows = []
    for version_id in version_ids:
        first_seen_at = known[version_id].first_seen_at if version_id in known else now
        before = [external_id for external_id, at in seen if at <= first_seen_at] or [
            external_id for external_id, _ in seen
        ]
        # A deployment that had moved by then can't say whose the version was.
        external_id = before[0] if len(before) == 1 else None
        rows.append(
            VersionAttribution(
                deployment_id=deployment.miosa_id, version_id=version_id, external_id=external_id, frozen_at=now
            )
        )
    VersionAttribution.objects.bulk_create(rows, ignore_conflicts=True)
    return [(row.version_id, Whose(row.external_id, Version.Attribution.FROZEN)) for row in rows]
