"""Builds of repository deployments (contract 8.4): read from MIOSA when a page shows them, and cached for a minute."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache

from portal import miosa
from portal.models import Customer, Deployment
from portal.permissions import Person
from portal.services import clean_text, logs, runtime
from portal.services.errors import NotFound
from portal.services.queries import actions, deployments, summaries
from portal.services.queries import builds as stored_builds
from portal.services.queries.builds import REPOSITORY, Build, StoredBuilds
from portal.services.queries.log_pages import LogPage
from portal.services.queries.schemas import Age, CustomerSummary, DeploymentSummary
from portal.services.runtime import Instances
from portal.services.sync import polling, upstream
from portal.services.sync.budget import Purpose

_MOST = 50
_FRESH_FOR = timedelta(seconds=60)
_RETRY_AFTER_FAILURE = timedelta(seconds=10)
# Longer than they are fresh: old ones are shown while MIOSA can't be reached.
_CACHED_S = 7 * 24 * 3600
_FAILED = frozenset({"failed", "error"})
_ENDED = frozenset({"succeeded", "cancelled", "canceled"}) | _FAILED


@dataclass(frozen=True, slots=True)
class BuildsPage:
    """`is_cut`: on a shared deployment a customer's person sees neither builds nor instances."""

    customer: CustomerSummary
    deployment: DeploymentSummary
    builds: tuple[Build, ...]
    instances: Instances
    is_dynamic: bool
    is_repository: bool
    is_cut: bool
    age: Age


@dataclass(frozen=True, slots=True)
class BuildPage:
    """`is_open`: the build has not ended."""

    customer: CustomerSummary
    deployment: DeploymentSummary
    build: Build
    is_open: bool
    log: LogPage


def get_builds(*, by: Person, slug: str, deployment_id: str, now: datetime) -> BuildsPage:
    """Raises NotFound."""
    customer, deployment = deployments.load(by=by, slug=slug, deployment_id=deployment_id)
    is_cut = summaries.hides_others(deployment, by=by)
    instances = Instances((), now, "")
    if not is_cut:
        refresh_builds(deployment, customer, now=now)
        instances = runtime.list_instances(deployment, customer=customer, by=by, now=now)
    live = deployment.live_version
    return BuildsPage(
        customer=summaries.summarize_customer(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by, now=now),
        builds=() if is_cut else stored_builds.list_builds(deployment, customer, by=by),
        instances=instances,
        is_dynamic=bool(instances.rows) or (live is not None and live.kind != "static"),
        is_repository=deployment.source_type in REPOSITORY,
        is_cut=is_cut,
        age=deployments.get_age(customer, deployment, by=by, now=now),
    )


def get_build(*, by: Person, slug: str, deployment_id: str, build_id: str, now: datetime) -> BuildPage:
    """Raises NotFound, also for a build of another customer."""
    customer, deployment = deployments.load(by=by, slug=slug, deployment_id=deployment_id)
    if summaries.hides_others(deployment, by=by):
        raise NotFound
    refresh_builds(deployment, customer, now=now)
    listed = stored_builds.list_builds(deployment, customer, by=by)
    build = next((build for build in listed if build.id == build_id), None)
    if build is None:
        raise NotFound
    if build.state not in _ENDED:
        build = _read_running(build, deployment, customer, by=by, now=now)
    is_open = build.state not in _ENDED
    log = logs.read_stream(
        lambda client: client.builds.logs(deployment.miosa_id, build_id),
        name=f"build:{deployment.pk}:{build_id}",
        is_finished=not is_open,
        has_failed=build.state in _FAILED,
        customer_id=customer.pk,
        by=by,
        now=now,
    )
    return BuildPage(
        customer=summaries.summarize_customer(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by, now=now),
        build=build,
        is_open=is_open,
        log=log,
    )


def refresh_builds(deployment: Deployment, customer: Customer, *, now: datetime) -> None:
    """Read them again if they are older than a minute. Raises nothing: older ones are shown while MIOSA is away."""
    if deployment.source_type not in REPOSITORY or deployment.gone_at is not None:
        return
    key = stored_builds.cache_key(deployment)
    stored: StoredBuilds = cache.get(key) or StoredBuilds((), now)
    if now < stored.read_again_at:
        return
    try:
        page = upstream.client(Purpose.READ, customer_id=customer.pk).builds.list(deployment.miosa_id)
    except miosa.MiosaError:
        cache.set(key, StoredBuilds(stored.builds, now + _RETRY_AFTER_FAILURE), _CACHED_S)
        return
    found = sorted(((_build(row), _owner(row)) for row in page.items), key=_started_at, reverse=True)
    cache.set(key, StoredBuilds(tuple(found[:_MOST]), now + _FRESH_FOR), _CACHED_S)


def _read_running(build: Build, deployment: Deployment, customer: Customer, *, by: Person, now: datetime) -> Build:
    """A running build is read singly, more often than the list."""
    latest = polling.poll(
        f"build:{deployment.pk}:{build.id}",
        lambda client: _build(client.builds.get(deployment.miosa_id, build.id)),
        customer_id=customer.pk,
        is_final=False,
        now=now,
    )
    return stored_builds.cut(latest.value, by=by) if latest.value else build


def _build(row: miosa.Build) -> Build:
    return Build(
        id=row.id,
        state=row.state,
        commit=(row.commit_sha or "")[:12],
        message=clean_text.clean_line(row.commit_message, most=300),
        trigger=row.triggered_by or "",
        started_at=row.started_at or row.created_at,
        duration_ms=row.duration_ms,
        error=clean_text.clean_line(row.error_message, most=500),
    )


def _owner(row: miosa.Build) -> str | None:
    """The external id that it states, if any."""
    stated = row.external_workspace_id
    return (stated or None) if isinstance(stated, str) else None


def _started_at(owned: tuple[Build, str | None]) -> float:
    return owned[0].started_at.timestamp() if owned[0].started_at else 0.0
