"""What the security tests share: one world for each module, put back after each test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import override_settings

from portal.api import throttling
from portal.config import DEMO_KEY, Upstream
from portal.services.sync import upstream
from portal.simulator.simulator import Simulator
from tests.security import world as worlds
from tests.security.world import World
from tests.simulator_control import SimulatorControl


@pytest.fixture(scope="module")
def control_all_along(running_simulator: Simulator) -> Iterator[SimulatorControl]:
    control = SimulatorControl(running_simulator.url)
    control.reset()
    asked = Upstream(f"{control.url}/api/v1", DEMO_KEY, None, 1_000_000, is_demo=True, deletes_env=True)
    with override_settings(MIOSA=asked):
        upstream.reset_client()
        yield control
    control.reset()
    upstream.reset_client()


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: Any, control_all_along: SimulatorControl) -> Iterator[World]:
    """In a transaction of the whole module, so that it is read once and gone in the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield worlds.make(control_all_along)
        transaction.set_rollback(True)


@pytest.fixture
def world(company: World, db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(throttling, "counter", throttling.Counter())
    logging.disable(logging.INFO)  # a line for each of thousands of requests
    yield company
    logging.disable(logging.NOTSET)
    company.control.clear_faults()
    cache.clear()
