"""Deployments and versions in one line, cut to what the person asking may see (product.md, rules 1, 2 and 9)."""

from collections.abc import Iterable, Sequence

from django.db.models import Case, F, When

from portal.access import Person
from portal.models import Customer, Deployment, Version
from portal.services.answers import CustomerHead, DeploymentBrief, State, VersionBrief

MOST_DEPLOYMENTS = 200

_STATES = {
    "archived": State.ARCHIVED,
    "building": State.BUILDING,
    "created": State.CREATED,
    "failed": State.FAILED,
    "ready": State.READY,
}


def head(customer: Customer, *, by: Person) -> CustomerHead:
    return CustomerHead(
        slug=customer.slug,
        name=customer.name,
        external_id=customer.external_id if by.is_staff else None,
        is_unassigned=customer.is_unassigned,
    )


def list_held(customer: Customer, *, asked: Sequence[str] = ()) -> list[Deployment]:
    """The deployments a customer has something on, in a stable order, with what their line needs. One query.

    Of very many the newest, and those `asked` for by their ids.
    """
    held = Deployment.objects.filter(holdings__customer=customer).select_related(
        "live_version", "staged_version", "newest_version"
    )
    ranked = Case(When(miosa_id__in=asked, then=0), default=1)
    newest = held.order_by(ranked, F("gone_at").asc(nulls_first=True), F("created_at").desc(nulls_last=True), "-pk")
    return sorted(newest[:MOST_DEPLOYMENTS], key=lambda one: (one.created_at or one.first_seen_at, one.pk))


def hides_others(deployment: Deployment, *, by: Person) -> bool:
    """On a shared deployment only those who may see every customer see more than this customer's own versions."""
    return deployment.is_shared and not by.sees_everyone


def may_see(version: Version | None, customer: Customer, *, by: Person) -> bool:
    return version is not None and (by.sees_everyone or version.customer_id == customer.pk)


def deployment(row: Deployment, customer: Customer, *, by: Person) -> DeploymentBrief:
    """`row` comes with its live, staged and newest version."""
    live = row.live_version if may_see(row.live_version, customer, by=by) else None
    hidden = hides_others(row, by=by)
    # On a shared deployment even a newest version of one's own would tell that no other's is newer.
    newest = row.newest_version if may_see(row.newest_version, customer, by=by) and not hidden else None
    staged = row.staged_version if may_see(row.staged_version, customer, by=by) and not hidden else None
    newest_state = state_of(newest, row) if newest else None
    return DeploymentBrief(
        id=row.miosa_id,
        name=row.name,
        # The address that MIOSA made up is shown to nobody but staff (product.md, rule 9).
        url="" if hidden else row.public_url or (row.managed_url if by.is_staff else ""),
        live=version(live, row) if live else None,
        live_since=row.live_since if live else None,
        live_is_foreign=bool(row.active_version_id)
        and live is None
        and not by.sees_everyone
        and row.live_version_id is not None,
        staged=version(staged, row) if staged else None,
        last_failed=version(newest, row) if newest and newest_state is State.FAILED else None,
        building=version(newest, row) if newest and newest_state in {State.BUILDING, State.CREATED} else None,
        on_rollback=row.on_rollback and not hidden,
        is_shared=row.is_shared,
        is_gone=row.gone_at is not None,
        is_stopped=row.state == "stopped" and not hidden,
        state_text="" if hidden else row.state,
    )


def deployments(rows: Iterable[Deployment], customer: Customer, *, by: Person) -> tuple[DeploymentBrief, ...]:
    return tuple(deployment(row, customer, by=by) for row in rows)


def version(row: Version, on: Deployment) -> VersionBrief:
    return VersionBrief(
        id=row.miosa_id,
        number=row.number,
        state=state_of(row, on),
        state_text=row.state,
        kind=row.kind,
        created_at=row.created_at or row.first_seen_at,
        who=row.external_user_id,
        files=row.files,
        total_bytes=row.total_bytes,
        was_live=row.was_live,
    )


def state_of(row: Version, on: Deployment) -> State:
    """The word for a version. Live comes from the deployment alone (product.md, rule 2)."""
    if row.gone_at is not None:
        return State.GONE
    if row.miosa_id == on.active_version_id:
        return State.LIVE
    if not row.is_readable:
        return State.UNREADABLE
    if row.state == "ready" and is_staged(row, on):
        return State.STAGED
    return _STATES.get(row.state, State.OTHER)


def is_staged(row: Version, on: Deployment) -> bool:
    """Newer than live, ready, never live. Not told on a shared deployment, where it would tell of another's number."""
    if row.was_live or row.number is None or on.is_shared:
        return False
    live = on.live_version
    return live is None or live.number is None or row.number > live.number
