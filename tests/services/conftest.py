"""Fixtures of the services' tests: people, and the worker's fetches without a worker."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.models import Deployment, Freshness
from portal.permissions import Person, Role
from portal.services.sync import leases, refresh, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import deployment_refresh, sweeps
from portal.services.sync.schedule import SyncSource
from portal.services.sync.upsert import customer_rows
from tests import snapshots
from tests.simulator_control import SimulatorControl

# Scopes that failed are due again later than this.
SOON = timedelta(seconds=6)
PersonOf = Callable[..., Person]
Read = Callable[[], datetime]


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the time that a person waits may be over before the first request."""
    monkeypatch.setattr(refresh, "BEGIN_WITHIN_S", 60.0)


@pytest.fixture
def operator() -> Person:
    return Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)


@pytest.fixture
def person_of(db: None) -> PersonOf:
    """Creates a person with a role at a customer, which is given by its external id."""

    snapshots.reset_ids()

    def make(external_id: str, role: Role = Role.OWNER) -> Person:
        customer = customer_rows.ensure_customer(external_id)
        return Person(id=100 + customer.pk, name="Somebody", email="x@y.test", roles={customer.pk: role})

    return make


@pytest.fixture
def read_all(simulator: SimulatorControl, db: None) -> Read:
    """Does what the worker does until nothing is due. Returns the time when it was finished."""

    def read() -> None:
        ask = upstream.client(Purpose.BACKGROUND)
        sweeps.sweep_workspaces(client=ask, now=timezone.now())
        sweeps.sweep_deployments(client=ask, now=timezone.now())
        drain()

    def run() -> datetime:
        is_seed = simulator.is_fresh and all(row["method"] == "GET" for row in simulator.requests())
        is_first = is_seed and not Deployment.objects.exists()
        snapshots.restore_or_create("all", simulator, read) if is_first else read()
        return timezone.now()

    return run


@pytest.fixture
def read_again(simulator: SimulatorControl, db: None) -> Read:
    """Fetches everything again, as if each deployment had been refreshed by a person."""

    def run() -> datetime:
        ask = upstream.client(Purpose.BACKGROUND)
        sweeps.sweep_workspaces(client=ask, now=timezone.now())
        sweeps.sweep_deployments(client=ask, now=timezone.now())
        for deployment in Deployment.objects.filter(gone_at=None):
            deployment_refresh.refresh_deployment(deployment, client=ask, now=timezone.now(), force=True)
        return drain()

    return run


@dataclass(frozen=True)
class SyncedSimulator:
    """The simulator, and the two ways of syncing with it."""

    simulator: SimulatorControl
    read_all: Read
    read_again: Read
    person_of: PersonOf

    @property
    def act(self) -> Callable[..., dict[str, Any]]:
        return self.simulator.run_action


@pytest.fixture
def world(simulator: SimulatorControl, read_all: Read, read_again: Read, person_of: PersonOf) -> SyncedSimulator:
    """With two customers only, so that reading everything is fast."""
    simulator.reset(customers=2)
    return SyncedSimulator(simulator, read_all, read_again, person_of)


def drain() -> datetime:
    """Runs what is due soon, as the worker does, until nothing is."""
    began = timezone.now()
    for _round in range(400):
        soon = Freshness.objects.filter(wanted_at__lte=timezone.now() + SOON)
        row = soon.exclude(scope__startswith="customer:").exclude(failed_at__gte=began).first()
        if row is None:
            return timezone.now()
        Freshness.objects.filter(pk=row.pk).update(wanted_at=None)
        SyncSource().run(row, now=timezone.now())
    raise AssertionError("the background work never ends")


def expire_leases() -> None:
    """As if every reader had been killed long ago."""
    Freshness.objects.exclude(lease_until=None).update(lease_until=timezone.now() - 2 * leases.LASTS)
