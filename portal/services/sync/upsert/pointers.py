"""What is live, staged and on a rollback, worked out after rows of a deployment changed; and each change recorded."""

from datetime import datetime, timedelta

from django.db import transaction

from portal import clock_skew
from portal.models import Activation, Deployment, Entry, Version
from portal.services.sync.upsert import customers, entries, holdings
from portal.services.sync.upsert.versions import Taken

_WAITED = timedelta(minutes=30)


def settle(deployment: Deployment, *, taken: Taken | None, now: datetime) -> None:
    """Bring the derived columns up to date and record a moved pointer. `taken` is what the versions just read changed.

    The row is locked, so that two readers never record one change twice.
    """
    with transaction.atomic():
        row = Deployment.objects.select_for_update().get(pk=deployment.pk)
        if taken and taken.has_moved:
            holdings.release(row)
        live = _live(row)
        activation = _record(row, live, had_staged=row.staged_version_id, now=now)
        if live is not None and not live.was_live:
            Version.objects.filter(pk=live.pk).update(was_live=True)
        derived = _derive(row, live)
        if activation is not None:
            derived["live_since"] = activation.at if live else None
        changed = {name: value for name, value in derived.items() if getattr(row, name) != value}
        if changed:
            Deployment.objects.filter(pk=row.pk).update(**changed)
        if changed or activation or (taken and taken.changed):
            customers.touch((taken.customer_ids if taken else set()) | holdings.holder_ids(row))
    deployment.refresh_from_db()


def follow(deployment: Deployment) -> None:
    """The pointer moved, and the versions can't be read just now: show what is live, and leave the record for later."""
    with transaction.atomic():
        row = Deployment.objects.select_for_update().get(pk=deployment.pk)
        live = _live(row)
        if row.live_version != live:
            Deployment.objects.filter(pk=row.pk).update(**_derive(row, live), live_since=None)
            customers.touch(holdings.holder_ids(row))


def refile(deployment: Deployment) -> None:
    """File the activations of a deployment that was read again from nothing: they outlive its rows."""
    deeds = Activation.objects.filter(deployment_id=deployment.miosa_id, is_deed=True)
    filed = Entry.objects.filter(kind=Entry.Kind.ACTIVATION, subject__in=deeds.values("pk")).values_list("subject")
    for activation in deeds.exclude(pk__in=filed).exclude(operation_id__isnull=False):
        to = Version.objects.filter(deployment=deployment, miosa_id=activation.version_id).first()
        previous = Version.objects.filter(deployment=deployment, miosa_id=activation.previous_id).first()
        if to is not None:
            entries.file_activation(deployment, activation, to=to, previous=previous)


def _live(deployment: Deployment) -> Version | None:
    if not deployment.active_version_id:
        return None
    return Version.objects.filter(deployment=deployment, miosa_id=deployment.active_version_id).first()


def _derive(deployment: Deployment, live: Version | None) -> dict[str, object]:
    there = Version.objects.filter(deployment=deployment, gone_at=None, is_readable=True)
    staged = there.filter(state="ready", was_live=False, number__isnull=False)
    on_rollback = False
    if live is not None:
        staged = staged.exclude(pk=live.pk)
        if live.number is not None:
            staged = staged.filter(number__gt=live.number)
            on_rollback = there.filter(number__gt=live.number, was_live=True).exists()
    newest = there.filter(number__isnull=False).order_by("-number").first()
    waiting = staged.order_by("-number").first()
    return {
        "live_version_id": live.pk if live else None,
        "staged_version_id": waiting.pk if waiting else None,
        "newest_version_id": newest.pk if newest else None,
        "on_rollback": on_rollback,
    }


def _record(
    deployment: Deployment, live: Version | None, *, had_staged: int | None, now: datetime
) -> Activation | None:
    """One row for each change of the pointer. A pointer to a version that we have not read waits until we have."""
    active = deployment.active_version_id
    if active and live is None:
        return None
    # In the order of their recording, whatever the clocks say.
    last = Activation.objects.filter(deployment_id=deployment.miosa_id).order_by("-pk").first()
    if (last.version_id if last else "") == active:
        return None
    previous = None
    if last is not None and last.version_id:
        previous = Version.objects.filter(deployment=deployment, miosa_id=last.version_id).first()
    was_live = live is not None and _was_live(deployment, live)
    was_staged = live is not None and last is not None and not was_live and _waited(live, had_staged)
    is_deed = last is not None and live is not None and (was_staged or was_live or _goes_back(live, previous))
    activation = Activation.objects.create(
        deployment_id=deployment.miosa_id,
        version_id=active,
        previous_id=last.version_id if last else "",
        at=_moment(live, last, now=now),
        seen_at=now,
        is_first=last is None,
        is_deed=is_deed,
        was_staged=was_staged,
    )
    if is_deed and live is not None:
        entries.file_activation(deployment, activation, to=live, previous=previous)
    return activation


def _waited(live: Version, had_staged: int | None) -> bool:
    """Whether the version had been ready for a while, so that somebody promoted it, or went live by its own publish."""
    return live.pk == had_staged or bool(
        live.promoted_at and live.created_at and live.promoted_at - live.created_at > _WAITED
    )


def _was_live(deployment: Deployment, version: Version) -> bool:
    return Activation.objects.filter(deployment_id=deployment.miosa_id, version_id=version.miosa_id).exists()


def _goes_back(live: Version, previous: Version | None) -> bool:
    if previous is None or live.number is None or previous.number is None:
        return False
    return live.number < previous.number


def _moment(live: Version | None, last: Activation | None, *, now: datetime) -> datetime:
    """When it happened: MIOSA's `promoted_at` where it fits between what we knew and now, else when we noticed."""
    told = live.promoted_at if live else None
    if told is None and last is None and live is not None:
        told = live.created_at
    if told is None or told > now + clock_skew.IMPLAUSIBLE or (last is not None and told <= last.at):
        told = now
    return told if last is None else max(told, last.at + timedelta(microseconds=1))
