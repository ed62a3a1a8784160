"""Customers that a person may see. Everything else of a customer is found through these."""

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import EmptyPage, Paginator
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from portal.models import Customer, Deployment, Freshness, Holding
from portal.models.customers import UNASSIGNED_SLUG
from portal.permissions import Person
from portal.services import clean_text
from portal.services.errors import NotFound
from portal.services.queries import ages, summaries
from portal.services.queries.schemas import Age, CustomerSummary, DeploymentSummary

PAGE_SIZE = 50
_SORTS = {
    "name": (F("name").asc(), F("pk").asc()),
    "-name": (F("name").desc(), F("pk").desc()),
    "recent": (F("last_published_at").desc(nulls_last=True), F("pk").asc()),
    "apps": (F("deployments_count").desc(), F("name").asc(), F("pk").asc()),
}
_SHOWN_DEPLOYMENTS = 3


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer in a list, with the first few of its deployments."""

    customer: CustomerSummary
    deployments: tuple[DeploymentSummary, ...]
    deployments_count: int
    last_published_at: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerList:
    """A page of customers. `sort` is name, -name, recent or apps; `search` as cleaned."""

    rows: tuple[CustomerRow, ...]
    total: int
    page: int
    pages: int
    search: str
    sort: str
    age: Age


@dataclass(frozen=True, slots=True)
class CustomerPart:
    """Some customers in a row. `following` is the slug of the last if more come after it."""

    rows: tuple[CustomerRow, ...]
    total: int
    following: str
    age: Age


def list_visible(by: Person) -> QuerySet[Customer]:
    """The customers that a person may see."""
    return Customer.objects.in_scope(by.scope)


def get_customer(*, by: Person, slug: str) -> Customer:
    """A customer with its status. Raises NotFound for an unknown one and for somebody else's, with no difference."""
    try:
        customer = Customer.objects.in_scope(by.scope).with_status().get(slug=clean_text.make_storable(slug))
    except Customer.DoesNotExist:
        raise NotFound from None
    if customer.is_unassigned and not by.is_staff:
        raise NotFound
    return customer


def get_unassigned() -> Customer:
    """The row that holds what belongs to no customer; unsaved as long as there is nothing."""
    row = Customer.objects.filter(is_unassigned=True).first()
    return row or Customer(is_unassigned=True, slug=UNASSIGNED_SLUG)


def get_freshness(customer: Customer) -> Freshness | None:
    """How old this customer's deployments are; read with the customer."""
    return getattr(customer, "freshness", None)


def list_customers(*, by: Person, search: str = "", sort: str = "name", page: int = 1, now: datetime) -> CustomerList:
    """A page of the customers that this person may see. Raises NotFound for a page that does not exist."""
    sort = sort if sort in _SORTS else "name"
    text = clean_text.clean_line(search, most=100)
    paginator = Paginator(_found(by, text).order_by(*_SORTS[sort]), PAGE_SIZE)
    try:
        shown = paginator.page(page)
    except EmptyPage:
        raise NotFound from None
    return CustomerList(
        rows=_list_rows(list(shown.object_list), by=by),
        total=paginator.count,
        page=page,
        pages=paginator.num_pages,
        search=text,
        sort=sort,
        age=ages.get_list_age(now=now),
    )


def list_after(*, by: Person, search: str = "", sort: str = "name", after: str = "", now: datetime) -> CustomerPart:
    """The same from behind the customer with the slug `after`: new customers put nobody on two pages or on none.

    Raises NotFound for an unknown `after` and one this person may not see.
    """
    found = _found(by, clean_text.clean_line(search, most=100))
    following = found.filter(_is_after(get_customer(by=by, slug=after), sort)) if after else found
    rows = list(following.order_by(*_SORTS[sort])[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    return CustomerPart(
        rows=_list_rows(shown, by=by),
        total=found.count(),
        following=shown[-1].slug if len(rows) > PAGE_SIZE else "",
        age=ages.get_list_age(now=now),
    )


def _found(by: Person, text: str) -> QuerySet[Customer]:
    rows = list_visible(by)
    if not by.is_staff:
        rows = rows.exclude(is_unassigned=True)
    elif not text:
        # Unassigned is no customer, and listed only if there is something in it.
        rows = rows.exclude(Q(is_unassigned=True) & ~Exists(Holding.objects.filter(customer=OuterRef("pk"))))
    for word in clean_text.make_search_key(text).split():
        rows = rows.filter(search__contains=word)
    return rows


def _is_after(one: Customer, sort: str) -> Q:
    """What `_SORTS` puts behind this customer."""
    published, count = one.last_published_at, one.deployments_count
    named = Q(name__gt=one.name) | Q(name=one.name, pk__gt=one.pk)
    if sort == "-name":
        return Q(name__lt=one.name) | Q(name=one.name, pk__lt=one.pk)
    if sort == "recent" and published is None:
        return Q(last_published_at=None, pk__gt=one.pk)
    if sort == "recent":
        later = Q(last_published_at=published, pk__gt=one.pk)
        return Q(last_published_at__lt=published) | later | Q(last_published_at=None)
    if sort == "apps":
        return Q(deployments_count__lt=count) | Q(deployments_count=count) & named
    return named


def list_own(*, by: Person) -> tuple[CustomerSummary, ...]:
    """The customers that this person works for, for `/` and the navigation. Staff have none."""
    if by.is_staff:
        return ()
    return tuple(summaries.summarize_customer(customer, by=by) for customer in list_visible(by).order_by("name", "pk"))


def _list_rows(shown: list[Customer], *, by: Person) -> tuple[CustomerRow, ...]:
    """The customers with the first few of their deployments. Three queries, however many they have."""
    rank = Window(
        RowNumber(), partition_by="customer", order_by=[F("deployment__created_at").asc(), F("deployment_id").asc()]
    )
    there = Holding.objects.filter(customer__in=shown, deployment__gone_at=None)
    first = there.annotate(rank=rank).filter(rank__lte=_SHOWN_DEPLOYMENTS).values_list("customer_id", "deployment_id")
    held: dict[int, list[int]] = {}
    for customer_id, deployment_id in first.order_by("customer_id", "rank"):
        held.setdefault(customer_id, []).append(deployment_id)
    deployments = Deployment.objects.for_summary().in_bulk({pk for pks in held.values() for pk in pks})
    summaries.attach_versions(deployments.values())
    return tuple(
        CustomerRow(
            customer=summaries.summarize_customer(customer, by=by),
            deployments=tuple(
                summaries.summarize_deployment(deployments[pk], customer, by=by) for pk in held.get(customer.pk, ())
            ),
            deployments_count=customer.deployments_count,
            last_published_at=customer.last_published_at,
        )
        for customer in shown
    )
