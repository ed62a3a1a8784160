"""Stores deployments, each with its owner."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from msgspec import UNSET, UnsetType

from portal import clock_skew, miosa
from portal.models import Customer, Deployment, Holding, Version
from portal.services import clean_text
from portal.services.sync.upsert import attribution, customer_links, customer_rows

_AT_ONCE = 200
# What all customers of a shared deployment see of its row. What is live follows from the versions.
_SHOWN_IF_SHARED = frozenset({"name", "customer_id", "gone_at"})
_TOUCHES = {"state", "error", "updated_at"}

# What a row states, the external id it counts under, and whether that is certain.
_Attribution = tuple[attribution.Stated, str | None, bool]


@dataclass(frozen=True, slots=True)
class StoredDeployment:
    """A deployment as stored, and whether its live pointer or its owner differ from before.

    `is_touched`: MIOSA has changed the row, as it may do for a publish. `is_uncertain`: its owner is not known yet;
    it is Unassigned's until its workspace, or the row by id, was read.
    """

    deployment: Deployment
    is_new: bool
    pointer_moved: bool
    owner_changed: bool = False
    is_touched: bool = False
    is_uncertain: bool = False


def upsert_deployments(rows: Iterable[miosa.Deployment], *, now: datetime) -> list[StoredDeployment]:
    """Store rows that were requested at `now`, except where an answer to a later request is stored already.

    Their owners' customers are made as needed. A row that leaves out its attribution keeps the known one.
    """
    distinct = list({row.id: row for row in rows}.values())
    return [
        stored
        for start in range(0, len(distinct), _AT_ONCE)
        for stored in _upsert_batch(distinct[start : start + _AT_ONCE], now=now)
    ]


def mark_deployments_gone(deployments: Iterable[Deployment], *, now: datetime) -> None:
    """MIOSA does not know these any more. They stay readable, and nothing can be changed on them."""
    existing = [deployment for deployment in deployments if deployment.gone_at is None]
    for start in range(0, len(existing), _AT_ONCE):
        pks = sorted(deployment.pk for deployment in existing[start : start + _AT_ONCE])
        with transaction.atomic():
            Deployment.objects.filter(pk__in=pks, gone_at=None).update(gone_at=now, requested_at=now)
            customer_ids = set(Holding.objects.filter(deployment__in=pks).values_list("customer_id", flat=True))
            customer_rows.count_deployments(customer_ids)
            customer_rows.bump_generation(customer_ids)


def _upsert_batch(rows: Sequence[miosa.Deployment], *, now: datetime) -> list[StoredDeployment]:
    try:
        with transaction.atomic():
            return _Batch(rows, now=now).store()
    except IntegrityError:
        # Another process has just stored one of the new ones, so it is known by now.
        with transaction.atomic():
            return _Batch(rows, now=now).store()


class _Batch:
    """Rows that are stored in one transaction; what is known about them is read at once."""

    def __init__(self, rows: Sequence[miosa.Deployment], *, now: datetime) -> None:
        self.rows = rows
        self.now = now
        known = Deployment.objects.select_related("customer").filter(miosa_id__in=[row.id for row in rows])
        locked = known.select_for_update(of=("self",)).order_by("pk")
        self.known = {deployment.miosa_id: deployment for deployment in locked}
        # A row that states its customer needs no workspace.
        self.workspaces = attribution.find_workspace_owners(
            self._get_workspace_id(row)
            for row in rows
            if not attribution.normalize_external_id(row.external_workspace_id)
        )
        self.changed_customers: set[int] = set()
        self.unconcerned_customers: set[int] = set()
        self.counted_customers: set[int] = set()

    def store(self) -> list[StoredDeployment]:
        # A later answer is stored already, unless it is so much later that the clock must have been set back.
        latest = timezone.now() + clock_skew.IMPLAUSIBLE
        late = {miosa_id for miosa_id, known in self.known.items() if self.now < known.requested_at <= latest}
        fresh = [row for row in self.rows if row.id not in late]
        attributions = {row.id: self._attribute(row) for row in fresh}
        owners = customer_rows.ensure_customers(
            (external_id for _, external_id, _ in attributions.values() if external_id),
            known=(known.customer for known in self.known.values()),
        )
        attribution.store_attributions(self._list_new_attributions(attributions), now=self.now)
        stored = []
        for row in fresh:
            stated, external_id, is_certain = attributions[row.id]
            owner = owners[external_id] if external_id else self.unassigned
            facts = clean_text.fit_columns(Deployment, _facts(row)) | {"customer_id": owner.pk, "gone_at": None}
            if not isinstance(stated, UnsetType):
                facts |= {"external_id": stated, "is_stated": True}
            known = self.known.get(row.id)
            changes = self._create(row, facts) if known is None else self._update(known, facts)
            stored.append(replace(changes, is_uncertain=not is_certain))
        Deployment.objects.filter(pk__in=[one.deployment.pk for one in stored]).update(requested_at=self.now)
        customer_rows.count_deployments(self.counted_customers)
        customer_rows.bump_generation(self.changed_customers, staff_only=self.unconcerned_customers)
        return stored + [StoredDeployment(self.known[pk], is_new=False, pointer_moved=False) for pk in late]

    @functools.cached_property
    def unassigned(self) -> Customer:
        return customer_rows.get_unassigned()

    def _list_new_attributions(self, attributions: dict[str, _Attribution]) -> dict[str, str | None]:
        """Certain ones, without those that the deployment had before: they are stored."""
        known_owners = {miosa_id: known.customer.external_id for miosa_id, known in self.known.items()}
        return {
            miosa_id: external_id
            for miosa_id, (_stated, external_id, is_certain) in attributions.items()
            if is_certain and not (external_id and known_owners.get(miosa_id) == external_id)
        }

    def _get_workspace_id(self, row: miosa.Deployment) -> str:
        known = self.known.get(row.id)
        return row.workspace_id or (known.workspace_id if known else "")

    def _attribute(self, row: miosa.Deployment) -> _Attribution:
        stated = attribution.normalize_external_id(row.external_workspace_id)
        known = self.known.get(row.id)
        if stated is UNSET and known is not None and known.is_stated:
            stated = known.external_id
        if stated is UNSET:
            return stated, None, False
        workspace_id = self._get_workspace_id(row)
        if stated or not workspace_id:
            return stated, stated or None, True
        return stated, self.workspaces.get(workspace_id), workspace_id in self.workspaces

    def _create(self, row: miosa.Deployment, facts: dict[str, Any]) -> StoredDeployment:
        defaults = {"name": row.id, "search": clean_text.make_search_key(row.id), "is_stated": False}
        deployment = Deployment.objects.create(
            miosa_id=row.id, first_seen_at=self.now, requested_at=self.now, **(defaults | facts)
        )
        Holding.objects.create(customer_id=deployment.customer_id, deployment=deployment, owns=True)
        self.changed_customers.add(deployment.customer_id)
        self.counted_customers.add(deployment.customer_id)
        return StoredDeployment(deployment, is_new=True, pointer_moved=True, owner_changed=True)

    def _update(self, known: Deployment, facts: dict[str, Any]) -> StoredDeployment:
        known.requested_at = self.now
        changed = {name: value for name, value in facts.items() if getattr(known, name) != value}
        if changed:
            self._change(known, changed)
        return StoredDeployment(
            known,
            is_new=False,
            pointer_moved="active_version_id" in changed,
            owner_changed="customer_id" in changed,
            is_touched=not _TOUCHES.isdisjoint(changed),
        )

    def _change(self, known: Deployment, changed: dict[str, Any]) -> None:
        versions = Version.objects.filter(deployment=known)
        if "active_version_id" in changed:
            ends = [known.active_version_id, changed["active_version_id"]]
            versions.filter(miosa_id__in=ends).update(is_doubtful=True)
        if set(changed) - {"updated_at"}:
            linked = customer_links.list_customer_ids(known)
            is_shown = not known.is_shared or _SHOWN_IF_SHARED & set(changed)
            (self.changed_customers if is_shown else self.unconcerned_customers).update(linked)
        for name, value in changed.items():
            setattr(known, name, value)
        known.save(update_fields=list(changed))
        if "customer_id" in changed:
            # Versions that could take no owner from it before may do so now.
            versions.filter(attribution=Version.Attribution.UNKNOWN).update(is_doubtful=True)
            customer_links.set_owner(known, known.customer_id)
            self.changed_customers.add(known.customer_id)
        if "gone_at" in changed:
            self.counted_customers |= customer_links.list_customer_ids(known)


def _facts(row: miosa.Deployment) -> dict[str, Any]:
    """The columns a row sets (contract 8.1). A fact that a reduced row left out stays; a null live pointer counts."""
    name = clean_text.clean_line(row.name, most=300)
    stated = {
        "name": name,
        "search": clean_text.make_search_key(name)[:400],
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
    facts = {name: value for name, value in stated.items() if value and not isinstance(value, UnsetType)}
    if row.active_version_id is not UNSET:
        # Only a row that has the key moves the pointer, also to null.
        facts["active_version_id"] = row.active_version_id or ""
    return facts | {"error": row.error_message or "", "running_sha256": row.running_artifact_sha256 or ""}
