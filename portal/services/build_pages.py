"""Builds and what runs, as pages: the tab of a deployment, one build, and its log."""

from dataclasses import dataclass
from datetime import datetime

from portal.models import Customer, Deployment
from portal.permissions import Person
from portal.services import builds, runtime, streams
from portal.services.builds import Build
from portal.services.errors import NotFound
from portal.services.logs import LogPage
from portal.services.queries import actions, customers, deployments, summaries
from portal.services.queries.schemas import Age, CustomerSummary, DeploymentSummary
from portal.services.runtime import Instances
from portal.services.sync import polling

_ENDED = frozenset({"succeeded", "failed", "cancelled", "canceled", "error"})


@dataclass(frozen=True, slots=True)
class BuildsPage:
    """`is_cut`: on a shared deployment a customer's person sees neither builds nor what runs."""

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
    """`is_open`: it is still at work. `log` is where its lines are."""

    customer: CustomerSummary
    deployment: DeploymentSummary
    build: Build
    is_open: bool
    log: LogPage


def get_builds(*, by: Person, slug: str, deployment_id: str, now: datetime) -> BuildsPage:
    """Raises NotFound."""
    customer, deployment = _find(by=by, slug=slug, deployment_id=deployment_id)
    is_cut = summaries.hides_others(deployment, by=by)
    listed = () if is_cut else builds.list_builds(deployment, customer=customer, by=by, now=now)
    running = runtime.Instances((), now, "")
    if not is_cut:
        running = runtime.list_instances(deployment, customer=customer, by=by, now=now)
    live = deployment.live_version
    return BuildsPage(
        customer=summaries.head(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by),
        builds=listed,
        instances=running,
        is_dynamic=bool(running.rows) or (live is not None and live.kind != "static"),
        is_repository=deployment.source_type in builds.REPOSITORY,
        is_cut=is_cut,
        age=deployments.age_of(customer, deployment, now=now),
    )


def get_build(*, by: Person, slug: str, deployment_id: str, build_id: str, now: datetime) -> BuildPage:
    """Raises NotFound, also for a build that another customer's attribution stands on."""
    customer, deployment = _find(by=by, slug=slug, deployment_id=deployment_id)
    if summaries.hides_others(deployment, by=by):
        raise NotFound
    listed = builds.list_builds(deployment, customer=customer, by=by, now=now)
    build = next((build for build in listed if build.id == build_id), None)
    if build is None:
        raise NotFound
    if build.state not in _ENDED:
        build = _latest(build, deployment, customer, by=by, now=now)
    is_open = build.state not in _ENDED
    log = streams.read(
        lambda ask: ask.builds.logs(deployment.miosa_id, build_id),
        name=f"build:{deployment.pk}:{build_id}",
        is_finished=not is_open,
        customer_id=customer.pk,
        by=by,
        now=now,
    )
    return BuildPage(
        customer=summaries.head(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by),
        build=build,
        is_open=is_open,
        log=log,
    )


def _latest(build: Build, deployment: Deployment, customer: Customer, *, by: Person, now: datetime) -> Build:
    """One at work is read again by itself; the list is too old for it."""
    told = polling.poll(
        f"build:{deployment.pk}:{build.id}",
        lambda ask: builds.of_row(ask.builds.get(deployment.miosa_id, build.id))[0],
        customer_id=customer.pk,
        is_final=False,
        now=now,
    )
    return builds.cut(told.value, by=by) if told.value else build


def _find(*, by: Person, slug: str, deployment_id: str) -> tuple[Customer, Deployment]:
    customer = customers.get_customer(by=by, slug=slug)
    return customer, deployments.find_deployment(customer, deployment_id)
