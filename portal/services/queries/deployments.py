"""One deployment: its live version, the version to roll back to, its timeline; and a customer's deployments."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet

from portal.models import Customer, Deployment, Freshness, Version
from portal.models.freshness import deployment_scope
from portal.models.versions import UNFINISHED
from portal.permissions import Person
from portal.services import clean_text, open_words
from portal.services.errors import NotFound
from portal.services.queries import (
    actions,
    ages,
    app_health,
    builds,
    customers,
    differences,
    filters,
    live_periods,
    summaries,
    timeline,
)
from portal.services.queries.app_health import AppCheck, DomainHealth, InstanceHealth
from portal.services.queries.builds import Build
from portal.services.queries.differences import Delta
from portal.services.queries.filters import Choices, Filters, Query
from portal.services.queries.live_periods import NO_PERIODS, Period
from portal.services.queries.schemas import Age, CustomerSummary, DeploymentSummary, VersionSummary
from portal.services.queries.timeline import Page

PAGE_SIZE = 50


class Condition(StrEnum):
    """How a version's period ended. `UNKNOWN`: nobody here saw it."""

    FAILED_CHECK = "failed_check"
    GOOD = "good"
    ROLLED_BACK = "rolled_back"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PreviousPeriod:
    """A version that was live, from when until when as far as that is known, and whether all was well with it."""

    version: VersionSummary
    began_at: datetime | None
    ended_at: datetime | None
    condition: Condition


@dataclass(frozen=True, slots=True)
class DeploymentPage:
    """Everything on a deployment's page. `last_good` is the version to roll back to, with the period it was live,
    as far as that is known. `before` is the version that was live before the live one; it need not be good.

    `check`, `domains` and `instances`: how it is doing, as far as that is stored, None if it is not. `staged_delta` is
    what differs between the staged and the live version. `notes` are sentences about filters that were ignored.

    `hosting_urls`, for staff, are the hosting service's addresses of the app that the page does not name otherwise.
    `shows_vendor_host`, for operators: customers see such an address. `is_cut`: on a shared deployment a customer's
    people see its name and their own versions only.
    """

    customer: CustomerSummary
    deployment: DeploymentSummary
    hosting_urls: tuple[str, ...]
    shows_vendor_host: bool
    last_good: VersionSummary | None
    last_good_from: datetime | None
    last_good_until: datetime | None
    before: PreviousPeriod | None
    check: AppCheck | None
    domains: DomainHealth | None
    instances: InstanceHealth | None
    staged_delta: Delta | None
    page: Page
    filters: Filters
    choices: Choices
    notes: tuple[str, ...]
    builds: tuple[Build, ...]
    has_builds_only: bool
    is_cut: bool
    source: str
    created_at: datetime | None
    gone_at: datetime | None
    age: Age


@dataclass(frozen=True, slots=True)
class DeploymentList:
    """Some of a customer's deployments in a row. `following` is the id of the last if more come after it."""

    customer: CustomerSummary
    results: tuple[DeploymentSummary, ...]
    following: str
    age: Age


def load(*, by: Person, slug: str, deployment_id: str) -> tuple[Customer, Deployment]:
    """A deployment and the customer it was found through. Raises NotFound, also without access to the customer."""
    customer = customers.get_customer(by=by, slug=slug)
    return customer, get_held(customer, deployment_id)


def get_held(customer: Customer, deployment_id: str) -> Deployment:
    """With its live, staged and newest version. Raises NotFound unless the customer has something on it."""
    try:
        return (
            Deployment.objects.held_by(customer.pk)
            .with_versions()
            .get(miosa_id=clean_text.make_storable(deployment_id))
        )
    except Deployment.DoesNotExist:
        raise NotFound from None


def get_freshness(deployment: Deployment) -> Freshness | None:
    return Freshness.objects.filter(scope=deployment_scope(deployment.pk)).first()


def list_unread(customer: Customer) -> QuerySet[Deployment]:
    """The customer's deployments whose versions were never read, the oldest first."""
    return Deployment.objects.held_by(customer.pk).unread().order_by("pk")


def list_building(customer: Customer) -> QuerySet[Deployment]:
    """The customer's deployments with a version that is not finished."""
    unfinished = Version.objects.filter(state__in=UNFINISHED, gone_at=None).values("deployment")
    return Deployment.objects.held_by(customer.pk).filter(pk__in=unfinished)


def list_deployments(customer: Customer, *, by: Person, after: str, now: datetime) -> DeploymentList:
    """A customer's deployments in the order in which they were first seen, from behind the one with the id `after`.

    Raises NotFound if the customer has nothing on `after`.
    """
    held = Deployment.objects.held_by(customer.pk).filter(gone_at=None)
    following = held.filter(pk__gt=get_held(customer, after).pk) if after else held
    found = list(following.for_summary().order_by("pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    summaries.attach_versions(shown)
    return DeploymentList(
        customer=summaries.summarize_customer(customer, by=by),
        results=tuple(summaries.summarize_deployment(deployment, customer, by=by) for deployment in shown),
        following=shown[-1].miosa_id if len(found) > PAGE_SIZE else "",
        age=ages.get_age(
            customer,
            customers.get_freshness(customer),
            by=by,
            filling=held.filter(is_filled=False).exists(),
            changing=any(summaries.is_being_built(deployment, by=by) for deployment in shown),
            now=now,
        ),
    )


def get_deployment(
    customer: Customer, deployment: Deployment, *, by: Person, query: Query, now: datetime
) -> DeploymentPage:
    """The page of a timeline that `query` describes, as in `history.get_history`, with everything around it.

    Raises NotFound for a cursor that belongs to another list.
    """
    is_cut = summaries.hides_others(deployment, by=by)
    earlier = NO_PERIODS if is_cut else live_periods.find_earlier(deployment, customer, by=by, now=now)
    good = earlier.last_good
    listed = () if is_cut else builds.list_builds(deployment, customer, by=by)
    parsed = filters.parse(query, customer=customer, deployments=[deployment], by=by)
    cursor = filters.get_first(query, "cursor")
    page = timeline.get_deployment_page(customer, deployment, where=parsed.where, cursor=cursor, by=by, now=now)
    return DeploymentPage(
        customer=summaries.summarize_customer(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by, now=now),
        hosting_urls=_list_hosting_urls(deployment, by=by) if by.is_staff and not is_cut else (),
        shows_vendor_host=by.is_operator and _is_vendor_host(summaries.get_address(deployment, by=by)),
        last_good=summaries.summarize_version(good.version, deployment, by=by) if good else None,
        last_good_from=good.began_at if good else None,
        last_good_until=good.ended_at if good else None,
        before=_summarize_period(earlier.before, deployment, by=by) if earlier.before else None,
        check=None if is_cut else app_health.find_check(deployment),
        domains=app_health.get_domain_health(deployment, customer, by=by) if deployment.domains_read_at else None,
        instances=None if is_cut else app_health.find_instance_health(deployment),
        staged_delta=_get_staged_delta(deployment, by=by),
        page=page,
        filters=parsed.filters,
        choices=parsed.choices,
        notes=parsed.notes,
        builds=listed,
        has_builds_only=bool(listed) and deployment.newest_version_id is None,
        is_cut=is_cut,
        source="" if is_cut else open_words.show_word(deployment.source_type, open_words.SOURCES, by=by),
        created_at=None if is_cut else deployment.created_at,
        gone_at=deployment.gone_at,
        age=get_age(customer, deployment, by=by, shows_build=page.shows_build, now=now),
    )


def find_newer(
    customer: Customer, deployment: Deployment, *, by: Person, query: Query, generation: str, now: datetime
) -> DeploymentPage | Age:
    """The page again if anything on it changed since `generation`, else only its age."""
    shows_build, _filling = ages.read_flags(generation)
    age = get_age(customer, deployment, by=by, shows_build=shows_build, now=now)
    if age.generation == generation:
        return age
    return get_deployment(customer, deployment, by=by, query=query, now=now)


def get_age(customer: Customer, deployment: Deployment, *, by: Person, shows_build: bool = False, now: datetime) -> Age:
    """As of when it was last read, singly or in the customer's list.

    `shows_build`: a version that the page shows is being built; it need not be the newest.
    """
    freshness, listed = get_freshness(deployment), customers.get_freshness(customer)
    if listed is not None and listed.read_at is not None:
        is_older = freshness is None or freshness.read_at is None or freshness.read_at < listed.read_at
        freshness = listed if is_older else freshness
    filling = deployment.gone_at is None and not deployment.is_filled
    changing = shows_build or summaries.is_being_built(deployment, by=by)
    return ages.get_age(customer, freshness, by=by, filling=filling, changing=changing, now=now)


def _summarize_period(period: Period, deployment: Deployment, *, by: Person) -> PreviousPeriod:
    condition = Condition.GOOD if period.began_at else Condition.UNKNOWN
    if period.was_left:
        condition = Condition.ROLLED_BACK
    elif period.is_bad:
        condition = Condition.FAILED_CHECK
    version = period.version
    return PreviousPeriod(
        version=summaries.summarize_version(version, deployment, by=by),
        began_at=period.began_at or version.live_from,
        ended_at=period.ended_at or version.live_until,
        condition=condition,
    )


def _get_staged_delta(deployment: Deployment, *, by: Person) -> Delta | None:
    live, staged = deployment.live_version, deployment.staged_version
    if live is None or staged is None or summaries.hides_others(deployment, by=by):
        return None
    return differences.get_delta(live, staged)


def _list_hosting_urls(deployment: Deployment, *, by: Person) -> tuple[str, ...]:
    urls = dict.fromkeys((deployment.public_url, deployment.managed_url))
    return tuple(url for url in urls if url and url != summaries.get_address(deployment, by=by))


def _is_vendor_host(url: str) -> bool:
    """Whether it is the hosting service's own. Operators should then set a deployment domain (docs/rules.md, 9)."""
    host = urlsplit(url).hostname or ""
    vendor = ".".join((urlsplit(settings.MIOSA.base_url).hostname or "").split(".")[-2:])
    return bool(host) and (host == vendor or host.endswith((f".{vendor}", ".miosa.app", ".miosa.ai")))
