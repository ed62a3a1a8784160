"""The worker under load: nothing waits for slow calls, and finding out costs few requests."""

import dataclasses
import threading
import time

import pytest
from django.db import connection
from django.db.models import Min
from pytest_django import Settings

from portal.models import Operation
from portal.services.operations.background import OperationSource
from portal.services.sync import budget, upstream
from portal.services.sync.budget import Purpose
from portal.worker import Worker
from tests.operations.app import App, get_operation

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_unknown_operation_is_settled_while_slow_publishes_hold_their_threads(app: App) -> None:
    for number in range(9):
        app.publish_new(f"App {number}")
    app.control.fault("*/deploy", times=20, delay_s=4)
    app.control.fault("*/rollback", drop_after=True)
    page = app.roll_back(23)
    began, worker = time.monotonic(), Worker([OperationSource()])
    thread = threading.Thread(target=worker.run)
    thread.start()
    while get_operation(page).state == "unknown" and time.monotonic() - began < 10:
        time.sleep(0.05)
    worker.stop()
    thread.join()
    connection.close()
    assert get_operation(page).state == "succeeded"
    publishes = Operation.objects.filter(kind="publish", sent_at__isnull=False)
    assert get_operation(page).settled_at < publishes.aggregate(at=Min("settled_at"))["at"]


@pytest.mark.usefixtures("without_keys")
def test_detecting_a_lost_publish_costs_few_requests(app: App) -> None:
    app.control.fault("*/publish", drop_before=True)
    page = app.change("publish")
    since = app.log_position()
    for _second in range(60):
        app.pass_time(1)
        app.run_worker()
    assert get_operation(page).state == "unknown"
    assert 10 < len(app.control.requests(since)) < 40


@pytest.mark.usefixtures("without_keys")
def test_detecting_a_lost_publish_leaves_budget_to_people(app: App, settings: Settings) -> None:
    app.control.fault("*/publish", drop_before=True)
    page = app.change("publish")
    settings.MIOSA = dataclasses.replace(settings.MIOSA, rpm=60)
    upstream.reset_client()
    for _read in range(12):
        app.pass_time(6)
        app.run_worker()
    assert get_operation(page).state == "unknown"
    assert budget.wait_s(Purpose.READ) > 0
    assert budget.wait_s(Purpose.ACTION) == 0
