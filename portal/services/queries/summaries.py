"""Customers, deployments and versions in one line, cut to what the person may see (docs/rules.md, 1, 2 and 9)."""

from collections.abc import Collection

from portal.models import Customer, Deployment, Operation, Version
from portal.models.versions import UNFINISHED, PreviousVersion, VersionRow, get_created_at
from portal.permissions import Permission, Person, has_permission
from portal.services import open_words
from portal.services.people import staff_names
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary, State, VersionSummary

_STATES = {
    "archived": State.ARCHIVED,
    "building": State.BUILDING,
    "created": State.CREATED,
    "failed": State.FAILED,
    "ready": State.READY,
}


def summarize_customer(customer: Customer, *, by: Person) -> CustomerSummary:
    return CustomerSummary(
        slug=customer.slug,
        name=open_words.show_text(customer.name, by=by),
        external_id=customer.external_id if by.is_staff else None,
        is_unassigned=customer.is_unassigned,
        logo_id=customer.logo_id,
        may_read_activity=has_permission(by, Permission.READ_ACTIVITY, customer_id=customer.pk),
        may_manage_people=has_permission(by, Permission.MANAGE_PEOPLE, customer_id=customer.pk),
        may_change_settings=has_permission(by, Permission.CHANGE_SETTINGS),
    )


def attach_versions(deployments: Collection[Deployment]) -> None:
    """Set the live, staged and newest version of each. One query, however many."""
    pks = {
        pk
        for one in deployments
        for pk in (one.live_version_id, one.staged_version_id, one.newest_version_id)
        if pk is not None
    }
    versions = Version.objects.for_summary().in_bulk(pks) if pks else {}
    for one in deployments:
        one.live_version = versions.get(one.live_version_id or 0)
        one.staged_version = versions.get(one.staged_version_id or 0)
        one.newest_version = versions.get(one.newest_version_id or 0)


def hides_others(deployment: Deployment, *, by: Person) -> bool:
    """On a shared deployment only those who may see every customer see more than this customer's own versions."""
    return deployment.is_shared and not by.sees_everyone


def can_see_version(version: Version | VersionRow | PreviousVersion | None, customer: Customer, *, by: Person) -> bool:
    return version is not None and (by.sees_everyone or version.customer_id == customer.pk)


def can_see_operation(
    operation: Operation,
    deployment: Deployment | None,
    customer: Customer,
    *,
    target: Version | VersionRow | None,
    seen_live: Version | PreviousVersion | None,
    by: Person,
) -> bool:
    """On a shared deployment a customer sees what changed its own versions and domains, and nothing else.

    Redeploying and stopping change what was live. The person who requested it always sees it.
    """
    if by.sees_everyone:
        return True
    if target is not None:
        return target.customer_id == customer.pk
    if deployment is None or not deployment.is_shared or operation.person_id == by.id:
        return True
    if operation.concerns == Operation.Concerns.LIVE:
        return seen_live is not None and seen_live.customer_id == customer.pk
    return operation.concerns == Operation.Concerns.CUSTOMER


def summarize_deployment(row: Deployment, customer: Customer, *, by: Person) -> DeploymentSummary:
    """`row` has its live, staged and newest version loaded."""
    live = row.live_version if can_see_version(row.live_version, customer, by=by) else None
    hidden = hides_others(row, by=by)
    # On a shared deployment even a newest version of one's own would reveal that no other's is newer.
    newest = row.newest_version if can_see_version(row.newest_version, customer, by=by) and not hidden else None
    staged = row.staged_version if can_see_version(row.staged_version, customer, by=by) and not hidden else None
    newest_state = get_state(newest, row) if newest else None
    live_by, live_by_role = staff_names.show_person(row.live_by, row.live_by_role, by=by)
    is_building = newest_state in {State.BUILDING, State.CREATED} and row.gone_at is None
    return DeploymentSummary(
        id=row.miosa_id,
        name=open_words.show_text(row.name, by=by),
        url="" if hidden else get_address(row, by=by),
        live=summarize_version(live, row, by=by) if live else None,
        live_since=row.live_since if live else None,
        live_by=open_words.show_text(live_by, by=by) if live else "",
        live_by_role=live_by_role if live else "",
        live_reason=row.live_reason if live else "",
        live_operation=row.live_operation_id if live else None,
        live_is_foreign=bool(row.active_version_id)
        and live is None
        and not by.sees_everyone
        and row.live_version_id is not None,
        live_is_unread=row.live_is_unread,
        is_unread=row.is_unread,
        staged=summarize_version(staged, row, by=by) if staged else None,
        last_failed=summarize_version(newest, row, by=by) if newest and newest_state is State.FAILED else None,
        building=summarize_version(newest, row, by=by) if newest and is_building else None,
        on_rollback=row.on_rollback and not hidden and row.gone_at is None,
        is_shared=row.is_shared,
        is_gone=row.gone_at is not None,
        domains_waiting=_count_domains_waiting(row, hidden=hidden),
        is_stopped=row.state == "stopped" and not hidden,
        state_text="" if hidden else open_words.show_word(row.state, open_words.DEPLOYMENT_STATES, by=by),
    )


def get_address(row: Deployment, *, by: Person) -> str:
    """Where to visit it: at its own domain if one works. MIOSA's own address is for staff only (docs/rules.md, 9)."""
    if row.own_domain:
        return f"https://{row.own_domain}/"
    return row.public_url or (row.managed_url if by.is_staff else "")


def _count_domains_waiting(row: Deployment, *, hidden: bool) -> int | None:
    if hidden or row.gone_at:
        return 0
    return row.domains_waiting if row.domains_read_at else None


def is_being_built(row: Deployment, *, by: Person) -> bool:
    """Whether its newest version is not finished. On a shared deployment that may be another customer's.

    `row` has it loaded.
    """
    if row.newest_version is None or row.gone_at is not None or hides_others(row, by=by):
        return False
    return row.newest_version.state in UNFINISHED


def summarize_version(row: Version | VersionRow, on: Deployment, *, by: Person) -> VersionSummary:
    who, role = staff_names.show_person(row.published_by, row.published_by_role, by=by)
    platform_user = open_words.show_text(row.external_user_id, by=by)
    return VersionSummary(
        id=row.miosa_id,
        number=row.number,
        state=get_state(row, on),
        state_text=open_words.show_word(row.state, open_words.VERSION_STATES, by=by),
        kind=open_words.show_word(row.kind, open_words.VERSION_KINDS, by=by),
        created_at=get_created_at(row),
        who=who or platform_user,
        role=role,
        reason=row.publish_reason,
        files=row.files,
        total_bytes=row.total_bytes,
        was_live=row.was_live,
        note=row.note,
        on_behalf_of=platform_user if who and who != platform_user else "",
        sandbox_name=open_words.show_text(row.source_sandbox_name, by=by),
        failure=open_words.show_text(row.failure, by=by),
        finished_at=row.finished_at,
        live_from=row.live_from,
        # On a shared deployment it would reveal when another customer's version went live.
        live_until=None if hides_others(on, by=by) else row.live_until,
    )


def get_state(row: Version | VersionRow, on: Deployment) -> State:
    """Live comes from the deployment alone (docs/rules.md, 2)."""
    if row.gone_at is not None:
        return State.GONE
    if row.miosa_id == on.active_version_id:
        return State.LIVE
    if not row.is_readable:
        return State.UNREADABLE
    if row.state == "ready" and _is_staged(row, on):
        return State.STAGED
    return _STATES.get(row.state, State.OTHER)


def _is_staged(row: Version | VersionRow, on: Deployment) -> bool:
    """Newer than live, ready, never live. Never on a shared deployment, where it would reveal another's number."""
    if row.was_live or row.number is None or on.is_shared:
        return False
    live = on.live_version
    return live is None or live.number is None or row.number > live.number
