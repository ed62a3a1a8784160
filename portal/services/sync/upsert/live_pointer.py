"""Which version is live, staged and newest, and each change of the live one, after rows of a deployment changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce

from portal.models import Activation, Deployment, Entry, Version
from portal.services.sync.upsert import authors, customer_links, timeline_entries, version_times
from portal.services.sync.upsert.version_rows import VersionChanges

_BELOW_ALL = -(2**62)
_MOST_MISSED = 20
_UNKNOWN_SINCE: dict[str, object] = {
    "live_since": None,
    "live_by": "",
    "live_by_role": "",
    "live_reason": "",
    "live_operation_id": None,
    "is_rollback_kept": False,
}


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
    failed_at: datetime | None
    staged_since: datetime | None
    recorded: str | None

    def as_columns(self) -> dict[str, object]:
        return {
            "live_version_id": self.live,
            "staged_version_id": self.staged,
            "newest_version_id": self.newest,
            "on_rollback": self.on_rollback,
            "failed_at": self.failed_at,
            "staged_since": self.staged_since,
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
        has_moved = (pointers.recorded or "") != row.active_version_id
        # A pointer to a version that is not stored yet is recorded when it is.
        if pointers.live or not row.active_version_id:
            may_have_moved = has_moved or pointers.on_rollback
            activation = _record_changes(row, caused_by=caused_by, now=now) if may_have_moved else None
            is_unknown = pointers.live is not None and row.live_since is None
            if activation or is_unknown or (changes and changes.moved):
                described = _describe_live(row, activation, on_rollback=pointers.on_rollback)
                columns |= {name: value for name, value in described.items() if getattr(row, name) != value}
        moved = {row.live_version_id, pointers.live} if "live_version_id" in columns or "live_by" in columns else set()
        if pointers.live is not None and not pointers.live_was_live:
            Version.objects.filter(pk=pointers.live).update(was_live=True)
        _save(row, columns)
        if columns or (changes and changes.changed):
            owner_ids = (changes.customer_ids if changes else set()) | _list_concerned_ids(
                row, moved, recorded=pointers.recorded
            )
            customer_links.bump_generation(row, owner_ids)
    for field in Deployment._meta.concrete_fields:
        setattr(deployment, field.attname, getattr(row, field.attname))


def show_live_version(deployment: Deployment) -> None:
    """The pointer moved, and the versions can't be read now: show what is live, and leave the record for later."""
    with transaction.atomic(savepoint=False):
        row = Deployment.objects.select_for_update().get(pk=deployment.pk)
        pointers = _read_pointers(row)
        moved = {row.live_version_id, pointers.live}
        if row.live_version_id != pointers.live:
            _save(row, pointers.as_columns() | _UNKNOWN_SINCE)
            customer_links.bump_generation(row, _list_concerned_ids(row, moved, recorded=pointers.recorded))


def _list_concerned_ids(row: Deployment, moved: set[int | None], *, recorded: str | None) -> set[int]:
    """The customers of a shared deployment that see a difference when the live version moves between these two.

    That is their owners, and everybody if none was live (`recorded`) or none is any more. Of a version that is not
    stored yet, the owner is known once it is.
    """
    if not row.is_shared:
        return set()
    if moved and not (recorded and row.active_version_id):
        return customer_links.list_customer_ids(row)
    owners = Version.objects.filter(pk__in=[pk for pk in moved if pk], customer__isnull=False)
    return {pk for pk in owners.values_list("customer_id", flat=True) if pk}


def _save(row: Deployment, columns: dict[str, object]) -> None:
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
    built_at = Coalesce("created_at", "first_seen_at")
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
            Subquery(listed.values(at=Case(When(state="failed", then=Coalesce("finished_at", built_at))))[:1]),
            Subquery(newer_staged.values(at=built_at)[:1]),
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


def note_cause(activation: Activation, operation_key: UUID) -> None:
    """An activation that was recorded as seen was caused by our operation, which the timeline shows instead."""
    with transaction.atomic(savepoint=False):
        row = Deployment.objects.select_for_update().get(miosa_id=activation.deployment_id)
        activation.cause, activation.operation_id = Activation.Cause.CAUSED, operation_key
        activation.save(update_fields=["cause", "operation_id"])
        Entry.objects.filter(kind=Entry.Kind.ACTIVATION, subject=activation.pk).delete()
        _save(row, _describe_live(row, None, on_rollback=row.on_rollback))
        concerned = _list_concerned_ids(row, {row.live_version_id}, recorded=activation.version_id)
        customer_links.bump_generation(row, concerned)


def _describe_live(deployment: Deployment, activation: Activation | None, *, on_rollback: bool) -> dict[str, object]:
    """The columns that say since when the live version is live, and by whom. What is only guessed is left empty.

    `activation` is the last one, if the caller has it.
    """
    activation = activation or _find_last(deployment)
    live = _find_version(deployment, deployment.active_version_id)
    if live is None or activation is None or activation.version_id != live.miosa_id:
        return _UNKNOWN_SINCE
    is_own_publish = not activation.has_entry
    if activation.is_first:
        # Nobody saw it go live: MIOSA's moment counts, and a promotion right after the build was the publish itself.
        is_own_publish = not on_rollback and version_times.is_published_at_once(live)
    author = authors.find_live_author(live, activation, is_own_publish=is_own_publish)
    return {
        "live_since": None if activation.is_first and live.promoted_at is None else activation.at,
        "live_by": author.name,
        "live_by_role": author.role,
        "live_reason": author.reason,
        "live_operation_id": author.operation_id,
        "is_rollback_kept": activation.kept_at is not None,
    }


def _record_changes(deployment: Deployment, *, caused_by: UUID | None, now: datetime) -> Activation | None:
    """Record each change of the pointer since the last activation. Returns the last new one."""
    last = _find_last(deployment)
    previous = _find_version(deployment, last.version_id) if last else None
    live = _find_version(deployment, deployment.active_version_id)
    new = None
    for version in _list_missed(deployment, last, previous, live):
        last = new = _record(deployment, version, last=last, previous=previous, caused_by=None, now=now)
        previous = version
    if (last.version_id if last else "") != deployment.active_version_id:
        new = _record(deployment, live, last=last, previous=previous, caused_by=caused_by, now=now)
    return new


def _list_missed(
    deployment: Deployment, last: Activation | None, previous: Version | None, live: Version | None
) -> list[Version]:
    """Versions that went live and were replaced since the last look.

    Their rows show it: promoted since the last activation, and archived before the deployment's row was read.
    """
    if last is None or previous is None or live is None or previous.number is None or live.number is None:
        return []
    missed = Version.objects.filter(
        deployment=deployment,
        number__gt=min(previous.number, live.number),
        promoted_at__gt=last.at,
        archived_at__gte=F("promoted_at"),
        archived_at__lte=deployment.requested_at,
    )
    return list(missed.exclude(pk__in=[live.pk, previous.pk]).order_by("promoted_at")[:_MOST_MISSED])


def _record(
    deployment: Deployment,
    live: Version | None,
    *,
    last: Activation | None,
    previous: Version | None,
    caused_by: UUID | None,
    now: datetime,
) -> Activation:
    """One row for each change of the pointer, filed in the timeline if it says more than the version's own entry.

    `previous` is the version of the activation before, `last`. `live` None: nothing is live any more.
    """
    recorded = Activation.objects.filter(deployment_id=deployment.miosa_id)
    was_live = live is not None and last is not None and recorded.filter(version_id=live.miosa_id).exists()
    was_staged = live is not None and last is not None and not was_live and _was_staged(live, deployment)
    has_entry = last is not None and live is not None and (was_staged or was_live or _goes_back(live, previous))
    activation = Activation.objects.create(
        deployment_id=deployment.miosa_id,
        version_id=live.miosa_id if live else "",
        previous_id=last.version_id if last else "",
        at=_get_time(live, last, previous, now=now),
        seen_at=now,
        is_first=last is None,
        has_entry=has_entry,
        was_staged=was_staged,
        cause=Activation.Cause.CAUSED if caused_by else Activation.Cause.SEEN,
        operation_id=caused_by,
    )
    version_times.note_activation(activation, live, previous)
    if has_entry and live is not None and caused_by is None:
        timeline_entries.upsert_activation_entry(deployment, activation, to=live, previous=previous)
    return activation


def _find_last(deployment: Deployment) -> Activation | None:
    """In the order of their recording, whatever the clocks say."""
    return Activation.objects.filter(deployment_id=deployment.miosa_id).order_by("-pk").first()


def _find_version(deployment: Deployment, miosa_id: str) -> Version | None:
    return Version.objects.filter(deployment=deployment, miosa_id=miosa_id).first() if miosa_id else None


def _was_staged(live: Version, deployment: Deployment) -> bool:
    """Whether the version was ready for a while before somebody promoted it, or else went live by its own publish.

    `deployment` as it was before the change.
    """
    return live.pk == deployment.staged_version_id or bool(
        live.promoted_at and live.created_at and not version_times.is_published_at_once(live)
    )


def _goes_back(live: Version, previous: Version | None) -> bool:
    if previous is None or live.number is None or previous.number is None:
        return False
    return live.number < previous.number


def _get_time(live: Version | None, last: Activation | None, previous: Version | None, *, now: datetime) -> datetime:
    """When it happened: MIOSA's `promoted_at`, or else when the version before was archived, if that lies between what
    we knew and now; else when we noticed. MIOSA's clock may be ahead, and nothing noticed has happened later.
    """
    at = live.promoted_at if live else None
    if at is None and last is None and live is not None:
        at = live.created_at
    candidates = (at, previous.archived_at if previous and live else None)
    known = (each for each in candidates if each and each <= now and (last is None or each > last.at))
    at = next(known, now)
    return at if last is None else max(at, last.at + timedelta(microseconds=1))
