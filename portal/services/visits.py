"""Load what a page shows, with access control, and refresh it if it is stale.

`open_` is for a page: stored data is shown at once, and the worker refreshes stale data; MIOSA is read first only if
nothing is stored yet, and for what is never read ahead: builds, and the log of a failed version. `poll_` is for a page
that stays open: stale data is refreshed now, once for all who watch. `refresh_` is for the Refresh button. All raise
NotFound, before MIOSA is called, if the person has no access.
"""

from dataclasses import replace
from datetime import datetime

from portal.models import Customer, Deployment
from portal.permissions import Person
from portal.services import builds, logs
from portal.services.queries import customer_list, customers, deployments, summaries, versions
from portal.services.queries.attention_filters import AttentionFilters
from portal.services.queries.customer_list import NO_FILTERS, LoadedList
from portal.services.queries.versions import LoadedVersion
from portal.services.sync import refresh


def open_list(
    *, by: Person, search: str, sort: str, page: int, filters: AttentionFilters = NO_FILTERS, now: datetime
) -> LoadedList:
    """A page of the customers; what was never read of their apps is read before all others. Polls call it too."""
    return _follow(customer_list.load_page(by=by, search=search, sort=sort, page=page, filters=filters, now=now), now)


def open_list_after(*, by: Person, search: str, sort: str, after: str, now: datetime) -> LoadedList:
    """The same from behind the customer with the slug `after`."""
    return _follow(customer_list.load_after(by=by, search=search, sort=sort, after=after, now=now), now)


def open_own_customers(*, by: Person, most_deployments: int, now: datetime) -> LoadedList:
    """The first page of the customers of somebody who works for several, with their apps."""
    return _follow(customer_list.load_after(by=by, most_deployments=most_deployments, now=now), now)


def _follow(loaded: LoadedList, now: datetime) -> LoadedList:
    refresh.read_first(loaded.deployments, now=now)
    refresh.follow_builds(loaded.deployments, now=now)
    return loaded


def open_customer(*, by: Person, slug: str, now: datetime) -> Customer:
    customer = customers.get_customer(by=by, slug=slug)
    row = customers.get_freshness(customer)
    if row is None or row.read_at is None:
        refresh.refresh_customer_if_stale(customer, row, wait=True, now=now)
        return customers.get_customer(by=by, slug=slug)
    refresh.request_customer_refresh(customer, row, now=now)
    return customer


def poll_customer(*, by: Person, slug: str, now: datetime) -> Customer:
    customer = customers.get_customer(by=by, slug=slug)
    if refresh.refresh_customer_if_stale(customer, customers.get_freshness(customer), now=now):
        customer = customers.get_customer(by=by, slug=slug)
    refresh.read_first(deployments.list_unread(customer), now=now)
    refresh.follow_builds(deployments.list_building(customer), now=now)
    return customer


def refresh_customer(*, by: Person, slug: str, now: datetime) -> Customer:
    """Raises Unavailable if MIOSA can't be read, or this person refreshes too often."""
    refresh.refresh_customer_now(customers.get_customer(by=by, slug=slug), by=by, now=now)
    return customers.get_customer(by=by, slug=slug)


def open_deployment(*, by: Person, slug: str, deployment_id: str, now: datetime) -> tuple[Customer, Deployment]:
    customer, deployment = deployments.load(by=by, slug=slug, deployment_id=deployment_id)
    row = deployments.get_freshness(deployment)
    if not summaries.hides_others(deployment, by=by):
        builds.refresh_builds(deployment, customer, now=now)
    if deployment.newest_version_id is None and not deployment.is_filled:
        refresh.refresh_deployment_if_stale(deployment, row, customer=customer, now=now)
        return customer, deployments.get_held(customer, deployment_id)
    refresh.request_deployment_refresh(deployment, row, now=now)
    refresh.follow_builds([deployment], now=now)
    return customer, deployment


def poll_deployment(*, by: Person, slug: str, deployment_id: str, now: datetime) -> tuple[Customer, Deployment]:
    customer, deployment = deployments.load(by=by, slug=slug, deployment_id=deployment_id)
    row = deployments.get_freshness(deployment)
    if refresh.refresh_deployment_if_stale(deployment, row, customer=customer, now=now):
        customer, deployment = deployments.load(by=by, slug=slug, deployment_id=deployment_id)
    refresh.follow_builds([deployment], now=now)
    return customer, deployment


def refresh_deployment(*, by: Person, slug: str, deployment_id: str, now: datetime) -> tuple[Customer, Deployment]:
    """Raises Unavailable as `refresh_customer` does."""
    customer, deployment = deployments.load(by=by, slug=slug, deployment_id=deployment_id)
    refresh.refresh_deployment_now(deployment, customer=customer, by=by, now=now)
    return deployments.load(by=by, slug=slug, deployment_id=deployment_id)


def open_version(*, by: Person, slug: str, deployment_id: str, version_id: str, now: datetime) -> LoadedVersion:
    """For a failed version, with the cause from its log, which is read from MIOSA the first time."""
    loaded = watch_version(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id, now=now)
    return _add_failure(loaded, by=by, now=now)


def poll_version(*, by: Person, slug: str, deployment_id: str, version_id: str, now: datetime) -> LoadedVersion:
    """Whether it is live, or can be restored, follows from its deployment, which is read again if it is stale."""
    poll_deployment(by=by, slug=slug, deployment_id=deployment_id, now=now)
    loaded = versions.load(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id)
    return _add_failure(loaded, by=by, now=now)


def watch_version(*, by: Person, slug: str, deployment_id: str, version_id: str, now: datetime) -> LoadedVersion:
    """While it is being built, it is read every few seconds."""
    loaded = versions.load(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id)
    refresh.follow_builds([loaded.deployment], now=now)
    return loaded


def _add_failure(loaded: LoadedVersion, *, by: Person, now: datetime) -> LoadedVersion:
    if loaded.version.state != "failed":
        return loaded
    failure = logs.find_failure(loaded.version, loaded.deployment, customer=loaded.customer, by=by, now=now)
    return replace(loaded, failure=failure)
