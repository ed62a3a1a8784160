"""One deployment: what is live, what to go back to, what waits."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from portal.models import Activation, Customer, Deployment, Freshness, Version
from portal.models.freshness import deployment_scope
from portal.models.prepared import Prepared
from portal.permissions import Person
from portal.services import builds, clean_text
from portal.services.builds import Build
from portal.services.errors import NotFound
from portal.services.queries import actions, ages, customers, history, retention, summaries, timeline
from portal.services.queries.history import Page, Query
from portal.services.queries.schemas import Age, CustomerSummary, DeploymentSummary, VersionSummary
from portal.services.queries.timeline import Where
from portal.services.sync import refresh

_MOST_EARLIER = 50
_LISTED = 50


@dataclass(frozen=True, slots=True)
class DeploymentPage:
    """Everything on a deployment's page. `last_good` is what to go back to, with the time in which it was live.

    `managed_url` is the hosting service's own address of the app, if that differs. `shows_vendor_host`, for staff,
    tells that customers see
    such an address. On a shared deployment a customer's person gets its name and its own versions, nothing else
    (`is_cut`).
    """

    customer: CustomerSummary
    deployment: DeploymentSummary
    managed_url: str
    shows_vendor_host: bool
    last_good: VersionSummary | None
    last_good_from: datetime | None
    last_good_until: datetime | None
    page: Page
    builds: tuple[Build, ...]
    has_builds_only: bool
    is_cut: bool
    source: str
    created_at: datetime | None
    gone_at: datetime | None
    age: Age


@dataclass(frozen=True, slots=True)
class DeploymentList:
    """A page of a customer's deployments. `following` is the id of its last if more come after it."""

    customer: CustomerSummary
    results: tuple[DeploymentSummary, ...]
    following: str
    age: Age


_HELD_BY: Prepared[Deployment] = Prepared(
    lambda customer, deployment_id: Deployment.objects.filter(
        holdings__customer=customer, miosa_id=deployment_id
    ).select_related("live_version", "staged_version", "newest_version")
)


def find_deployment(customer: Customer, deployment_id: str) -> Deployment:
    """Raises NotFound unless the customer has something on it."""
    row = _HELD_BY.first(customer.pk, clean_text.storable(deployment_id))
    if row is None:
        raise NotFound
    return row


def list_deployments(*, by: Person, slug: str, after: str, now: datetime) -> DeploymentList:
    """Those that hold something of the customer's, in the order in which they were first seen, behind the one `after`.

    Raises NotFound for a stranger, an unknown customer, and if it has nothing on `after`.
    """
    customer = history.open_customer(by=by, slug=slug, now=now)
    there = Deployment.objects.filter(holdings__customer=customer, gone_at=None)
    behind = there.filter(pk__gt=find_deployment(customer, after).pk) if after else there
    rows = list(behind.only(*summaries.OF_DEPLOYMENT).order_by("pk")[: _LISTED + 1])
    shown = rows[:_LISTED]
    summaries.versions_of(shown)
    return DeploymentList(
        customer=summaries.head(customer, by=by),
        results=tuple(summaries.deployment(row, customer, by=by) for row in shown),
        following=shown[-1].miosa_id if len(rows) > _LISTED else "",
        age=ages.of(
            customers.freshness_of(customer),
            generation=customer.generation,
            filling=there.filter(is_filled=False).exists(),
            now=now,
            connection_row=customer.connection,
        ),
    )


def get_deployment(*, by: Person, slug: str, deployment_id: str, query: Query, now: datetime) -> DeploymentPage:
    """Raises NotFound for an unknown customer, deployment or cursor and for strangers; MIOSA is not asked then."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = find_deployment(customer, deployment_id)
    row = _freshness(deployment)
    if deployment.newest_version_id is None and not deployment.is_filled:
        refresh.deployment_if_stale(deployment, row, customer=customer, now=now)
        deployment = find_deployment(customer, deployment_id)
    else:
        refresh.ask_for_deployment(deployment, row, now=now)
    return _page(customer, deployment, by=by, query=query, now=now)


def find_newer(
    *, by: Person, slug: str, deployment_id: str, query: Query, generation: str, now: datetime
) -> DeploymentPage | Age:
    """The page again if anything of it changed since `generation`, else only its age. Reads again first if stale."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = find_deployment(customer, deployment_id)
    if refresh.deployment_if_stale(deployment, _freshness(deployment), customer=customer, now=now):
        customer = customers.get_customer(by=by, slug=slug)
        deployment = find_deployment(customer, deployment_id)
    age = age_of(customer, deployment, now=now)
    if age.generation == generation:
        return age
    return _page(customer, deployment, by=by, query=query, now=now)


def refresh_deployment(*, by: Person, slug: str, deployment_id: str, now: datetime) -> None:
    """Read this deployment again, as somebody asked for it. Raises NotFound, Unavailable."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = find_deployment(customer, deployment_id)
    refresh.deployment_now(deployment, customer=customer, by=by, now=now)


def find_last_good(
    deployment: Deployment, customer: Customer, *, by: Person, now: datetime
) -> tuple[Version, Activation] | None:
    """What to go back to: the newest earlier activation of the same customer whose check was not bad.

    Its version is ready or archived, and not past retention.
    """
    owner_id = customer.pk
    if by.sees_everyone and deployment.live_version and deployment.live_version.customer_id:
        owner_id = deployment.live_version.customer_id
    earlier = Activation.objects.filter(deployment_id=deployment.miosa_id).exclude(
        version_id__in=["", deployment.active_version_id]
    )
    activations: dict[str, Activation] = {}
    for activation in earlier.exclude(verdict=Activation.Verdict.BAD).order_by("-at", "-pk")[:_MOST_EARLIER]:
        activations.setdefault(activation.version_id, activation)
    candidates = Version.objects.filter(deployment=deployment, customer_id=owner_id, is_readable=True, gone_at=None)
    live = deployment.live_version
    if live is not None and live.number is not None:
        # What was rolled back from is newer. Going there again is undoing, not going back.
        candidates = candidates.filter(number__lt=live.number)
    versions = {version.miosa_id: version for version in candidates.filter(miosa_id__in=activations)}
    for miosa_id, activation in activations.items():
        version = versions.get(miosa_id)
        if version is not None and retention.is_restorable(version, now=now):
            return version, activation
    # What was live before this portal first looked left no activation, only `promoted_at`.
    unseen = candidates.filter(was_live=True).exclude(miosa_id__in=[deployment.active_version_id])
    newest = unseen.exclude(miosa_id__in=earlier.values("version_id")).order_by("-number")[:_MOST_EARLIER]
    for version in sorted(newest, key=lambda one: one.promoted_at or one.first_seen_at, reverse=True):
        if retention.is_restorable(version, now=now):
            return version, Activation(version_id=version.miosa_id, at=version.promoted_at or version.first_seen_at)
    return None


def last_span(deployment: Deployment, version: Version) -> tuple[datetime | None, datetime | None]:
    """The last time in which a version was live, as far as it is known."""
    found = Activation.objects.filter(deployment_id=deployment.miosa_id, version_id=version.miosa_id)
    newest = found.order_by("-at", "-pk").first()
    if newest is None:
        return version.promoted_at, version.archived_at if version.promoted_at else None
    return newest.at, _until(deployment, (version, newest))


def _page(customer: Customer, deployment: Deployment, *, by: Person, query: Query, now: datetime) -> DeploymentPage:
    is_cut = summaries.hides_others(deployment, by=by)
    cursor = (query.get("cursor") or [""])[0]
    found = timeline.search(
        scope=f"deployment:{deployment.pk}:{'' if by.sees_everyone else customer.pk}",
        customer_id=None if by.sees_everyone else customer.pk,
        deployment_id=deployment.pk,
        where=Where(),
        cursor=cursor,
    )
    good = None if is_cut else find_last_good(deployment, customer, by=by, now=now)
    listed = () if is_cut else builds.list_builds(deployment, customer=customer, by=by, now=now)
    return DeploymentPage(
        customer=summaries.head(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by),
        managed_url=deployment.managed_url
        if by.is_staff and not is_cut and deployment.managed_url != deployment.public_url
        else "",
        shows_vendor_host=by.is_operator and _is_vendor_host(deployment.public_url or deployment.managed_url),
        last_good=summaries.version(good[0], deployment) if good else None,
        last_good_from=good[1].at if good else None,
        last_good_until=_until(deployment, good) if good else None,
        page=history.read_page(found, customer=customer, held={deployment.pk: deployment}, by=by),
        builds=listed,
        has_builds_only=bool(listed) and deployment.newest_version_id is None,
        is_cut=is_cut,
        source="" if is_cut else deployment.source_type,
        created_at=None if is_cut else deployment.created_at,
        gone_at=deployment.gone_at,
        age=age_of(customer, deployment, now=now),
    )


def _until(deployment: Deployment, good: tuple[Version, Activation]) -> datetime | None:
    following = (
        Activation.objects.filter(deployment_id=deployment.miosa_id, at__gt=good[1].at).order_by("at", "pk").first()
    )
    return following.at if following else good[0].archived_at


def age_of(customer: Customer, deployment: Deployment, *, now: datetime) -> Age:
    row = _freshness(deployment)
    newest = customers.freshness_of(customer)
    if (
        newest is not None
        and newest.read_at is not None
        and (row is None or row.read_at is None or newest.read_at > row.read_at)
    ):
        # The customer's list brought the deployment later than it was read singly.
        row = newest
    filling = deployment.gone_at is None and not deployment.is_filled
    return ages.of(row, generation=customer.generation, filling=filling, now=now, connection_row=customer.connection)


def _freshness(deployment: Deployment) -> Freshness | None:
    return Freshness.objects.filter(scope=deployment_scope(deployment.pk)).first()


def _is_vendor_host(url: str) -> bool:
    """Whether an app's address is the hosting service's own: operators should then set a deployment domain (rule 9)."""
    host = urlsplit(url).hostname or ""
    vendor = ".".join((urlsplit(settings.MIOSA.base_url).hostname or "").split(".")[-2:])
    return bool(host) and (host == vendor or host.endswith((f".{vendor}", ".miosa.app", ".miosa.ai")))
