"""The worker under load: nothing waits behind what takes long, and a look costs little of MIOSA's budget."""

import dataclasses
import threading
import time

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from portal.services.operations import publishing
from portal.services.operations.driver import OperationSource
from portal.services.operations.kinds import Kind
from portal.services.operations.publishing import Publication
from portal.services.sync import budget, upstream
from portal.services.sync.budget import Purpose
from portal.worker import Worker
from tests.journal.desk import Desk, of

pytestmark = pytest.mark.django_db(transaction=True)


def publish_anew(desk: Desk, name: str) -> None:
    now = timezone.now()
    token = publishing.draw_publish(by=desk.owner, slug=desk.slug, now=now).token
    wanted = Publication(token=token, sandbox_id=desk.sandbox(), name=name)
    publishing.publish(by=desk.owner, slug=desk.slug, publication=wanted, now=now)


def test_what_is_unknown_is_settled_while_slow_publishes_hold_their_threads(desk: Desk) -> None:
    for number in range(9):
        publish_anew(desk, f"App {number}")
    desk.playing.fault("*/deploy", times=20, delay_s=4)
    desk.playing.fault("*/rollback", drop_after=True)
    page = desk.roll_back(23)
    began, worker = time.monotonic(), Worker([OperationSource()])
    thread = threading.Thread(target=worker.run)
    thread.start()
    while of(page).state == "unknown" and time.monotonic() - began < 10:
        time.sleep(0.05)
    took = time.monotonic() - began
    worker.stop()
    thread.join()
    connection.close()
    assert of(page).state == "succeeded"
    assert took < 3


@pytest.mark.usefixtures("without_keys")
def test_a_publish_that_is_looked_for_costs_little(desk: Desk) -> None:
    desk.playing.fault("*/publish", drop_before=True)
    page = desk.do(Kind.PUBLISH)
    since = desk.mark()
    for _second in range(60):
        desk.pass_time(1)
        desk.turn()
    assert of(page).state == "unknown"
    assert 10 < len(desk.playing.heard(since)) < 40


@pytest.mark.usefixtures("without_keys")
def test_and_leaves_a_token_to_people(desk: Desk, settings: Settings) -> None:
    desk.playing.fault("*/publish", drop_before=True)
    page = desk.do(Kind.PUBLISH)
    settings.MIOSA = dataclasses.replace(settings.MIOSA, rpm=60)
    upstream.reset_client()
    for _look in range(12):
        desk.pass_time(6)
        desk.turn()
    assert of(page).state == "unknown"
    assert budget.wait_s(Purpose.READ) > 0
    assert budget.wait_s(Purpose.ACTION) == 0
