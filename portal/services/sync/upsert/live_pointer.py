"""Which version is live, staged and newest, and each change of the live one, after rows of a deployment changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from portal.models import Activation, Deployment, Entry, Version
from portal.services.sync.upsert import customer_links, customer_rows, timeline_entries
from portal.services.sync.upsert.version_rows import VersionChanges

_STAGED_FOR = timedelta(minutes=30)
_BELOW_ALL = -(2**62)


@dataclass(frozen=True, slots=True)
class _Pointers:
    """What follows from the live pointer and the stored versions of a deployment; ids of `Version`.

    `live`: of the version that is live, None if none is or it is not stored yet. `recorded`: the id that the last
    activation names, None before the first one.
    """

    live: int | None
    live_was_live: bool | None
    newest: int | None
    staged: int | None
    on_rollback: bool
    recorded: str | None

    def as_columns(self) -> dict[str, object]:
        return {
            "live_version_id": self.live,
            "staged_version_id": self.staged,
            "newest_version_id": self.newest,
            "on_rollback": self.on_rollback,
        }


def update_live_pointer(
    deployment: Deployment, *, changes: VersionChanges | None, now: datetime, caused_by: UUID | None = None
) -> None:
    """Update the columns that follow from the versions, and record a moved pointer as an activation.

    `changes`: what storing versions changed. `caused_by`: the key of our operation that moved the pointer, which has an
    entry of its own in the timeline. The row is locked, so that two readers never record one change twice;
    `deployment` is brought up to date with it.
    """
    with transaction.atomic(savepoint=False):
        row = Deployment.objects.select_for_update().get(pk=deployment.pk)
        if changes and changes.moved:
            customer_links.remove_unused(row)
        pointers = _read_pointers(row)
        columns = {name: value for name, value in pointers.as_columns().items() if getattr(row, name) != value}
        activation = None
        if (pointers.recorded or "") != row.active_version_id and (pointers.live or not row.active_version_id):
            # A pointer to a version that is not stored yet is recorded when it is.
            activation = _record(row, had_staged=row.staged_version_id, caused_by=caused_by, now=now)
            columns["live_since"] = activation.at if pointers.live else None
        if pointers.live is not None and not pointers.live_was_live:
            Version.objects.filter(pk=pointers.live).update(was_live=True)
        _save(row, columns)
        if columns or (changes and changes.changed):
            customer_rows.bump_generation(
                (changes.customer_ids if changes else set()) | customer_links.list_customer_ids(row)
            )
    for field in Deployment._meta.concrete_fields:
        setattr(deployment, field.attname, getattr(row, field.attname))


def show_live_version(deployment: Deployment) -> None:
    """The pointer moved, and the versions can't be read now: show what is live, and leave the record for later."""
    with transaction.atomic(savepoint=False):
        row = Deployment.objects.select_for_update().get(pk=deployment.pk)
        pointers = _read_pointers(row)
        if row.live_version_id != pointers.live:
            _save(row, pointers.as_columns() | {"live_since": None})
            customer_rows.bump_generation(customer_links.list_customer_ids(row))


def _save(row: Deployment, columns: dict[str, Any]) -> None:
    if columns:
        Deployment.objects.filter(pk=row.pk).update(**columns)
        for name, value in columns.items():
            setattr(row, name, value)


def _read_pointers(deployment: Deployment) -> _Pointers:
    """In one statement, after the row was locked: an earlier one would not see what the lock waited for."""
    versions = Version.objects.filter(deployment=OuterRef("pk"))
    live = versions.filter(miosa_id=OuterRef("active_version_id"))
    listed = versions.filter(gone_at=None, is_readable=True, number__isnull=False).order_by("-number")
    # Without a live version, or one of unknown number, each version that was never live may be staged.
    staged = listed.filter(state="ready", was_live=False).exclude(miosa_id=OuterRef("active_version_id"))
    newer_staged = staged.filter(number__gt=Coalesce(OuterRef("live_number"), Value(_BELOW_ALL)))
    newer_was_live = listed.filter(number__gt=OuterRef("live_number"), was_live=True)
    activations = Activation.objects.filter(deployment_id=OuterRef("miosa_id"))
    found = (
        Deployment.objects.filter(pk=deployment.pk)
        .annotate(live_number=Subquery(live.values("number")[:1]))
        .values_list(
            Subquery(live.values("pk")[:1]),
            Subquery(live.values("was_live")[:1]),
            Subquery(listed.values("pk")[:1]),
            Subquery(newer_staged.values("pk")[:1]),
            Exists(newer_was_live),
            # In the order of their recording, whatever the clocks say.
            Subquery(activations.order_by("-pk").values("version_id")[:1]),
        )
    )
    return _Pointers(*found.get())


def restore_activation_entries(deployment: Deployment) -> None:
    """The timeline entries of a deployment that was read from scratch: its activations outlive its rows."""
    shown = Activation.objects.filter(deployment_id=deployment.miosa_id, has_entry=True)
    filed = Entry.objects.filter(kind=Entry.Kind.ACTIVATION, subject__in=shown.values("pk")).values_list("subject")
    for activation in shown.exclude(pk__in=filed).exclude(operation_id__isnull=False):
        to = Version.objects.filter(deployment=deployment, miosa_id=activation.version_id).first()
        previous = Version.objects.filter(deployment=deployment, miosa_id=activation.previous_id).first()
        if to is not None:
            timeline_entries.upsert_activation_entry(deployment, activation, to=to, previous=previous)


def _record(deployment: Deployment, *, had_staged: int | None, caused_by: UUID | None, now: datetime) -> Activation:
    """One row for each change of the pointer, filed in the timeline if it says more than the version's own entry."""
    live = _find_version(deployment, deployment.active_version_id)
    recorded = Activation.objects.filter(deployment_id=deployment.miosa_id)
    last = recorded.order_by("-pk").first()
    previous = _find_version(deployment, last.version_id) if last else None
    was_live = live is not None and last is not None and recorded.filter(version_id=live.miosa_id).exists()
    was_staged = live is not None and last is not None and not was_live and _was_staged(live, had_staged)
    has_entry = last is not None and live is not None and (was_staged or was_live or _goes_back(live, previous))
    activation = Activation.objects.create(
        deployment_id=deployment.miosa_id,
        version_id=deployment.active_version_id,
        previous_id=last.version_id if last else "",
        at=_get_time(live, last, now=now),
        seen_at=now,
        is_first=last is None,
        has_entry=has_entry,
        was_staged=was_staged,
        cause=Activation.Cause.CAUSED if caused_by else Activation.Cause.SEEN,
        operation_id=caused_by,
    )
    if has_entry and live is not None and caused_by is None:
        timeline_entries.upsert_activation_entry(deployment, activation, to=live, previous=previous)
    return activation


def _find_version(deployment: Deployment, miosa_id: str) -> Version | None:
    return Version.objects.filter(deployment=deployment, miosa_id=miosa_id).first() if miosa_id else None


def _was_staged(live: Version, had_staged: int | None) -> bool:
    """Whether the version was ready for a while before somebody promoted it, or else went live by its own publish."""
    return live.pk == had_staged or bool(
        live.promoted_at and live.created_at and live.promoted_at - live.created_at > _STAGED_FOR
    )


def _goes_back(live: Version, previous: Version | None) -> bool:
    if previous is None or live.number is None or previous.number is None:
        return False
    return live.number < previous.number


def _get_time(live: Version | None, last: Activation | None, *, now: datetime) -> datetime:
    """When it happened: MIOSA's `promoted_at` if it lies between what we knew and now, else when we noticed.

    MIOSA's clock may be ahead of ours, and nothing that was noticed has happened later.
    """
    at = live.promoted_at if live else None
    if at is None and last is None and live is not None:
        at = live.created_at
    if at is None or at > now or (last is not None and at <= last.at):
        at = now
    return at if last is None else max(at, last.at + timedelta(microseconds=1))
