"""Rows of deployments into the table, each with its owner."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from portal import miosa
from portal.models import Customer, Deployment, Holding
from portal.services.remembering import attribution, customers, texts


@dataclass(frozen=True, slots=True)
class Seen:
    """What one row meant: the remembered deployment, whether the live pointer differs from before, and the pointer before."""

    deployment: Deployment
    is_new: bool
    pointer_moved: bool
    previous_active_id: str


def remember(rows: Iterable[miosa.Deployment], *, now: datetime) -> list[Seen]:
    """Take over rows read just now. Owners' customers appear as needed; a row that says nothing of its attribution keeps it."""
    rows = list(rows)
    known = {
        deployment.miosa_id: deployment
        for deployment in Deployment.objects.filter(miosa_id__in=[row.id for row in rows]).select_related("customer")
    }
    return [_remember_one(row, known.get(row.id), now=now) for row in rows]


def mark_gone(deployments: Iterable[Deployment], *, now: datetime) -> None:
    """MIOSA no longer knows these. They stay readable; nothing can be done to them."""
    for deployment in deployments:
        if deployment.gone_at is None:
            Deployment.objects.filter(pk=deployment.pk).update(gone_at=now)
            holders = holder_ids(deployment)
            customers.touch(holders)
            customers.recount(holders)


def hold(deployment: Deployment, customer_ids: Iterable[int]) -> None:
    """These customers have something on the deployment."""
    have = holder_ids(deployment)
    new = set(customer_ids) - have
    if new:
        Holding.objects.bulk_create(
            [Holding(customer_id=pk, deployment=deployment) for pk in sorted(new)], ignore_conflicts=True
        )
        customers.recount(new)


def holder_ids(deployment: Deployment) -> set[int]:
    return set(Holding.objects.filter(deployment=deployment).values_list("customer_id", flat=True))


def _remember_one(row: miosa.Deployment, known: Deployment | None, *, now: datetime) -> Seen:
    owner, external_id = _owner(row, known, now=now)
    facts = texts.fit(Deployment, _facts(row, known)) | {
        "customer_id": owner.pk,
        "external_id": external_id,
        "gone_at": None,
    }
    if known is None:
        deployment = Deployment.objects.create(miosa_id=row.id, first_seen_at=now, **facts)
        _own(deployment, owner)
        return Seen(deployment, is_new=True, pointer_moved=True, previous_active_id="")
    if known.changed_at is not None and now < known.changed_at:
        # Asked for before our own change came back: it says less than we know.
        return Seen(known, is_new=False, pointer_moved=False, previous_active_id=known.active_version_id)
    previous = known.active_version_id
    changed = {name: value for name, value in facts.items() if getattr(known, name) != value}
    if changed:
        was_gone = known.gone_at is not None
        for name, value in changed.items():
            setattr(known, name, value)
        known.save(update_fields=list(changed))
        if "customer_id" in changed:
            known.customer = owner
            _own(known, owner)
        if was_gone:
            customers.recount(holder_ids(known))
        if set(changed) - {"updated_at"}:
            customers.touch(holder_ids(known))
    return Seen(known, is_new=False, pointer_moved="active_version_id" in changed, previous_active_id=previous)


def _owner(row: miosa.Deployment, known: Deployment | None, *, now: datetime) -> tuple[Customer, str | None]:
    stated = row.external_workspace_id
    if isinstance(stated, str) or stated is None:
        external_id = stated or None
    else:
        external_id = known.external_id if known else None
    workspace_id = row.workspace_id or (known.workspace_id if known else "")
    counts_under, is_certain = attribution.of_deployment(external_id, workspace_id=workspace_id)
    silent = not (isinstance(stated, str) or stated is None) and known is None
    if is_certain and not silent:
        attribution.note(row.id, external_id=counts_under, now=now)
    return (customers.ensure(counts_under) if counts_under else customers.unassigned()), external_id


def _own(deployment: Deployment, owner: Customer) -> None:
    """The owner holds the deployment; a former owner does so only while versions on it are its own."""
    former = Holding.objects.filter(deployment=deployment, owns=True).exclude(customer=owner)
    for holding in former:
        if deployment.versions.filter(customer_id=holding.customer_id).exists():
            Holding.objects.filter(pk=holding.pk).update(owns=False)
        else:
            holding.delete()
        customers.touch({holding.customer_id})
        customers.recount({holding.customer_id})
    Holding.objects.update_or_create(customer=owner, deployment=deployment, defaults={"owns": True})
    customers.recount({owner.pk})
    customers.touch({owner.pk})


def _facts(row: miosa.Deployment, known: Deployment | None) -> dict[str, Any]:
    """A fact that a reduced row left out stays as it was; the live pointer is taken as it stands, null too."""
    told = {
        "name": texts.line(row.name, most=300),
        "slug": row.slug,
        "state": row.state,
        "workspace_id": row.workspace_id,
        "project_id": row.project_id,
        "source_type": row.source_type,
        "repo_url": row.repo_url,
        "branch": row.branch,
        "product": row.deployment_product,
        "public_url": row.public_url,
        "managed_url": row.auto_subdomain,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "external_user_id": row.external_user_id,
        "external_project_id": row.external_project_id,
    }
    facts = {name: value for name, value in told.items() if value and not isinstance(value, UnsetType)}
    if known is None:
        facts.setdefault("name", row.id)
    if row.active_version_id is not UNSET:
        # Only a row that names the pointer, null too, moves it: a row without the key says nothing.
        facts["active_version_id"] = row.active_version_id or ""
    return facts | {"error": row.error_message or "", "running_sha256": row.running_artifact_sha256 or ""}
