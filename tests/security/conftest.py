"""What the security tests share: one dataset for each module, put back after each test."""

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
from tests.security import dataset as datasets
from tests.security.dataset import Dataset
from tests.simulator_control import SimulatorControl


@pytest.fixture(scope="module")
def module_simulator(running_simulator: Simulator) -> Iterator[SimulatorControl]:
    control = SimulatorControl(running_simulator.url)
    control.reset()
    asked = Upstream(f"{control.url}/api/v1", DEMO_KEY, None, 1_000_000, is_demo=True, deletes_env=True)
    with override_settings(MIOSA=asked):
        upstream.reset_client()
        yield control
    control.reset()
    upstream.reset_client()


@pytest.fixture(scope="module")
def module_dataset(
    django_db_setup: None, django_db_blocker: Any, module_simulator: SimulatorControl
) -> Iterator[Dataset]:
    """In a transaction of the whole module: created once, and rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield datasets.create_dataset(module_simulator)
        transaction.set_rollback(True)


@pytest.fixture
def dataset(module_dataset: Dataset, db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dataset]:
    monkeypatch.setattr(throttling, "counter", throttling.Counter())
    logging.disable(logging.INFO)  # a line for each of thousands of requests
    yield module_dataset
    logging.disable(logging.NOTSET)
    module_dataset.control.clear_faults()
    cache.clear()
