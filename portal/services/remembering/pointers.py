"""What is live, staged and on a rollback, worked out again after rows of a deployment changed; and the record of each change."""

from datetime import datetime, timedelta

from portal.models import Activation, Deployment, Entry, Holding, Version
from portal.services.remembering import customers, deployments, entries
from portal.services.remembering.versions import Taken

_CLOCKS_APART = timedelta(minutes=5)


def settle(deployment: Deployment, *, taken: Taken | None, now: datetime) -> None:
    """Bring the derived columns up to date and record a moved pointer. `taken` is what the versions just read changed."""
    touched = set(taken.customer_ids) if taken else set()
    if taken and taken.customer_ids:
        deployments.hold(deployment, taken.customer_ids)
    if taken and taken.has_moved:
        _drop_empty_holdings(deployment, touched)
    had_staged = deployment.staged_version_id
    live = _live(deployment)
    activation = _record(deployment, live, had_staged=had_staged, now=now)
    if live is not None and not live.was_live:
        Version.objects.filter(pk=live.pk).update(was_live=True)
        live.was_live = True
    derived = _derive(deployment, live)
    if activation is not None:
        derived["live_since"] = activation.at if live else None
    changed = {name: value for name, value in derived.items() if getattr(deployment, name) != value}
    if changed:
        for name, value in changed.items():
            setattr(deployment, name, value)
        deployment.save(update_fields=list(changed))
    if changed or activation or (taken and taken.changed):
        customers.touch(touched | deployments.holder_ids(deployment))


def _live(deployment: Deployment) -> Version | None:
    if not deployment.active_version_id:
        return None
    return Version.objects.filter(deployment=deployment, miosa_id=deployment.active_version_id).first()


def _derive(deployment: Deployment, live: Version | None) -> dict[str, object]:
    there = Version.objects.filter(deployment=deployment, gone_at=None, is_readable=True)
    staged = there.filter(state="ready", was_live=False)
    if live is not None and live.number is not None:
        staged = staged.filter(number__gt=live.number)
        on_rollback = there.filter(number__gt=live.number, was_live=True).exists()
    else:
        on_rollback = False
    newest = there.filter(number__isnull=False).order_by("-number").first()
    waiting = staged.order_by("-number").first()
    holders = Holding.objects.filter(deployment=deployment).count()
    strangers = Version.objects.filter(deployment=deployment, customer=None).exists()
    return {
        "live_version_id": live.pk if live else None,
        "staged_version_id": waiting.pk if waiting else None,
        "newest_version_id": newest.pk if newest else None,
        "on_rollback": on_rollback,
        # A version of nobody counts as somebody else's: closed where it is not certain.
        "is_shared": holders > 1 or (strangers and not deployment.customer.is_unassigned),
    }


def _record(
    deployment: Deployment, live: Version | None, *, had_staged: int | None, now: datetime
) -> Activation | None:
    """One row for each change of the pointer. A pointer to a version that we have not read waits until we have."""
    active = deployment.active_version_id
    if active and live is None:
        return None
    last = Activation.objects.filter(deployment_id=deployment.miosa_id).order_by("-at", "-pk").first()
    if last is None and not active:
        return None
    if last is not None and last.version_id == active:
        return None
    was_staged = live is not None and last is not None and not _was_live(deployment, live) and _waited(live, had_staged)
    activation = Activation.objects.create(
        deployment_id=deployment.miosa_id,
        version_id=active,
        previous_id=last.version_id if last else "",
        at=_moment(live, last, now=now),
        seen_at=now,
        is_first=last is None,
        was_staged=was_staged,
    )
    if live is not None and last is not None:
        previous = Version.objects.filter(deployment=deployment, miosa_id=last.version_id).first()
        if was_staged or _goes_back(live, previous) or _was_live(deployment, live, before=activation):
            entries.file_activation(deployment, activation, to=live, previous=previous)
    return activation


def _waited(live: Version, had_staged: int | None) -> bool:
    return live.pk == had_staged or bool(
        live.promoted_at and live.created_at and live.promoted_at - live.created_at > timedelta(minutes=30)
    )


def _was_live(deployment: Deployment, version: Version, *, before: Activation | None = None) -> bool:
    activations = Activation.objects.filter(deployment_id=deployment.miosa_id, version_id=version.miosa_id)
    return (activations.exclude(pk=before.pk) if before else activations).exists()


def _goes_back(live: Version, previous: Version | None) -> bool:
    if previous is None or live.number is None or previous.number is None:
        return False
    return live.number < previous.number


def _moment(live: Version | None, last: Activation | None, *, now: datetime) -> datetime:
    """When it happened: MIOSA's `promoted_at` where it fits between what we knew and now, else the moment we noticed."""
    told = live.promoted_at if live else None
    if told is None and last is None and live is not None:
        told = live.created_at
    if told is None or told > now + _CLOCKS_APART or (last is not None and told <= last.at):
        return now
    return told


def _drop_empty_holdings(deployment: Deployment, touched: set[int]) -> None:
    for holding in Holding.objects.filter(deployment=deployment, owns=False):
        if not deployment.versions.filter(customer_id=holding.customer_id).exists():
            touched.add(holding.customer_id)
            holding.delete()
            customers.recount({holding.customer_id})


def refile(deployment: Deployment) -> None:
    """File the activations of a deployment that was read again from nothing: they outlive its rows."""
    for activation in Activation.objects.filter(deployment_id=deployment.miosa_id, is_first=False).exclude(
        version_id=""
    ):
        if Entry.objects.filter(kind=Entry.Kind.ACTIVATION, subject=activation.pk).exists():
            continue
        to = Version.objects.filter(deployment=deployment, miosa_id=activation.version_id).first()
        previous = Version.objects.filter(deployment=deployment, miosa_id=activation.previous_id).first()
        if to is not None and (activation.was_staged or _goes_back(to, previous)):
            entries.file_activation(deployment, activation, to=to, previous=previous)
