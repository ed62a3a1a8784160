"""The list of customers: each with its apps, counted by state, and how far the first reading of all apps is."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s

from django.core.paginator import Paginator
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from portal.models import Connection, Customer, CustomerTag, Deployment, Holding
from portal.permissions import Person
from portal.services import clean_text
from portal.services.errors import NotFound
from portal.services.queries import actions, ages, app_counts, attention_filters, fills, summaries
from portal.services.queries.app_counts import AppCounts
from portal.services.queries.attention_filters import AttentionFilters
from portal.services.queries.customers import get_customer, get_freshness, list_visible
from portal.services.queries.schemas import Age, CustomerSummary, DeploymentSummary, Fill

PAGE_SIZE = 50
_SORTS = {
    "name": (F("name").asc(), F("pk").asc()),
    "-name": (F("name").desc(), F("pk").desc()),
    "recent": (F("last_published_at").desc(nulls_last=True), F("pk").asc()),
    "apps": (F("deployments_count").desc(), F("name").asc(), F("pk").asc()),
}
# Of each customer, in the API and on the page of somebody with several customers.
SHOWN_DEPLOYMENTS = 3
NO_FILTERS = AttentionFilters()


@dataclass(frozen=True, slots=True)
class LoadedList:
    """The customers of one page. By their primary keys: `counts`, `tags`, and in `held` the first few deployments.

    `sort` is name, -name, recent or apps; `search` as cleaned. `page` and `pages` are 0 for a part that continues
    behind a customer; `following` is then the slug of the last if more come after it.
    """

    customers: tuple[Customer, ...]
    held: Mapping[int, tuple[Deployment, ...]]
    counts: Mapping[int, AppCounts]
    tags: Mapping[int, tuple[str, ...]]
    total: int
    search: str
    sort: str
    filters: AttentionFilters = NO_FILTERS
    page: int = 0
    pages: int = 0
    following: str = ""

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """In the order in which the page shows them."""
        return tuple(one for customer in self.customers for one in self.held.get(customer.pk, ()))


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer in a list, with its apps counted, and the first few of them.

    `tags` are for staff, who alone can set them.
    `is_unread`: its deployments, or the versions of some, were never read. Then a missing `last_published_at` is not
    known, and no deployments does not mean that there are none.
    """

    customer: CustomerSummary
    deployments: tuple[DeploymentSummary, ...]
    deployments_count: int
    last_published_at: datetime | None
    is_unread: bool
    apps: AppCounts
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CustomerList:
    """A page of customers, or a part that continues behind one; see `LoadedList`.

    `fill`: how far the first reading is, None once it has ended.
    """

    rows: tuple[CustomerRow, ...]
    total: int
    page: int
    pages: int
    following: str
    search: str
    sort: str
    filters: AttentionFilters
    known_tags: tuple[str, ...]
    age: Age
    fill: Fill | None


def find_customers(
    *, by: Person, search: str = "", filters: AttentionFilters = NO_FILTERS, now: datetime
) -> QuerySet[Customer]:
    """Those this person may see, by words of name and id, and for staff by tag, person and problem."""
    rows = _found(by, clean_text.clean_line(search, most=100))
    return attention_filters.filter_customers(rows, filters, by=by, now=now) if filters and by.is_staff else rows


def load_page(
    *,
    by: Person,
    search: str = "",
    sort: str = "name",
    page: int = 1,
    filters: AttentionFilters = NO_FILTERS,
    now: datetime,
) -> LoadedList:
    """A page of the customers that this person may see; beyond the last one the last, since the list gets shorter too.

    Raises NotFound for a page below 1.
    """
    sort = sort if sort in _SORTS else "name"
    filters = filters if by.is_staff else NO_FILTERS
    text = clean_text.clean_line(search, most=100)
    found = find_customers(by=by, search=text, filters=filters, now=now)
    paginator = Paginator(found.order_by(*_SORTS[sort]), PAGE_SIZE)
    if page < 1:
        raise NotFound
    page = min(page, paginator.num_pages)
    customers = tuple(paginator.page(page).object_list)
    return LoadedList(
        customers,
        held=_load_deployments(customers, most=SHOWN_DEPLOYMENTS),
        counts=app_counts.count_apps(customers, by=by),
        tags=_load_tags(customers, by=by),
        total=paginator.count,
        search=text,
        sort=sort,
        filters=filters,
        page=page,
        pages=paginator.num_pages,
    )


def load_after(
    *,
    by: Person,
    search: str = "",
    sort: str = "name",
    after: str = "",
    most_deployments: int = SHOWN_DEPLOYMENTS,
    filters: AttentionFilters = NO_FILTERS,
    now: datetime,
) -> LoadedList:
    """The same from behind the customer with the slug `after`: new customers put nobody on two pages or on none.

    Raises NotFound for an unknown `after` and one this person may not see.
    """
    sort = sort if sort in _SORTS else "name"
    text = clean_text.clean_line(search, most=100)
    found = find_customers(by=by, search=text, filters=filters, now=now)
    rest = found.filter(_is_after(get_customer(by=by, slug=after), sort)) if after else found
    rows = list(rest.order_by(*_SORTS[sort])[: PAGE_SIZE + 1])
    customers = tuple(rows[:PAGE_SIZE])
    return LoadedList(
        customers,
        held=_load_deployments(customers, most=most_deployments),
        counts=app_counts.count_apps(customers, by=by),
        tags=_load_tags(customers, by=by),
        total=found.count(),
        search=text,
        sort=sort,
        following=customers[-1].slug if len(rows) > PAGE_SIZE else "",
    )


def get_list(loaded: LoadedList, *, by: Person, now: datetime) -> CustomerList:
    unread_ids = _list_unread_ids(loaded.customers)
    sweep = ages.find_sweep()
    fill = fills.get_fill(sweep, by=by)
    return CustomerList(
        rows=tuple(
            CustomerRow(
                customer=summaries.summarize_customer(customer, by=by),
                deployments=tuple(
                    actions.summarize_with_actions(deployment, customer, by=by)
                    for deployment in loaded.held.get(customer.pk, ())
                ),
                deployments_count=customer.deployments_count,
                last_published_at=customer.last_published_at,
                is_unread=customer.pk in unread_ids,
                apps=loaded.counts.get(customer.pk, app_counts.NO_APPS),
                tags=loaded.tags.get(customer.pk, ()),
            )
            for customer in loaded.customers
        ),
        total=loaded.total,
        page=loaded.page,
        pages=loaded.pages,
        following=loaded.following,
        search=loaded.search,
        sort=loaded.sort,
        filters=loaded.filters,
        known_tags=list_tags(by=by) if by.is_staff else (),
        age=ages.get_list_age(
            sweep,
            Connection.objects.select_related("bucket").first(),
            generation=_make_generation(loaded, unread_ids, fill, by=by),
            filling=bool(unread_ids) or (fill is not None and fill.is_listing),
            changing=any(summaries.is_being_built(deployment, by=by) for deployment in loaded.deployments),
            is_first_fill=fill is not None,
            now=now,
        ),
        fill=fill,
    )


def iterate_rows(
    *, by: Person, search: str = "", sort: str = "name", filters: AttentionFilters = NO_FILTERS, now: datetime
) -> Iterator[CustomerRow]:
    """All customers that are found, read a page at a time."""
    after = ""
    while True:
        loaded = load_after(by=by, search=search, sort=sort, after=after, filters=filters, now=now)
        yield from get_list(loaded, by=by, now=now).rows
        after = loaded.following
        if not after:
            return


def _found(by: Person, text: str) -> QuerySet[Customer]:
    rows = list_visible(by).select_related("freshness", "connection")
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


def list_tags(*, by: Person) -> tuple[str, ...]:
    """All that the customers have whom this person may see."""
    tags = CustomerTag.objects.all() if by.scope is None else CustomerTag.objects.filter(customer__in=by.scope)
    return tuple(tags.order_by("tag").values_list("tag", flat=True).distinct())


def _load_tags(customers: Iterable[Customer], *, by: Person) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    tagged = CustomerTag.objects.filter(customer__in=customers).order_by("tag") if by.is_staff else ()
    for row in tagged:
        found[row.customer_id] = (*found.get(row.customer_id, ()), row.tag)
    return found


def _load_deployments(customers: Iterable[Customer], *, most: int) -> dict[int, tuple[Deployment, ...]]:
    """The first few of each. Three queries, however many they have."""
    rank = Window(
        RowNumber(), partition_by="customer", order_by=[F("deployment__created_at").asc(), F("deployment_id").asc()]
    )
    there = Holding.objects.filter(customer__in=customers, deployment__gone_at=None)
    first = there.annotate(rank=rank).filter(rank__lte=most).values_list("customer_id", "deployment_id")
    held: dict[int, list[int]] = {}
    for customer_id, deployment_id in first.order_by("customer_id", "rank"):
        held.setdefault(customer_id, []).append(deployment_id)
    deployments = Deployment.objects.for_summary().in_bulk({pk for pks in held.values() for pk in pks})
    summaries.attach_versions(deployments.values())
    return {customer_id: tuple(deployments[pk] for pk in pks) for customer_id, pks in held.items()}


def _list_unread_ids(customers: Iterable[Customer]) -> set[int]:
    """Those whose deployments, or the versions of some, were never read."""
    pks = [customer.pk for customer in customers]
    holdings = Holding.objects.filter(customer__in=pks, deployment__in=Deployment.objects.unread())
    unlisted = {one.pk for one in customers if (row := get_freshness(one)) is None or row.read_at is None}
    return unlisted | set(holdings.values_list("customer_id", flat=True))


def _make_generation(loaded: LoadedList, unread_ids: set[int], fill: Fill | None, *, by: Person) -> str:
    shown = [
        (customer.pk, ages.get_generation(customer, by=by), customer.pk in unread_ids, loaded.tags.get(customer.pk))
        for customer in loaded.customers
    ]
    return blake2s(repr((shown, loaded.total, fill)).encode(), digest_size=8).hexdigest()
