"""The worker: starts what is due within its limits, is woken at once, and stops when it is found to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from portal import wakeup, worker
from portal.models import Freshness
from portal.wakeup import Alarm, notify_worker
from portal.worker import Due, Source, Worker
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

# The poll never comes to the rescue of a lost signal here.
NEVER_S = 600.0
# On a machine that is busy with other work.
GENEROUS_S = 60


@pytest.fixture(autouse=True)
def own_pipe(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(worker, "POLL_S", NEVER_S)


class RowSource(Source[Freshness]):
    """Rows get_owner `wanted_at` has come; a claim moves it."""

    limits = {"rows": 2}  # noqa: RUF012  # declared as a class variable by Source

    def __init__(self, do_work: Callable[[str], None]) -> None:
        self.do_work = do_work

    def find_due(self, *, now: datetime) -> Due[Freshness]:
        later = Freshness.objects.filter(wanted_at__gt=now).order_by("wanted_at")
        next_at = later.values_list("wanted_at", flat=True).first()
        return Due(list(Freshness.objects.filter(wanted_at__lte=now).order_by("pk")), next_at)

    def key(self, item: Freshness) -> str:
        return item.scope

    def claim(self, item: Freshness, *, now: datetime) -> bool:
        return bool(Freshness.objects.filter(pk=item.pk, wanted_at=item.wanted_at).update(wanted_at=None))

    def run(self, item: Freshness, *, now: datetime) -> None:
        self.do_work(item.scope)


@contextmanager
def running(*sources: Source[Freshness]) -> Iterator[Worker]:
    """In a thread; stopped and joined at the end."""
    started = Worker(sources)
    thread = threading.Thread(target=started.run)
    thread.start()
    try:
        yield started
    finally:
        started.stop()
        thread.join(timeout=GENEROUS_S)
        assert not thread.is_alive()


def add_work(scope: str, *, at: datetime | None = None) -> None:
    Freshness.objects.create(scope=scope, wanted_at=at or timezone.now())
    notify_worker()


def test_new_work_wakes_it_at_once() -> None:
    done: list[str] = []
    with running(RowSource(done.append)):
        for number in range(5):
            add_work(f"row {number}")
            wait_until(lambda: len(done) == number + 1, seconds=GENEROUS_S)  # noqa: B023  # called within the round


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="NOTIFY is PostgreSQL's")
def test_on_postgresql_it_is_woken_without_the_pipe() -> None:
    done: list[str] = []
    with running(RowSource(done.append)):
        wait_until(lambda: wakeup.fifo_path().exists(), seconds=GENEROUS_S)
        time.sleep(0.5)  # until it listens
        wakeup.fifo_path().unlink()
        add_work("row")
        wait_until(lambda: done == ["row"], seconds=GENEROUS_S)


def test_work_is_announced_when_its_transaction_is_committed() -> None:
    done: list[str] = []
    with running(RowSource(done.append)):
        with transaction.atomic():
            add_work("row")
            assert not done
        wait_until(lambda: done == ["row"], seconds=GENEROUS_S)


def test_it_wakes_when_planned_work_becomes_due() -> None:
    done: list[str] = []
    add_work("row", at=timezone.now() + timedelta(seconds=0.4))
    with running(RowSource(done.append)):
        wait_until(lambda: done == ["row"], seconds=GENEROUS_S)


def test_of_two_workers_one_runs_a_job() -> None:
    done: list[str] = []
    for number in range(20):
        add_work(f"row {number}")
    with running(RowSource(done.append)), running(RowSource(done.append)):
        wait_until(lambda: len(done) >= 20, seconds=GENEROUS_S)
    assert sorted(done) == sorted(f"row {number}" for number in range(20))


def test_no_more_than_its_limit_run_at_once() -> None:
    at_once, most, lock = [0], [0], threading.Lock()
    done: list[str] = []

    def do_work(scope: str) -> None:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        time.sleep(0.05)
        with lock:
            at_once[0] -= 1
            done.append(scope)

    for number in range(8):
        add_work(f"row {number}")
    with running(RowSource(do_work)):
        wait_until(lambda: len(done) == 8, seconds=GENEROUS_S)
    assert most == [2]


def test_a_job_that_fails_stops_no_other() -> None:
    done: list[str] = []

    def do_work(scope: str) -> None:
        if scope == "bad":
            raise ValueError(scope)
        if scope == "locked":
            raise DatabaseError(scope)
        done.append(scope)

    for scope in ("bad", "locked", "good"):
        add_work(scope)
    with running(RowSource(do_work)):
        wait_until(lambda: done == ["good"], seconds=GENEROUS_S)


def test_a_source_that_fails_stops_no_other() -> None:
    class Broken(RowSource):
        limits = {"broken": 1}  # noqa: RUF012  # as above

        def find_due(self, *, now: datetime) -> Due[Freshness]:
            raise RuntimeError("broken")

    done: list[str] = []
    add_work("row")
    with running(Broken(done.append), RowSource(done.append)):
        wait_until(lambda: done == ["row"], seconds=GENEROUS_S)


def test_stopping_lets_running_jobs_end_and_starts_no_other() -> None:
    begun, release = threading.Event(), threading.Event()
    done: list[str] = []

    def do_work(scope: str) -> None:
        begun.set()
        release.wait(GENEROUS_S)
        done.append(scope)

    add_work("row")
    with running(RowSource(do_work)) as started:
        assert begun.wait(GENEROUS_S)
        started.stop()
        add_work("too late")
        release.set()
    assert done == ["row"]
    assert Freshness.objects.get(scope="too late").wanted_at is not None


def test_nobody_waits_for_a_worker_that_does_not_run() -> None:
    notify_worker()
    Alarm().close()
    notify_worker()
    assert wakeup.fifo_path().is_fifo()
    assert wakeup.fifo_path().stat().st_mode & 0o077 == 0


def test_many_signals_never_block() -> None:
    alarm = Alarm()
    for _signal in range(70_000 if connection.vendor == "sqlite" else 100):
        notify_worker()
    alarm.wait(0)
    alarm.close()
