"""What the pages' tests share: a portal that has read its small world, and somebody signed in to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import Deployment, Freshness, User
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import sweeps, version_refresh
from tests import snapshots
from tests.people import People
from tests.simulator_control import SimulatorControl

HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}
SLUG = "brightsmile-dental"


@dataclass
class World:
    """The simulator, the people, and a deployment each of Bright Smile and, as `foreign`, of Pawsome Vets."""

    control: SimulatorControl
    people: People
    main: dict[str, Any]
    foreign: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/c/{SLUG}/deployments/{self.main['id']}/"

    @property
    def live_path(self) -> str:
        return f"{self.path}versions/{self.main['active_version_id']}/"

    @property
    def foreign_path(self) -> str:
        return f"/c/pawsome-vets/deployments/{self.foreign['id']}/"

    @contextmanager
    def hearing_nothing(self) -> Iterator[None]:
        """Whatever is done within, MIOSA is not asked."""
        before = len(self.control.requests())
        yield
        assert len(self.control.requests()) == before


@pytest.fixture
def world(simulator: SimulatorControl, people: People) -> World:
    snapshots.restore_or_create("all that is wanted", simulator, read_everything)
    customers = {row["external_workspace_id"]: row for row in simulator.state()["customers"]}
    return World(
        control=simulator,
        people=people,
        main=customers[SLUG]["deployments"][0],
        foreign=customers["pawsome-vets"]["deployments"][0],
    )


def read_everything() -> None:
    """What the worker does, until nothing is wanted any more."""
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=ask, now=timezone.now())
    sweeps.sweep_deployments(client=ask, now=timezone.now())
    for _round in range(20):
        wanted = list(Freshness.objects.filter(wanted_at__isnull=False, scope__startswith="versions:"))
        if not wanted:
            return
        for row in wanted:
            Freshness.objects.filter(pk=row.pk).update(wanted_at=None)
            deployment = Deployment.objects.get(pk=row.scope.partition(":")[2])
            version_refresh.refresh_versions(deployment, client=ask, now=timezone.now())
    raise AssertionError("reading never comes to rest")


@pytest.fixture
def browse() -> Callable[[User | None], Client]:
    """A browser of somebody signed in, or of nobody."""

    def open_browser(user: User | None = None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return open_browser


Browse = Callable[[User | None], Client]
