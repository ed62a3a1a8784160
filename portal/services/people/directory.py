"""Everybody who can sign in, as operators see them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet, Window
from django.db.models.functions import Lower, RowNumber

from portal.models import Customer, CustomerTag, InvitationGrant, Membership, User
from portal.permissions import Permission, Person, Role
from portal.services import clean_text
from portal.services.accounts import security
from portal.services.authorization import require_platform_permission
from portal.services.errors import NotFound
from portal.services.people import person_changes
from portal.services.people.invitations import CUSTOMER_ROLES
from portal.services.queries import customers, summaries
from portal.services.queries.schemas import CustomerSummary

Row = TypeVar("Row", bound=Model)

PAGE_SIZE = 50
# In a list, each person or invitation shows this many customers; the page of a person shows very many.
SHOWN_PLACES = 3
_MOST_PLACES = 500


@dataclass(frozen=True, slots=True)
class Place:
    """A customer, and a role there."""

    customer: CustomerSummary
    role: Role


@dataclass(frozen=True, slots=True)
class PersonRow:
    """`staff` is None for customers' people. `places` has the first few of `places_count` customers."""

    id: int
    name: str
    email: str
    staff: Role | None
    sees_all_customers: bool
    tags: tuple[str, ...]
    places: tuple[Place, ...]
    places_count: int
    is_active: bool
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class PeopleList:
    """`role` and `customer` are filters; empty and None filter nothing."""

    rows: tuple[PersonRow, ...]
    total: int
    page: int
    pages: int
    search: str
    role: str
    customer: CustomerSummary | None


@dataclass(frozen=True, slots=True)
class PersonPage:
    """`slugs` are those of all customers. `comes_from_app`: also, or only, by the platform's own app."""

    person: PersonRow
    slugs: tuple[str, ...]
    is_self: bool
    is_last_operator: bool
    comes_from_app: bool
    has_second_factor: bool
    joined_at: datetime


def list_people(*, by: Person, search: str, role: str, slug: str, page: int) -> PeopleList:
    """Raises NotFound, also for a page or customer that does not exist."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    customer = customers.get_customer(by=by, slug=slug) if slug else None
    text = clean_text.clean_line(search, most=100)
    rows = filter_people(search=text, role=role, customer=customer)
    found = paginate(rows.order_by(Lower("name"), "email", "pk"), page)
    return PeopleList(
        rows=_summarize_people(found.object_list, by=by),
        total=found.paginator.count,
        page=page,
        pages=found.paginator.num_pages,
        search=text,
        role=role if role in set(Role) else "",
        customer=summaries.summarize_customer(customer, by=by) if customer else None,
    )


def filter_people(*, search: str = "", role: str = "", customer: Customer | None = None) -> QuerySet[User]:
    """An unknown role filters nothing. A customer's people don't include staff."""
    rows = search_rows(User.objects.all(), search)
    at = Membership.objects.filter(user=OuterRef("pk"))
    if role in CUSTOMER_ROLES:
        at = at.filter(role=role)
    elif role in set(Role):
        rows = rows.filter(staff_role=role)
    if customer is not None:
        at = at.filter(customer=customer)
    if customer is not None or role in CUSTOMER_ROLES:
        rows = rows.filter(Exists(at))
    return rows


def get_person_page(user_id: int, *, by: Person) -> PersonPage:
    """Raises NotFound."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return PersonPage(
        person=_summarize_people([user], by=by, most_places=_MOST_PLACES)[0],
        slugs=tuple(user.memberships.order_by("customer__name").values_list("customer__slug", flat=True)),
        is_self=user.pk == by.id,
        is_last_operator=person_changes.is_last_operator(user),
        comes_from_app=user.hand_off_identities.exists(),
        has_second_factor=security.has_second_factor(user),
        joined_at=user.date_joined,
    )


def list_tags(*, by: Person) -> tuple[str, ...]:
    """All tags that customers have. Raises NotFound."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    return tuple(CustomerTag.objects.order_by("tag").values_list("tag", flat=True).distinct())


def search_rows(rows: QuerySet[Row], search: str) -> QuerySet[Row]:
    """Those with each of the words in their name or e-mail address."""
    for word in search.split():
        rows = rows.filter(Q(name__icontains=word) | Q(email__icontains=word))
    return rows


def paginate(rows: QuerySet[Row], page: int) -> Page[Row]:
    """Raises NotFound."""
    try:
        return Paginator(rows, PAGE_SIZE).page(page)
    except EmptyPage:
        raise NotFound from None


def load_places(
    rows: QuerySet[Membership] | QuerySet[InvitationGrant], parent: str, *, by: Person, most: int = SHOWN_PLACES
) -> dict[int, tuple[Place, ...]]:
    """The first few customers of each `parent`, a foreign key of `rows`, by its id. One query."""
    rank = Window(RowNumber(), partition_by=parent, order_by=[F("customer__name").asc(), F("pk").asc()])
    first = rows.annotate(rank=rank).filter(rank__lte=most).select_related("customer").order_by(parent, "rank")
    places: dict[int, tuple[Place, ...]] = {}
    for row in first:
        key, place = (
            getattr(row, f"{parent}_id"),
            Place(summaries.summarize_customer(row.customer, by=by), Role(row.role)),
        )
        places[key] = (*places.get(key, ()), place)
    return places


def _summarize_people(users: Iterable[User], *, by: Person, most_places: int = SHOWN_PLACES) -> tuple[PersonRow, ...]:
    """Four queries, however many people and however many customers they have."""
    ids = [user.pk for user in users]
    memberships = Membership.objects.filter(user__in=ids)
    counts = Counter(memberships.values_list("user_id", flat=True))
    places = load_places(memberships, "user", by=by, most=most_places)
    loaded = User.objects.prefetch_related("support_tags").in_bulk(ids)
    return tuple(_summarize(loaded[pk], places.get(pk, ()), counts[pk]) for pk in ids if pk in loaded)


def _summarize(user: User, places: tuple[Place, ...], places_count: int) -> PersonRow:
    return PersonRow(
        id=user.pk,
        name=user.name,
        email=user.email,
        staff=Role(user.staff_role) if user.staff_role else None,
        sees_all_customers=user.sees_all_customers or user.staff_role == Role.OPERATOR,
        tags=tuple(sorted(tag.tag for tag in user.support_tags.all())),
        places=places,
        places_count=places_count,
        is_active=user.is_active,
        last_seen_at=user.last_seen_at,
    )
