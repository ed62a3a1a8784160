"""The worker's ticker: what is due is given out, in order, and never more than the worker gets done."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from portal.env import Upstream
from portal.models import Freshness
from portal.models.freshness import SWEEP
from portal.services import rates
from portal.services.sync import budget, ticker
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import fleet, lease

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plenty(settings: Settings) -> None:
    settings.MIOSA = Upstream("http://127.0.0.1:1/api/v1", "msk_test", None, 6000, is_demo=True)


def given_out() -> list[str]:
    return [task.args_kwargs["args"][0] for task in DBTaskResult.objects.order_by("enqueued_at")]


def all_read(at: timedelta = timedelta(0)) -> None:
    for scope in (fleet.WORKSPACES, SWEEP):
        lease.get(scope)
        Freshness.objects.filter(scope=scope).update(read_at=timezone.now() - at)


def test_workspaces_come_before_the_first_sweep() -> None:
    ticker.tick()
    assert given_out() == [fleet.WORKSPACES]
    Freshness.objects.filter(scope=fleet.WORKSPACES).update(read_at=timezone.now(), wanted_at=None)
    ticker.tick()
    assert given_out()[1:] == [SWEEP]


def test_the_sweep_goes_on_though_workspaces_cant_be_read() -> None:
    lease.get(fleet.WORKSPACES)
    lease.note_failure(fleet.WORKSPACES, code="forbidden", retry_at=None, now=timezone.now())
    ticker.tick()
    assert SWEEP in given_out()


def test_what_is_given_out_is_not_given_out_twice_but_again_if_it_was_lost() -> None:
    all_read()
    now = timezone.now()
    lease.want("versions:1", at=now)
    assert ticker.tick(now) == 1
    assert ticker.tick(now + timedelta(seconds=1)) == 0
    DBTaskResult.objects.all().delete()
    assert ticker.tick(now + timedelta(seconds=50)) >= 1
    assert "versions:1" in given_out()


def test_what_somebody_looks_at_goes_before_histories_filled_in_behind() -> None:
    all_read()
    long_ago = timezone.now() - timedelta(hours=1)
    lease.want_all((f"versions:{number}" for number in range(50)), at=long_ago)
    lease.want("deployment:7", at=timezone.now())
    ticker.tick()
    assert given_out()[0] == "deployment:7"


def test_a_queue_that_is_behind_is_given_nothing_more() -> None:
    all_read()
    lease.want_all((f"versions:{number}" for number in range(100)), at=timezone.now() - timedelta(minutes=1))
    for _second in range(10):
        ticker.tick()
    assert len(given_out()) == 16


def test_nothing_is_given_out_while_the_background_may_not_ask(settings: Settings) -> None:
    settings.MIOSA = Upstream("http://127.0.0.1:1/api/v1", "msk_test", None, 60, is_demo=True)
    while not budget.wait_s(Purpose.BACKGROUND):
        budget.take(Purpose.BACKGROUND)
    assert ticker.tick() == 0
    assert not given_out()


def test_a_sweep_is_due_again_after_its_time() -> None:
    all_read(at=timedelta(seconds=30))
    assert ticker.tick() == 0
    all_read(at=timedelta(seconds=61))
    ticker.tick()
    assert given_out() == [SWEEP]


def test_a_large_fleet_is_swept_at_half_of_the_backgrounds_pace(settings: Settings) -> None:
    settings.MIOSA = Upstream("http://127.0.0.1:1/api/v1", "msk_test", None, 60, is_demo=True)
    lease.get(SWEEP)
    Freshness.objects.filter(scope=SWEEP).update(rows_read=10_000)
    assert fleet.sweep_every() == timedelta(seconds=100 / (rates.background_rate() / 2))


def test_what_nobody_looked_at_for_long_is_read_again_by_itself() -> None:
    all_read()
    lease.get("versions:3")
    Freshness.objects.filter(scope="versions:3").update(read_at=timezone.now() - timedelta(hours=7))
    ticker.tick()
    assert given_out() == ["versions:3"]
