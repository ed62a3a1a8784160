"""Search in the audit log: newest first, by keyset, however long it is.

One condition on customer, person, kind or outcome is answered by its index. With more, or with a text, the newest
20,000 events of the first of them are searched; the page says how far back that was, and goes on from there.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from portal.models import AuditEvent

PAGE_SIZE = 50
WINDOW = 20_000


@dataclass(frozen=True, slots=True)
class Where:
    """`customers` None means every event. Each collection with one value has an index. `kind` is a whole kind, or the
    noun that many begin with.

    Numbers follow times, so `since` and `until` are turned into numbers. `text` is lower-cased; `names` is the same as
    it was typed, which finds people by name or e-mail, addresses and request ids: for staff only. `is_by_staff`: by the
    platform's staff. `unknown_person`: a name or an e-mail that no account has, of somebody removed or of a command.
    """

    customers: Collection[int] | None = None
    people: Collection[int] | None = None
    kind: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    names: str = ""
    is_by_staff: bool | None = None
    unknown_person: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """`searched_back_to`: the search stopped at its window, and `next_cursor` goes on from there."""

    rows: tuple[AuditEvent, ...]
    next_cursor: int
    searched_back_to: datetime | None


def search(where: Where, *, before: int, size: int) -> Found:
    """The newest events with a number below `before`, or at all."""
    if where.people == frozenset() or where.customers == frozenset():
        return Found((), 0, None)
    base = _list_between(where, before)
    indexed, rest = _split(where)
    if indexed is not None:
        base = base.filter(indexed)
    rows, end = base.order_by("-number"), None
    if rest is not None:
        # By its lowest number: PostgreSQL would read the whole log for a subquery with a limit.
        end = rows.values_list("number", flat=True)[WINDOW - 1 : WINDOW].first()
        rows = rows.filter(rest, number__gte=end) if end else rows.filter(rest)
    found = list(rows[: size + 1])
    if len(found) > size:
        return Found(tuple(found[:size]), found[size - 1].number, None)
    searched_back_to = AuditEvent.objects.get(number=end).at if end else None
    return Found(tuple(found), end or 0, searched_back_to)


def _list_between(where: Where, before: int) -> QuerySet[AuditEvent]:
    rows = AuditEvent.objects.all()
    if before:
        rows = rows.filter(number__lt=before)
    if where.since is not None:
        first = AuditEvent.objects.filter(at__gte=where.since).order_by("at", "number")
        number = first.values_list("number", flat=True).first()
        rows = rows.filter(number__gte=number) if number is not None else rows.none()
    if where.until is not None:
        last = AuditEvent.objects.filter(at__lt=where.until).order_by("-at", "-number")
        number = last.values_list("number", flat=True).first()
        rows = rows.filter(number__lte=number) if number is not None else rows.none()
    return rows


def _split(where: Where) -> tuple[Q | None, Q | None]:
    """The condition that an index answers, and all others; None if there are none."""
    conditions = [
        *_list_of("person_id", where.people),
        *_list_of("customer_id", where.customers),
        *([_of_kind(where.kind)] if where.kind else []),
        *([(True, Q(outcome=where.outcome))] if where.outcome else []),
    ]
    indexed = next((condition for has_index, condition in conditions if has_index), None)
    others = [condition for _has_index, condition in conditions if condition is not indexed]
    if where.text:
        others.append(_find_text(where))
    if where.unknown_person:
        others.append(Q(person_name__icontains=where.unknown_person) | Q(person_email__iexact=where.unknown_person))
    if where.is_by_staff is not None:
        of_staff = Q(person_role__in=("operator", "support")) | Q(way=AuditEvent.Way.COMMAND)
        others.append(of_staff if where.is_by_staff else ~of_staff)
    rest = Q()
    for condition in others:
        rest &= condition
    return indexed, rest if others else None


def _list_of(column: str, ids: Collection[int] | None) -> list[tuple[bool, Q]]:
    """With one value the index gives the order too."""
    if ids is None:
        return []
    if len(ids) == 1:
        return [(True, Q(**{column: next(iter(ids))}))]
    return [(False, Q(**{f"{column}__in": sorted(ids)}))]


def _of_kind(kind: str) -> tuple[bool, Q]:
    return (True, Q(kind=kind)) if "." in kind else (False, Q(kind__startswith=f"{kind}.") | Q(kind=kind))


def _find_text(where: Where) -> Q:
    found = Q(search__contains=where.text)
    if where.names:
        found |= Q(person_name__icontains=where.names) | Q(person_email__icontains=where.names)
        found |= Q(address=where.names) | Q(request_id=where.names)
    return found
