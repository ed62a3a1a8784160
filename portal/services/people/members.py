"""The people of one customer, as its owners see them: without staff, and without a word about other customers."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Lower

from portal.models import Customer, Membership
from portal.permissions import Permission, Person, Role
from portal.services.authorization import require_permission
from portal.services.errors import NotFound
from portal.services.people import invitation_lists, person_changes
from portal.services.people.directory import PAGE_SIZE, paginate
from portal.services.people.invitation_lists import InvitationRow
from portal.services.people.invitations import CUSTOMER_ROLES
from portal.services.queries import customers, summaries
from portal.services.queries.schemas import CustomerSummary


@dataclass(frozen=True, slots=True)
class MemberRow:
    """`is_protected`: the only owner, who can't be lost by people of the customer."""

    id: int
    name: str
    email: str
    role: Role
    is_active: bool
    is_self: bool
    is_protected: bool
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberList:
    """With the newest open invitations."""

    customer: CustomerSummary
    rows: tuple[MemberRow, ...]
    invitations: tuple[InvitationRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class MemberPage:
    """`is_last_owner`: after removing them the customer has no owner."""

    customer: CustomerSummary
    member: MemberRow
    is_last_owner: bool


def list_members(*, slug: str, by: Person, page: int, now: datetime) -> MemberList:
    """Owners first. Raises NotFound, Forbidden."""
    customer = _find_managed(slug, by=by)
    members = _list(customer)
    found = paginate(members.order_by("role", Lower("user__name"), "user__email", "pk"), page)
    owners = list(members.filter(role=Role.OWNER, user__is_active=True).values_list("pk", flat=True)[:2])
    protected = owners[0] if len(owners) == 1 and not by.is_staff else None
    return MemberList(
        customer=summaries.summarize_customer(customer, by=by),
        rows=tuple(_summarize(each, by=by, is_protected=each.pk == protected) for each in found.object_list),
        invitations=invitation_lists.list_of_customer(customer, by=by, most=PAGE_SIZE, now=now),
        total=found.paginator.count,
        page=page,
        pages=found.paginator.num_pages,
    )


def get_member(user_id: int, *, slug: str, by: Person) -> MemberPage:
    """Raises NotFound, also for staff; Forbidden."""
    customer = _find_managed(slug, by=by)
    # By `user__pk`, which finds nothing for a number that is too large; by `user` the database would refuse it.
    membership = _list(customer).filter(user__pk=user_id).first()
    if membership is None:
        raise NotFound
    is_last_owner = person_changes.is_last_owner(membership)
    member = _summarize(membership, by=by, is_protected=is_last_owner and not by.is_staff)
    return MemberPage(summaries.summarize_customer(customer, by=by), member, is_last_owner)


def get_managed_customer(slug: str, *, by: Person) -> CustomerSummary:
    """Raises NotFound, Forbidden."""
    return summaries.summarize_customer(_find_managed(slug, by=by), by=by)


def _find_managed(slug: str, *, by: Person) -> Customer:
    customer = customers.get_customer(by=by, slug=slug)
    if customer.is_unassigned:
        raise NotFound
    require_permission(Permission.MANAGE_PEOPLE, customer, None, by=by)
    return customer


def _list(customer: Customer) -> QuerySet[Membership]:
    members = Membership.objects.filter(customer=customer, user__staff_role="", role__in=CUSTOMER_ROLES)
    return members.select_related("user")


def _summarize(membership: Membership, *, by: Person, is_protected: bool) -> MemberRow:
    user = membership.user
    return MemberRow(
        id=user.pk,
        name=user.name,
        email=user.email,
        role=Role(membership.role),
        is_active=user.is_active,
        is_self=user.pk == by.id,
        is_protected=is_protected,
        last_seen_at=user.last_seen_at,
    )
