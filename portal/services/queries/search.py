"""Search for customers, deployments and versions by name, #number, id or hash."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from django.db.models import Q, QuerySet
from django.utils.translation import ngettext

from portal.models import Customer, Deployment, Holding, Version
from portal.permissions import Person
from portal.services import clean_text, open_words
from portal.services.queries import customers, summaries
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary

_MOST = 20
_MOST_TO_SWITCH = 8
_MOST_TEXT = 200
_MOST_WORDS = 12
_HASH = 64
_NUMBER = re.compile(r"#(\d{1,9})")


class Kind(StrEnum):
    CUSTOMER = "customer"
    DEPLOYMENT = "deployment"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result. `detail` is a short second line; ids are empty if they do not apply.

    `deployment` is set for one.
    """

    kind: Kind
    title: str
    detail: str
    slug: str
    deployment_id: str = ""
    version_id: str = ""
    deployment: DeploymentSummary | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """At most 20 hits, best first. `more`: there were more."""

    text: str
    hits: tuple[Hit, ...]
    more: bool


def find(*, by: Person, text: str, now: datetime) -> Found:
    """Searches only what this person may see."""
    clean = clean_text.clean_line(text, most=200)
    if not clean:
        return Found("", (), more=False)
    hits = list(islice(_hits(clean, by=by), _MOST + 1))
    return Found(clean, tuple(hits[:_MOST]), more=len(hits) > _MOST)


def find_customers(*, by: Person, text: str) -> tuple[CustomerSummary, ...]:
    """The first few whose name, id or slug has these words, to change to one of them."""
    rows = _visible(by)
    for word in _words(text):
        rows = rows.filter(search__contains=word)
    found = rows.order_by("name", "pk")[:_MOST_TO_SWITCH]
    return tuple(summaries.summarize_customer(customer, by=by) for customer in found)


def _visible(by: Person) -> QuerySet[Customer]:
    seen = customers.list_visible(by)
    return seen if by.is_staff else seen.exclude(is_unassigned=True)


def _words(text: str) -> list[str]:
    key = clean_text.make_search_key(clean_text.clean_line(text, most=_MOST_TEXT))
    return list(dict.fromkeys(key.split()))[:_MOST_WORDS]


def _hits(text: str, *, by: Person) -> Iterator[Hit]:
    seen = customers.list_visible(by).exclude(is_unassigned=True) if not by.is_staff else customers.list_visible(by)
    yield from _exact(text, seen, by=by)
    number = _NUMBER.search(text)
    words = list(dict.fromkeys(clean_text.make_search_key(_NUMBER.sub(" ", text)).split()))[:_MOST_WORDS]
    if not number:
        yield from _customers(words, seen, by=by)
        yield from _deployments(words, seen, by=by)
    else:
        yield from _numbered(int(number[1]), words, seen, by=by)


def _exact(text: str, seen: QuerySet[Customer], *, by: Person) -> Iterator[Hit]:
    versions = Version.objects.filter(deployment__holdings__customer__in=seen)
    if not by.sees_everyone:
        versions = versions.filter(customer__in=seen)
    found = versions.filter(artifact_sha256=text.lower()) if len(text) == _HASH else versions.filter(miosa_id=text)
    for version in _distinct(found.order_by("-created_at", "-number")):
        yield _version_hit(version, seen, by=by)
    for deployment in Deployment.objects.filter(miosa_id=text, holdings__customer__in=seen).distinct():
        yield from _deployment_hits([deployment], seen, by=by)


def _customers(words: list[str], seen: QuerySet[Customer], *, by: Person) -> Iterator[Hit]:
    rows = seen
    for word in words:
        rows = rows.filter(search__contains=word)
    for customer in rows.order_by("name", "pk")[: _MOST + 1]:
        count = customer.deployments_count
        detail = ngettext("%(count)s app", "%(count)s apps", count) % {"count": count}
        yield Hit(Kind.CUSTOMER, open_words.show_text(customer.name, by=by), detail, customer.slug)


def _deployments(words: list[str], seen: QuerySet[Customer], *, by: Person) -> Iterator[Hit]:
    rows = Deployment.objects.filter(holdings__customer__in=seen)
    for word in words:
        rows = rows.filter(search__contains=word)
    yield from _deployment_hits(list(rows.distinct().order_by("name", "pk")[: _MOST + 1]), seen, by=by)


def _numbered(number: int, words: list[str], seen: QuerySet[Customer], *, by: Person) -> Iterator[Hit]:
    """`booking #12`, `acme #12`, or just `#12`. The number is looked up for each deployment, by an index."""
    deployments = Deployment.objects.filter(holdings__customer__in=seen, gone_at=None)
    for word in words:
        # Only customers this person may see: a shared app must not reveal, letter by letter, who else is on it.
        named = Holding.objects.filter(customer__in=seen, customer__search__contains=word)
        deployments = deployments.filter(Q(search__contains=word) | Q(pk__in=named.values("deployment")))
    chosen = list(deployments.distinct().order_by("-updated_at").values_list("pk", flat=True)[:500])
    rows = Version.objects.filter(deployment__in=chosen, number=number)
    if not by.sees_everyone:
        rows = rows.filter(customer__in=seen)
    for version in rows.select_related("deployment", "customer").order_by("-created_at", "-number")[: _MOST + 1]:
        yield _version_hit(version, seen, by=by)


def _distinct(rows: QuerySet[Version]) -> Iterator[Version]:
    given = set()
    for version in rows.select_related("deployment", "customer")[: 2 * _MOST]:
        if version.pk not in given:
            given.add(version.pk)
            yield version


def _version_hit(version: Version, seen: QuerySet[Customer], *, by: Person) -> Hit:
    customer = version.customer or seen.filter(holdings__deployment=version.deployment).order_by("pk").first()
    label = f"#{version.number}" if version.number is not None else version.miosa_id
    return Hit(
        Kind.VERSION,
        f"{open_words.show_text(version.deployment.name, by=by)} {label}",
        open_words.show_text(customer.name, by=by) if customer else "",
        customer.slug if customer else "",
        version.deployment.miosa_id,
        version.miosa_id,
    )


def _deployment_hits(deployments: list[Deployment], seen: QuerySet[Customer], *, by: Person) -> Iterator[Hit]:
    """Each with its state, through a customer that this person may see, the owner first."""
    summaries.attach_versions(deployments)
    for deployment in deployments:
        customer = seen.filter(holdings__deployment=deployment).order_by("-holdings__owns", "pk").first()
        if customer is not None:
            summary = summaries.summarize_deployment(deployment, customer, by=by)
            name = open_words.show_text(customer.name, by=by)
            yield Hit(Kind.DEPLOYMENT, summary.name, name, customer.slug, deployment.miosa_id, deployment=summary)
