"""Search for customers, deployments, versions, domains, people and sandboxes by name, #number, id or hash."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from django.db.models import Q, QuerySet

from portal.models import Customer, Deployment, Domain, Holding, User, Version
from portal.permissions import Permission, Person, has_permission
from portal.services import clean_text, open_words
from portal.services.queries import customers, summaries
from portal.services.queries.schemas import CustomerSummary
from portal.services.queries.search_hits import (
    Found,
    Hit,
    Kind,
    Place,
    make_app_hit,
    make_customer_hit,
    make_version_hit,
)

_MOST = 20
_MOST_OF_A_KIND = 5
_MOST_TO_SWITCH = 8
_MOST_TEXT = 200
_MOST_WORDS = 12
_MOST_NUMBERED = 500
_HASH = 64
_NUMBER = re.compile(r"#(\d{1,9})")
_DIGITS = re.compile(r"(?:^|\s)(\d{1,9})$")


@dataclass(frozen=True, slots=True)
class App:
    """A deployment through a customer that the person may see, the owner first."""

    row: Deployment
    customer: Customer
    is_at_place: bool = False

    def has(self, words: Iterable[str]) -> bool:
        return all(word in self.row.search or word in self.customer.search for word in words)


class Query:
    """What was typed, by whom and where.

    `names` are the words without the number of a version; `subject_words` those of what an action is for, or of what is
    searched for. `is_for_place`: only an action was typed, so it is for what is at hand.
    """

    def __init__(self, text: str, subject: str | None, *, by: Person, place: Place) -> None:
        self.text, self.by, self.place = text, by, place
        self.seen = _visible(by)
        names, self.number = _split_number(text)
        self.names = _words(names)
        about = self.names if subject is None else _words(_split_number(subject)[0])
        self.subject_words = about or _words(text)
        self.is_for_place = subject is not None and not about
        self.is_one_word = " " not in text


def find(*, by: Person, text: str, subject: str | None = None, place: Place | None = None) -> Found:
    """Searches only what this person may see, in at most nine queries.

    `subject` is `text` without the words that name an action, None if none does. If it is empty, the action is for what
    `place` shows.
    """
    clean = clean_text.clean_line(text, most=_MOST_TEXT)
    if not clean and subject is None:
        return Found("", (), more=False)
    query = Query(clean, subject, by=by, place=place or Place())
    apps, found = _apps(query), _customers(query)
    hits = list(_hits(query, apps, found)) if clean else []
    targets = list(_targets(query, apps, found)) if subject is not None else []
    return Found(clean, tuple(hits[:_MOST]), more=len(hits) > _MOST, targets=tuple(targets))


def find_customers(*, by: Person, text: str) -> tuple[CustomerSummary, ...]:
    """The first few whose name, id or slug has these words, to change to one of them."""
    rows = _with_words(_visible(by), _words(text)).order_by("name", "pk")[:_MOST_TO_SWITCH]
    return tuple(summaries.summarize_customer(customer, by=by) for customer in rows)


def _hits(query: Query, apps: list[App], found: list[Customer]) -> Iterator[Hit]:
    text, by, seen = query.text, query.by, query.seen
    words = _words(text)
    if query.is_one_word:
        yield from _exact_versions(text, seen, by=by)
    if query.number is not None:
        yield from _numbered(query.number, query.names, seen, by=by)
    if "#" in text:
        return
    yield from (make_customer_hit(each, by=by) for each in found if all(word in each.search for word in words))
    yield from (
        make_app_hit(each.row, each.customer, by=by) for each in apps if each.has(words) or each.row.miosa_id == text
    )
    yield from _domains(words, seen, by=by)
    yield from _people(words, by=by)
    if not query.is_one_word:
        yield from _sandboxes(words, query.place, seen, by=by)


def _targets(query: Query, apps: list[App], found: list[Customer]) -> Iterator[Hit]:
    for customer in found:
        if not query.is_for_place or customer.slug == query.place.slug:
            yield make_customer_hit(customer, by=query.by)
    for app in apps:
        if app.is_at_place == query.is_for_place:
            yield make_app_hit(app.row, app.customer, by=query.by)


def _visible(by: Person) -> QuerySet[Customer]:
    seen = customers.list_visible(by)
    return seen if by.is_staff else seen.exclude(is_unassigned=True)


def _words(text: str) -> list[str]:
    key = clean_text.make_search_key(clean_text.clean_line(text, most=_MOST_TEXT))
    return list(dict.fromkeys(key.split()))[:_MOST_WORDS]


def _split_number(text: str) -> tuple[str, int | None]:
    """`main site #24` and `main site 24`: the words, and the number of a version."""
    found = _NUMBER.search(text) or _DIGITS.search(text)
    return (text[: found.start()] + text[found.end() :], int(found[1])) if found else (text, None)


def _with_words(rows: QuerySet[Customer], words: list[str]) -> QuerySet[Customer]:
    for word in words:
        rows = rows.filter(search__contains=word)
    return rows


def _customers(query: Query) -> list[Customer]:
    """Those with the words; if only an action was typed, also the one at hand."""
    rows = _with_words(query.seen, query.subject_words) if query.subject_words else query.seen.none()
    if query.is_for_place:
        rows |= query.seen.filter(slug=query.place.slug)
    return list(rows.order_by("name", "pk")[: _MOST + 1])


def _filter_apps(words: list[str], seen: QuerySet[Customer]) -> QuerySet[Deployment]:
    """Each word is in the app's name or in that of a customer on it whom this person may see.

    Of no others: a shared app must not reveal, letter by letter, who else is on it.
    """
    rows = Deployment.objects.filter(holdings__customer__in=seen)
    for word in words:
        named = Holding.objects.filter(customer__in=seen, customer__search__contains=word)
        rows = rows.filter(Q(search__contains=word) | Q(pk__in=named.values("deployment")))
    return rows.distinct()


def _apps(query: Query) -> list[App]:
    """Those with the words, named so first. If only an action was typed, also those at hand."""
    at_place = _list_at_place(query) if query.is_for_place else []
    words = query.subject_words
    rows = list(_filter_apps(words, query.seen).order_by("name", "pk")[: _MOST + 1]) if words else []
    if not rows and query.is_one_word:
        rows = list(Deployment.objects.filter(miosa_id=query.text, holdings__customer__in=query.seen).distinct())
    pks = {row.pk for row in at_place}
    rows = at_place + [row for row in rows if row.pk not in pks]
    apps = [replace(app, is_at_place=app.row.pk in pks) for app in _through_customers(rows, query.seen)]
    return sorted(apps, key=lambda app: not all(word in app.row.search for word in words))


def _list_at_place(query: Query) -> list[Deployment]:
    """The app at hand, those of the customer at hand, or else those that changed last."""
    rows = Deployment.objects.filter(holdings__customer__in=query.seen, gone_at=None).distinct()
    if query.place.deployment_id:
        rows = rows.filter(miosa_id=query.place.deployment_id)
    elif query.place.slug:
        rows = rows.filter(holdings__customer__in=query.seen.filter(slug=query.place.slug))
    return list(rows.order_by("-updated_at", "pk")[:_MOST_OF_A_KIND])


def _through_customers(rows: list[Deployment], seen: QuerySet[Customer]) -> list[App]:
    """Two queries, however many rows."""
    summaries.attach_versions(rows)
    first = _find_first_customers((row.pk for row in rows), seen)
    return [App(row, first[row.pk]) for row in rows if row.pk in first]


def _find_first_customers(deployments: Iterable[int], seen: QuerySet[Customer]) -> dict[int, Customer]:
    """By `Deployment.id`: the owner, or else the first customer with something on it, whom this person may see."""
    holdings = Holding.objects.filter(deployment__in=list(deployments), customer__in=seen)
    first: dict[int, Customer] = {}
    for holding in holdings.order_by("-owns", "customer_id").select_related("customer__connection"):
        first.setdefault(holding.deployment_id, holding.customer)
    return first


def _version_hits(versions: Iterable[Version], seen: QuerySet[Customer], *, by: Person) -> Iterator[Hit]:
    """One query if some belong to no customer for certain: they are found through the customers on their app."""
    rows = list(versions)
    unowned = {row.deployment_id for row in rows if row.customer is None}
    first = _find_first_customers(unowned, seen) if unowned else {}
    for row in rows:
        yield make_version_hit(row, row.customer or first.get(row.deployment_id), by=by)


def _exact_versions(text: str, seen: QuerySet[Customer], *, by: Person) -> Iterator[Hit]:
    versions = Version.objects.filter(deployment__holdings__customer__in=seen)
    if not by.sees_everyone:
        versions = versions.filter(customer__in=seen)
    found = versions.filter(artifact_sha256=text.lower()) if len(text) == _HASH else versions.filter(miosa_id=text)
    rows = found.select_related("deployment", "customer").order_by("-created_at", "-number")[: 2 * _MOST]
    yield from _version_hits({row.pk: row for row in rows}.values(), seen, by=by)


def _numbered(number: int, words: list[str], seen: QuerySet[Customer], *, by: Person) -> Iterator[Hit]:
    """`booking #12`, `acme 12`, or just `#12`. The number is looked up for each deployment, by an index."""
    recent = _filter_apps(words, seen).filter(gone_at=None).order_by("-updated_at")
    rows = Version.objects.filter(deployment__in=recent.values("pk")[:_MOST_NUMBERED], number=number)
    if not by.sees_everyone:
        rows = rows.filter(customer__in=seen)
    found = rows.select_related("deployment", "customer").order_by("-created_at", "-number")[: _MOST + 1]
    yield from _version_hits(found, seen, by=by)


def _domains(words: list[str], seen: QuerySet[Customer], *, by: Person) -> Iterator[Hit]:
    rows = Domain.objects.filter(gone_at=None, customer__in=seen)
    for word in words:
        rows = rows.filter(name__contains=word)
    for domain in rows.select_related("deployment", "customer").order_by("name", "pk")[:_MOST_OF_A_KIND]:
        if domain.customer is not None:
            app = open_words.show_text(domain.deployment.name, by=by)
            app_id = domain.deployment.miosa_id
            yield Hit(Kind.DOMAIN, domain.name, app, domain.customer.slug, app_id, domain_id=domain.miosa_id)


def _people(words: list[str], *, by: Person) -> Iterator[Hit]:
    if not has_permission(by, Permission.MANAGE_PEOPLE):
        return
    rows = User.objects.all()
    for word in words:
        rows = rows.filter(Q(name__icontains=word) | Q(email__icontains=word))
    for user in rows.order_by("name", "pk")[:_MOST_OF_A_KIND]:
        yield Hit(Kind.PERSON, user.name or user.email, user.email, user_id=user.pk)


def _sandboxes(words: list[str], place: Place | None, seen: QuerySet[Customer], *, by: Person) -> Iterator[Hit]:
    """Those that versions of the customer at hand were made from, found by no more than is shown of their names."""
    if place is None or not place.slug:
        return
    rows = Version.objects.filter(customer__in=seen.filter(slug=place.slug)).exclude(source_sandbox_name="")
    for word in words:
        rows = rows.filter(source_sandbox_name__icontains=word)
    for name in rows.values_list("source_sandbox_name", flat=True).distinct().order_by("source_sandbox_name")[:3]:
        shown = open_words.show_text(name, by=by)
        if all(word in shown.casefold() for word in words):
            yield Hit(Kind.SANDBOX, shown, "", place.slug)
