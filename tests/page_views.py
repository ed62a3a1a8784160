"""The service calls that a view makes when a page is opened, or polled while it stays open."""

from __future__ import annotations

from datetime import datetime

from portal.permissions import Person
from portal.services import visits
from portal.services.queries import customer_list, deployments, history, versions
from portal.services.queries.customer_list import CustomerList
from portal.services.queries.deployments import DeploymentPage
from portal.services.queries.filters import Query
from portal.services.queries.history import History
from portal.services.queries.schemas import Age
from portal.services.queries.versions import VersionPage


def open_list(*, by: Person, now: datetime, search: str = "", sort: str = "name", page: int = 1) -> CustomerList:
    loaded = visits.open_list(by=by, search=search, sort=sort, page=page, now=now)
    return customer_list.get_list(loaded, by=by, now=now)


def open_history(*, by: Person, slug: str, query: Query, now: datetime) -> History:
    customer = visits.open_customer(by=by, slug=slug, now=now)
    return history.get_history(customer, by=by, query=query, now=now)


def poll_history(*, by: Person, slug: str, query: Query, generation: str, now: datetime) -> History | Age:
    customer = visits.poll_customer(by=by, slug=slug, now=now)
    return history.find_newer(customer, by=by, query=query, generation=generation, now=now)


def open_deployment(*, by: Person, slug: str, deployment_id: str, query: Query, now: datetime) -> DeploymentPage:
    customer, deployment = visits.open_deployment(by=by, slug=slug, deployment_id=deployment_id, now=now)
    return deployments.get_deployment(customer, deployment, by=by, query=query, now=now)


def open_version(*, by: Person, slug: str, deployment_id: str, version_id: str, now: datetime) -> VersionPage:
    loaded = visits.open_version(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id, now=now)
    return versions.get_version(loaded, by=by, now=now)
