"""What the tests of the JSON face share: asking as somebody, and a portal that remembers the whole simulator."""

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
from tests import recall
from tests.people import People
from tests.simulator_control import SimulatorControl

API = "/api/v1"
OWN = f"{API}/customers/brightsmile-dental"
OTHER = f"{API}/customers/pawsome-vets"


class Asking(Client):
    """Somebody's client. `get` follows nothing and raises nothing: what the server says is what counts."""

    def __init__(self, user: User | None = None) -> None:
        super().__init__(raise_request_exception=False)
        if user is not None:
            self.force_login(user)

    def told(self, path: str, query: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self.get(path, query or {})
        assert response.status_code == 200, (response.status_code, response.content)
        told: dict[str, Any] = response.json()
        return told


@dataclass(frozen=True)
class Remembered:
    """Some things of the simulator's seeded company: a customer's deployment and version, and another's."""

    deployment: str
    version: str
    foreign_deployment: str
    foreign_version: str
    operation: UUID
    foreign_operation: UUID


@pytest.fixture(autouse=True)
def fresh_tally(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody starts with requests counted by the test before."""
    monkeypatch.setattr(throttling, "counter", throttling.Counter())


@pytest.fixture
def ask(people: People) -> Callable[[str], Asking]:
    """A client of one of the cast, by its name; "anonymous" for nobody."""

    def of(name: str) -> Asking:
        return Asking(None if name == "anonymous" else getattr(people, name))

    return of


@pytest.fixture
def remembered(simulator: SimulatorControl, people: People) -> Remembered:
    """Everything of a small company read, as the worker would have done it."""
    simulator.reset(customers=3)
    recall.recall("what was wanted at first", simulator, read_everything)
    own, foreign = version_of("brightsmile-dental"), version_of("pawsome-vets")
    return Remembered(
        own.deployment.miosa_id,
        own.miosa_id,
        foreign.deployment.miosa_id,
        foreign.miosa_id,
        operation=operation_on(own),
        foreign_operation=operation_on(foreign),
    )


def operation_on(version: Version) -> UUID:
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
        read_to_the_end(row.scope)


def read_to_the_end(scope: str) -> None:
    ask = upstream.client(Purpose.BACKGROUND)
    for _round in range(20):
        Freshness.objects.filter(scope=scope).update(wanted_at=None)
        deployment = Deployment.objects.get(pk=scope.partition(":")[2])
        version_refresh.refresh_versions(deployment, client=ask, now=timezone.now())
        if not Freshness.objects.filter(scope=scope, wanted_at__isnull=False).exists():
            return
    raise AssertionError("the background never comes to rest")


def version_of(slug: str) -> Version:
    customer = Customer.objects.get(slug=slug)
    rows = Version.objects.filter(customer=customer, deployment__customer=customer).select_related("deployment")
    return rows.order_by("-created_at")[0]


@pytest.fixture
def operator() -> Person:
    return Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)
