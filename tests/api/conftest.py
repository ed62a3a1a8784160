"""Fixtures of the API's tests: clients of each person, and a portal with stored data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from portal.api import throttling
from portal.models import Customer, Deployment, Freshness, Operation, User, Version
from portal.permissions import Person, Role
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import sweeps, version_refresh
from tests import snapshots
from tests.people import People
from tests.simulator_control import SimulatorControl

API = "/api/v1"
OWN = f"{API}/customers/brightsmile-dental"
OTHER = f"{API}/customers/pawsome-vets"


class ApiClient(Client):
    """A client of one person. It follows no redirects and raises no exceptions of views."""

    def __init__(self, user: User | None = None) -> None:
        super().__init__(raise_request_exception=False)
        if user is not None:
            self.force_login(user)

    def get_json(self, path: str, query: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self.get(path, query or {})
        assert response.status_code == 200, (response.status_code, response.content)
        data: dict[str, Any] = response.json()
        return data


@dataclass(frozen=True)
class StoredObjects:
    """Ids of a customer's deployment, version and operation, and of another customer's."""

    deployment: str
    version: str
    foreign_deployment: str
    foreign_version: str
    operation: UUID
    foreign_operation: UUID


@pytest.fixture(autouse=True)
def fresh_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests of earlier tests do not count."""
    monkeypatch.setattr(throttling, "counter", throttling.Counter())


@pytest.fixture
def ask(people: People) -> Callable[[str], ApiClient]:
    """Returns the client of a person by name; "anonymous" is not signed in."""

    def sign_in(name: str) -> ApiClient:
        return ApiClient(None if name == "anonymous" else getattr(people, name))

    return sign_in


@pytest.fixture
def stored(simulator: SimulatorControl, people: People) -> StoredObjects:
    """Everything of three customers is fetched, as by the worker."""
    simulator.reset(customers=3)
    snapshots.restore_or_create("three customers", simulator, read_everything)
    own, foreign = get_version("brightsmile-dental"), get_version("pawsome-vets")
    return StoredObjects(
        own.deployment.miosa_id,
        own.miosa_id,
        foreign.deployment.miosa_id,
        foreign.miosa_id,
        operation=create_operation(own),
        foreign_operation=create_operation(foreign),
    )


def create_operation(version: Version) -> UUID:
    """A redeploy that waits for the worker."""
    asked = Operation.objects.create(
        key=uuid4(),
        kind="redeploy",
        lane="pointer",
        person_id=1,
        person_name="Olga Petrov",
        person_role=Role.OPERATOR,
        customer_id=version.customer_id or 0,
        customer_name=version.customer.name if version.customer else "",
        deployment_id=version.deployment.miosa_id,
        deployment_name=version.deployment.name,
        reason="checkout broken",
        note="ticket 17",
        body={"source_sandbox_id": "sbx_17"},
        upstream_request_id="req_17",
        requested_at=timezone.now(),
    )
    return asked.key


def read_everything() -> None:
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=ask, now=timezone.now())
    sweeps.sweep_deployments(client=ask, now=timezone.now())
    for row in Freshness.objects.filter(wanted_at__isnull=False, scope__startswith="versions:"):
        read_history(row.scope)


def read_history(scope: str) -> None:
    ask = upstream.client(Purpose.BACKGROUND)
    for _round in range(20):
        Freshness.objects.filter(scope=scope).update(wanted_at=None)
        deployment = Deployment.objects.get(pk=scope.partition(":")[2])
        version_refresh.refresh_versions(deployment, client=ask, now=timezone.now())
        if not Freshness.objects.filter(scope=scope, wanted_at__isnull=False).exists():
            return
    raise AssertionError("the background work never ends")


def get_version(slug: str) -> Version:
    customer = Customer.objects.get(slug=slug)
    rows = Version.objects.filter(customer=customer, deployment__customer=customer).select_related("deployment")
    return rows.order_by("-created_at")[0]


@pytest.fixture
def operator() -> Person:
    return Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)
