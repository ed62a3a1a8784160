"""Rows of deployments into the table, each with its owner."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from msgspec import UNSET, UnsetType

from portal import clock_skew, miosa
from portal.models import Customer, Deployment, Holding, Version
from portal.services import clean_text
from portal.services.sync.upsert import attribution, customers, holdings

_AT_ONCE = 200


# What a row states, the external id it counts under, and whether that is certain.
_Whose = tuple[attribution.Stated, str | None, bool]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one row meant: the remembered deployment, and whether its live pointer or its owner differ from before.

    `is_open`: whose it is, is not known yet; it lies with Unassigned until its workspace, or the row alone, was read.
    """

    deployment: Deployment
    is_new: bool
    pointer_moved: bool
    owner_changed: bool = False
    is_open: bool = False


def remember(rows: Iterable[miosa.Deployment], *, now: datetime) -> list[Seen]:
    """Take over rows that were asked for at `now`; what was asked for later already, is kept.

    Owners' customers appear as needed; a row that says nothing of its attribution keeps it.
    """
    by_id = {row.id: row for row in rows}
    distinct = list(by_id.values())
    return [
        seen
        for start in range(0, len(distinct), _AT_ONCE)
        for seen in _remember_safely(distinct[start : start + _AT_ONCE], now=now)
    ]


def mark_gone(deployments: Iterable[Deployment], *, now: datetime) -> None:
    """MIOSA no longer knows these. They stay readable; nothing can be done to them."""
    there = [deployment for deployment in deployments if deployment.gone_at is None]
    for start in range(0, len(there), _AT_ONCE):
        pks = sorted(deployment.pk for deployment in there[start : start + _AT_ONCE])
        with transaction.atomic():
            Deployment.objects.filter(pk__in=pks, gone_at=None).update(gone_at=now, asked_at=now)
            holders = set(Holding.objects.filter(deployment__in=pks).values_list("customer_id", flat=True))
            customers.recount(holders)
            customers.touch(holders)


def _remember_safely(rows: Sequence[miosa.Deployment], *, now: datetime) -> list[Seen]:
    try:
        with transaction.atomic():
            return _Batch(rows, now=now).remember()
    except IntegrityError:
        # Another reader has just remembered one of the new ones, so it is known by now.
        with transaction.atomic():
            return _Batch(rows, now=now).remember()


class _Batch:
    """Rows that are taken over in one transaction, with what is known about them read at once."""

    def __init__(self, rows: Sequence[miosa.Deployment], *, now: datetime) -> None:
        self.rows = rows
        self.now = now
        stored = Deployment.objects.select_related("customer").filter(miosa_id__in=[row.id for row in rows])
        locked = stored.select_for_update(of=("self",)).order_by("pk")
        self.known = {deployment.miosa_id: deployment for deployment in locked}
        # A row that states its customer needs no workspace.
        self.workspaces = attribution.of_workspaces(
            self._workspace_id(row) for row in rows if not attribution.legible(row.external_workspace_id)
        )
        self.touched: set[int] = set()
        self.counted: set[int] = set()

    def remember(self) -> list[Seen]:
        late = {miosa_id for miosa_id, known in self.known.items() if self._is_late(known)}
        fresh = [row for row in self.rows if row.id not in late]
        whose = {row.id: self._whose(row) for row in fresh}
        owners = self._find_owners({external_id for _, external_id, _ in whose.values() if external_id})
        attribution.note(self._list_new_attributions(whose), now=self.now)
        seen = []
        for row in fresh:
            stated, external_id, certain = whose[row.id]
            owner = owners[external_id] if external_id else self.unassigned
            facts = clean_text.fit_columns(Deployment, _facts(row)) | {"customer_id": owner.pk, "gone_at": None}
            if not isinstance(stated, UnsetType):
                facts |= {"external_id": stated, "is_stated": True}
            seen.append(self._take(row, facts, is_open=not certain))
        Deployment.objects.filter(pk__in=[one.deployment.pk for one in seen]).update(asked_at=self.now)
        customers.recount(self.counted)
        customers.touch(self.touched)
        unchanged = [Seen(self.known[pk], is_new=False, pointer_moved=False) for pk in late]
        return seen + unchanged

    @functools.cached_property
    def unassigned(self) -> Customer:
        return customers.unassigned()

    def _find_owners(self, external_ids: set[str]) -> dict[str, Customer]:
        """Owners of stored deployments are known without a query."""
        owners = {
            known.customer.external_id: known.customer for known in self.known.values() if known.customer.external_id
        }
        missing = external_ids - set(owners)
        return owners | (customers.ensure_all(missing) if missing else {})

    def _list_new_attributions(self, whose: dict[str, _Whose]) -> dict[str, str | None]:
        """Certain attributions, without those that the deployment had before: they have been noted."""
        return {
            pk: external_id
            for pk, (_stated, external_id, certain) in whose.items()
            if certain and not (external_id and pk in self.known and self.known[pk].customer.external_id == external_id)
        }

    def _is_late(self, known: Deployment) -> bool:
        """A later answer is remembered already; unless it is so much later that rather the clock was set back."""
        return self.now < known.asked_at <= timezone.now() + clock_skew.IMPLAUSIBLE

    def _workspace_id(self, row: miosa.Deployment) -> str:
        known = self.known.get(row.id)
        return row.workspace_id or (known.workspace_id if known else "")

    def _whose(self, row: miosa.Deployment) -> _Whose:
        """What the row states, the external id it counts under, and whether that is certain."""
        stated = attribution.legible(row.external_workspace_id)
        known = self.known.get(row.id)
        if stated is UNSET and known is not None and known.is_stated:
            stated = known.external_id
        if stated is UNSET:
            return stated, None, False
        workspace_id = self._workspace_id(row)
        if stated or not workspace_id:
            return stated, stated or None, True
        return stated, self.workspaces.get(workspace_id), workspace_id in self.workspaces

    def _take(self, row: miosa.Deployment, facts: dict[str, Any], *, is_open: bool) -> Seen:
        known = self.known.get(row.id)
        if known is None:
            first = {"name": row.id, "search": clean_text.make_search_key(row.id), "is_stated": False}
            deployment = Deployment.objects.create(
                miosa_id=row.id, first_seen_at=self.now, asked_at=self.now, **(first | facts)
            )
            Holding.objects.create(customer_id=deployment.customer_id, deployment=deployment, owns=True)
            self.touched.add(deployment.customer_id)
            self.counted.add(deployment.customer_id)
            return Seen(deployment, is_new=True, pointer_moved=True, owner_changed=True, is_open=is_open)
        known.asked_at = self.now
        changed = {name: value for name, value in facts.items() if getattr(known, name) != value}
        seen = Seen(
            known,
            is_new=False,
            pointer_moved="active_version_id" in changed,
            owner_changed="customer_id" in changed,
            is_open=is_open,
        )
        if changed:
            self._change(known, changed)
        return seen

    def _change(self, known: Deployment, changed: dict[str, Any]) -> None:
        versions = Version.objects.filter(deployment=known)
        if "active_version_id" in changed:
            ends = [known.active_version_id, changed["active_version_id"]]
            versions.filter(miosa_id__in=ends).update(is_doubtful=True)
        self.touched |= holdings.holder_ids(known) if set(changed) - {"updated_at"} else set()
        for name, value in changed.items():
            setattr(known, name, value)
        known.save(update_fields=list(changed))
        if "customer_id" in changed:
            # What had no ground to stand on may have one now.
            versions.filter(attribution=Version.Attribution.UNKNOWN).update(is_doubtful=True)
            holdings.own(known, known.customer_id)
            self.touched.add(known.customer_id)
        if "gone_at" in changed:
            self.counted |= holdings.holder_ids(known)


def _facts(row: miosa.Deployment) -> dict[str, Any]:
    """A fact that a reduced row left out stays as it was; the live pointer is taken as it stands, null too."""
    name = clean_text.clean_line(row.name, most=300)
    told = {
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
    facts = {name: value for name, value in told.items() if value and not isinstance(value, UnsetType)}
    if row.active_version_id is not UNSET:
        # Only a row that names the pointer, null too, moves it: a row without the key says nothing.
        facts["active_version_id"] = row.active_version_id or ""
    return facts | {"error": row.error_message or "", "running_sha256": row.running_artifact_sha256 or ""}
