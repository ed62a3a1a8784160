"""The audit log as pages and exports show it: who did what, to what, from where, and whether it was done."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.models import AuditEvent, Customer, User
from portal.permissions import Permission, Person, has_permission, who_can
from portal.services import clean_text, open_words
from portal.services.errors import Forbidden, NotFound
from portal.services.people import staff_names
from portal.services.queries import activity_search, customers, operations, summaries
from portal.services.queries.activity_search import Where
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.schemas import CustomerSummary

_EXPORTED_AT_ONCE = 500
# How many people, or customers, one name may stand for.
_MOST_NAMED = 1000
# Facts about a customer that are the platform's own.
_FOR_STAFF = frozenset({"tags"})
_OPERATIONS = "operation."


@dataclass(frozen=True, slots=True)
class ActivityFilters:
    """As in the URL; empty means no filter. `person` and `customer` are pieces of a name, an e-mail or a slug."""

    person: str = ""
    customer: str = ""
    kind: str = ""
    outcome: str = ""
    date_from: date | None = None
    date_to: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One fact before and after; None where there was none."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ActivityEvent:
    """One event, limited to what the person may see.

    Of the platform's staff customers see no name, e-mail or address, and of nobody a request id. `operation` is what
    became of the operation that it started, None if there is none, or it may not be seen. `version` is the number of
    the version that it was about.
    """

    number: int
    at: datetime
    kind: str
    outcome: str
    way: str
    who: str
    role: str
    email: str
    customer: CustomerSummary | None
    customer_name: str
    target: str
    version: int | None
    changes: tuple[Change, ...]
    operation: OperationPage | None
    operation_key: UUID | None
    address: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Activity:
    """A page of the log. `customer` is None on the page of all. `next_cursor` is 0 at the end."""

    customer: CustomerSummary | None
    filters: ActivityFilters
    events: tuple[ActivityEvent, ...]
    next_cursor: int
    searched_back_to: datetime | None


def list_activity(*, by: Person, slug: str = "", filters: ActivityFilters, before: int = 0, now: datetime) -> Activity:
    """Newest first: of one customer, or for staff of all that they see. Raises NotFound, Forbidden."""
    customer = _get_customer(slug, by=by)
    where = _get_conditions(filters, customer, by=by)
    found = activity_search.search(where, before=before, size=activity_search.PAGE_SIZE)
    pages = operations.get_pages({row.operation for row in found.rows if row.operation}, by=by, now=now)
    return Activity(
        customer=summaries.summarize_customer(customer, by=by) if customer else None,
        filters=filters,
        events=tuple(_describe(found.rows, pages, by=by)),
        next_cursor=found.next_cursor,
        searched_back_to=found.searched_back_to,
    )


def iterate_activity(*, by: Person, slug: str = "", filters: ActivityFilters) -> Iterator[ActivityEvent]:
    """All events with these filters, read a few hundred at a time. Raises NotFound and Forbidden at once."""
    customer = _get_customer(slug, by=by)
    return _iterate(_get_conditions(filters, customer, by=by), by=by)


def _iterate(where: Where, *, by: Person) -> Iterator[ActivityEvent]:
    cursor = 0
    while True:
        found = activity_search.search(where, before=cursor, size=_EXPORTED_AT_ONCE)
        yield from _describe(found.rows, {}, by=by)
        cursor = found.next_cursor
        if not cursor:
            return


def _get_customer(slug: str, *, by: Person) -> Customer | None:
    if not slug:
        if not by.is_staff:
            raise NotFound
        return None
    customer = customers.get_customer(by=by, slug=slug)
    if not has_permission(by, Permission.READ_ACTIVITY, customer_id=customer.pk):
        text = _("You can view the history of this customer, but not who did what in the portal.")
        raise Forbidden(text, who_can=who_can(Permission.READ_ACTIVITY))
    return customer


def _get_conditions(filters: ActivityFilters, customer: Customer | None, *, by: Person) -> Where:
    where = Where(
        customers=_find_customers(filters, customer, by=by),
        kind=filters.kind,
        outcome=filters.outcome,
        since=_get_midnight(filters.date_from) if filters.date_from else None,
        until=_get_midnight(filters.date_to + timedelta(days=1)) if filters.date_to else None,
        text=clean_text.make_search_key(filters.text),
        names=clean_text.make_storable(filters.text) if by.is_staff else "",
    )
    return _add_person(where, filters.person, by=by) if filters.person else where


def _find_customers(filters: ActivityFilters, customer: Customer | None, *, by: Person) -> frozenset[int] | None:
    if customer is not None:
        return frozenset({customer.pk})
    if not filters.customer:
        return by.scope
    text = clean_text.make_storable(filters.customer)
    named = customers.list_visible(by).filter(Q(slug=text) | Q(search__contains=clean_text.make_search_key(text)))
    return frozenset(named.order_by("pk").values_list("pk", flat=True)[:_MOST_NAMED])


def _add_person(where: Where, text: str, *, by: Person) -> Where:
    """Customers find the platform's staff by the words that they see, and by nothing else."""
    sees_names = not staff_names.is_hidden("support", by=by)
    if not sees_names and text.casefold() in staff_names.get_support_name().casefold():
        return replace(where, is_by_staff=True)
    text = clean_text.make_storable(text)
    people = User.objects.filter(Q(name__icontains=text) | Q(email__iexact=text))
    if not by.is_staff:
        people = people.filter(staff_role="") if not sees_names else people
    ids = frozenset(people.order_by("pk").values_list("pk", flat=True)[:_MOST_NAMED])
    where = replace(where, is_by_staff=None if sees_names else False)
    return replace(where, people=ids) if ids else replace(where, unknown_person=text)


def _describe(
    rows: Iterable[AuditEvent], pages: Mapping[UUID, OperationPage], *, by: Person
) -> Iterator[ActivityEvent]:
    rows = list(rows)
    known = Customer.objects.in_scope(by.scope).in_bulk({row.customer_id for row in rows if row.customer_id})
    for row in rows:
        yield _build_event(row, pages, known, by=by)


def _build_event(
    row: AuditEvent, pages: Mapping[UUID, OperationPage], known: Mapping[int, Customer], *, by: Person
) -> ActivityEvent:
    customer = known.get(row.customer_id or 0)
    who, role, is_hidden = _show_who(row, by=by)
    version = (row.after or {}).get("version") if row.kind.startswith(_OPERATIONS) else None
    return ActivityEvent(
        number=row.number,
        at=row.at,
        kind=row.kind,
        outcome=row.outcome,
        way="" if is_hidden else row.way,
        who=who,
        role=role,
        email="" if is_hidden else row.person_email,
        customer=summaries.summarize_customer(customer, by=by) if customer else None,
        customer_name=open_words.show_text(row.customer_name, by=by),
        target=open_words.show_text(row.target, by=by),
        version=version if isinstance(version, int) else None,
        changes=tuple(_list_changes(row, by=by)),
        operation=pages.get(row.operation) if row.operation else None,
        operation_key=row.operation,
        address="" if is_hidden else row.address,
        request_id=row.request_id if by.is_staff else "",
    )


def _show_who(row: AuditEvent, *, by: Person) -> tuple[str, str, bool]:
    """Name, role, and whether both are hidden. To customers a command is the work of the platform's staff too."""
    is_command = row.way == AuditEvent.Way.COMMAND
    if staff_names.is_hidden("operator" if is_command else row.person_role, by=by):
        return staff_names.get_support_name(), "", True
    return open_words.show_text(row.person_name or row.person_email, by=by), row.person_role, False


def _list_changes(row: AuditEvent, *, by: Person) -> Iterator[Change]:
    """What is different. The version that was live before may be another customer's, so only staff see it."""
    hides_before = row.kind.startswith(_OPERATIONS) and not by.is_staff
    before, after = {} if hides_before else (row.before or {}), row.after or {}
    for name in dict.fromkeys([*before, *after]):
        old, new = _show_value(before.get(name), by=by), _show_value(after.get(name), by=by)
        if old != new and (by.is_staff or name not in _FOR_STAFF):
            yield Change(name, old, new)


def _show_value(value: Any, *, by: Person) -> Any:
    if isinstance(value, str):
        return open_words.show_text(value, by=by)
    if isinstance(value, list):
        return [_show_value(each, by=by) for each in value]
    if isinstance(value, dict):
        return {name: _show_value(each, by=by) for name, each in value.items()}
    return value


def _get_midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
