"""Customers: who there is, and the door to one of them."""

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import EmptyPage, Paginator
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from portal.models import Customer, Deployment, Freshness, Holding
from portal.models.freshness import SWEEP
from portal.models.prepared import Prepared
from portal.permissions import Person
from portal.services import clean_text
from portal.services.errors import NotFound
from portal.services.queries import ages, summaries
from portal.services.queries.schemas import Age, CustomerSummary, DeploymentSummary
from portal.services.sync.fetch import sweeps

PAGE = 50
_SORTS = {
    "name": (F("name").asc(), F("pk").asc()),
    "-name": (F("name").desc(), F("pk").desc()),
    "recent": (F("last_published_at").desc(nulls_last=True), F("pk").asc()),
    "apps": (F("deployments_count").desc(), F("name").asc(), F("pk").asc()),
}
_SHOWN_DEPLOYMENTS = 3
_WITH_ITS_STATE = Customer.objects.select_related("freshness", "connection__bucket")
_CUSTOMER: Prepared[Customer] = Prepared(lambda slug: _WITH_ITS_STATE.filter(slug=slug))
_ONE_OF: Prepared[Customer] = Prepared(lambda slug, scope: _WITH_ITS_STATE.filter(slug=slug, pk__in=scope))


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer in the list: its deployments (the first few), how many there are, and its last publish."""

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
    """Some customers, one after the other. `following` is the slug of the last if more come after it."""

    rows: tuple[CustomerRow, ...]
    total: int
    following: str
    age: Age


def seen_by(by: Person) -> QuerySet[Customer]:
    """The customers a person may see. Everything else is found through these."""
    if by.scope is None:
        return Customer.objects.all()
    return Customer.objects.filter(pk__in=by.scope)


def get_customer(*, by: Person, slug: str) -> Customer:
    """Raises NotFound for an unknown customer and for a stranger, who are never told apart."""
    slug = clean_text.storable(slug)
    if by.scope is None:
        customer = _CUSTOMER.first(slug)
    else:
        customer = _ONE_OF.first(slug, sorted(by.scope)) if by.scope else None
    if customer is None or (customer.is_unassigned and not by.is_staff):
        raise NotFound
    return customer


def freshness_of(customer: Customer) -> Freshness | None:
    """How old this customer's deployments are, from the row that came with `get_customer`."""
    return getattr(customer, "freshness", None)


def list_customers(*, by: Person, search: str = "", sort: str = "name", page: int = 1, now: datetime) -> CustomerList:
    """The customers this person may see. Raises NotFound for a page that does not exist."""
    sort = sort if sort in _SORTS else "name"
    text = clean_text.line(search, most=100)
    paginator = Paginator(_found(by, text).order_by(*_SORTS[sort]), PAGE)
    try:
        shown = paginator.page(page)
    except EmptyPage:
        raise NotFound from None
    return CustomerList(
        rows=_rows(list(shown.object_list), by=by),
        total=paginator.count,
        page=page,
        pages=paginator.num_pages,
        search=text,
        sort=sort,
        age=_age(now=now),
    )


def list_behind(*, by: Person, search: str = "", sort: str = "name", after: str = "", now: datetime) -> CustomerPart:
    """The same behind the customer with the slug `after`: nobody comes twice or not at all, whoever appears meanwhile.

    Raises NotFound for an unknown `after` and a stranger's.
    """
    found = _found(by, clean_text.line(search, most=100))
    behind = found.filter(_behind(get_customer(by=by, slug=after), sort)) if after else found
    rows = list(behind.order_by(*_SORTS[sort])[: PAGE + 1])
    shown = rows[:PAGE]
    return CustomerPart(
        rows=_rows(shown, by=by),
        total=found.count(),
        following=shown[-1].slug if len(rows) > PAGE else "",
        age=_age(now=now),
    )


def _found(by: Person, text: str) -> QuerySet[Customer]:
    rows = seen_by(by)
    if not by.is_staff:
        rows = rows.exclude(is_unassigned=True)
    elif not text:
        # Unassigned is a place to look into, not a customer, until something is in it.
        rows = rows.exclude(Q(is_unassigned=True) & ~Exists(Holding.objects.filter(customer=OuterRef("pk"))))
    for word in clean_text.search_key(text).split():
        rows = rows.filter(search__contains=word)
    return rows


def _behind(one: Customer, sort: str) -> Q:
    """What `_SORTS` puts behind this one."""
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


def list_homes(*, by: Person) -> tuple[CustomerSummary, ...]:
    """The customers this person belongs to (for `/` and the frame): for customers' people their own, for staff none."""
    if by.is_staff:
        return ()
    return tuple(summaries.head(customer, by=by) for customer in seen_by(by).order_by("name", "pk"))


def _age(*, now: datetime) -> Age:
    """The list is as old as the last sweep; twice its interval is still as it should be."""
    sweep = Freshness.objects.filter(scope=SWEEP).first()
    read_at = sweep.read_at if sweep else None
    generation = int(read_at.timestamp()) if read_at else 0
    return ages.of(sweep, generation=generation, filling=read_at is None, now=now, fresh=2 * sweeps.get_interval())


def _rows(shown: list[Customer], *, by: Person) -> tuple[CustomerRow, ...]:
    """The customers with the first few of their deployments. Two queries, whatever they have."""
    place = Window(
        RowNumber(), partition_by="customer", order_by=[F("deployment__created_at").asc(), F("deployment_id").asc()]
    )
    there = Holding.objects.filter(customer__in=shown, deployment__gone_at=None)
    first = (
        there.annotate(place=place).filter(place__lte=_SHOWN_DEPLOYMENTS).values_list("customer_id", "deployment_id")
    )
    held: dict[int, list[int]] = {}
    for customer_id, deployment_id in first.order_by("customer_id", "place"):
        held.setdefault(customer_id, []).append(deployment_id)
    deployments = (
        Deployment.objects.filter(pk__in={pk for pks in held.values() for pk in pks})
        .select_related("live_version", "staged_version", "newest_version")
        .in_bulk()
    )
    return tuple(
        CustomerRow(
            customer=summaries.head(customer, by=by),
            deployments=summaries.deployments((deployments[pk] for pk in held.get(customer.pk, ())), customer, by=by),
            deployments_count=customer.deployments_count,
            last_published_at=customer.last_published_at,
        )
        for customer in shown
    )
