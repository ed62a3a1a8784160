"""When a version's build ended and when it was live last, as columns that lists read.

The portal's own activations come first. Where it has none, MIOSA's row says when a version was promoted and archived.
A row has no time for the end of its build, which follows from what else it says, or stays unknown.
"""

from datetime import datetime, timedelta
from itertools import zip_longest

from portal.models import Activation, Deployment, Version
from portal.models.versions import UNFINISHED

# No build takes longer: what happened to a version later was something else.
BUILT_WITHIN = timedelta(minutes=30)


def note_row(version: Version, *, was_unfinished: bool, now: datetime) -> tuple[str, ...]:
    """Set what follows from MIOSA's row, read at `now`; the version is not saved. Returns the columns that changed.

    `was_unfinished`: when it was read before, it was still being built.
    """
    before = version.finished_at, version.live_from, version.live_until
    if version.finished_at is None and version.is_readable and version.state not in UNFINISHED:
        version.finished_at = _find_finish(version, was_unfinished=was_unfinished, now=now)
    promoted_at, archived_at = (_only_past(at, now=now) for at in (version.promoted_at, version.archived_at))
    if promoted_at and (version.live_from is None or promoted_at > version.live_from):
        version.live_from, version.live_until = promoted_at, None
    if version.live_from and version.live_until is None and archived_at:
        version.live_until = archived_at if archived_at >= version.live_from else None
    columns = zip(("finished_at", "live_from", "live_until"), before, strict=True)
    return tuple(name for name, value in columns if getattr(version, name) != value)


def note_activation(activation: Activation, live: Version | None, previous: Version | None) -> None:
    """`live` went live, and `previous`, which the activation before names, is live no more."""
    is_guess = activation.is_first and live is not None and live.promoted_at is None
    if previous is not None:
        Version.objects.filter(pk=previous.pk).update(live_until=activation.at)
    if live is not None and not is_guess:
        Version.objects.filter(pk=live.pk).update(live_from=activation.at, live_until=None)


def restore(deployment: Deployment) -> None:
    """Of a deployment that was read from scratch: its activations outlive its rows."""
    found = list(Activation.objects.filter(deployment_id=deployment.miosa_id).order_by("pk"))
    last = {one.version_id: (one, following) for one, following in zip_longest(found, found[1:])}
    for version in Version.objects.filter(deployment=deployment, miosa_id__in=last):
        activation, following = last[version.miosa_id]
        if not (activation.is_first and version.promoted_at is None):
            version.live_from = activation.at
        version.live_until = following.at if following else None
        version.save(update_fields=["live_from", "live_until"])


def is_published_at_once(version: Version) -> bool:
    """It went live when its build ended, not by somebody's promotion later."""
    if version.promoted_at is None or version.created_at is None:
        return False
    return version.promoted_at - version.created_at <= BUILT_WITHIN


def _only_past(at: datetime | None, *, now: datetime) -> datetime | None:
    """MIOSA's clock may be ahead of ours. What lies ahead is no beginning and no end yet."""
    return at if at is not None and at <= now else None


def _find_finish(version: Version, *, was_unfinished: bool, now: datetime) -> datetime | None:
    """None if nothing tells. Nothing but its build has changed a version that was never promoted or archived."""
    created_at, updated_at = version.created_at, version.updated_at
    if is_published_at_once(version):
        return version.promoted_at
    is_untouched = not version.promoted_at and not version.archived_at
    if is_untouched and created_at and updated_at and created_at < updated_at <= min(now, created_at + BUILT_WITHIN):
        return updated_at
    return min(now, version.promoted_at or now) if was_unfinished else None
