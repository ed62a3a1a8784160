"""One refresh for all viewers: threads and processes with one database, and readers that are killed or late."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from portal.models import Bucket, Connection, Customer, Deployment, Freshness, Version
from portal.models.freshness import versions_scope
from portal.services.sync import leases, scopes, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import customer_refresh, sweeps, version_refresh
from portal.services.sync.leases import LeaseLost
from portal.services.sync.upsert import customer_rows
from tests import page_views
from tests.services.costs import counting_requests
from tests.simulator_control import SimulatorControl

OURS = "brightsmile-dental"
PROCESSES, VIEWERS = 4, 75
# SQLite waits 20 s for a lock; a page must not.
HALF_THE_LOCK_TIMEOUT_S = 10

pytestmark = pytest.mark.django_db(transaction=True)


def start_processes(
    simulator: SimulatorControl,
    action: str,
    slug: str = OURS,
    *,
    processes: int = PROCESSES,
    threads: int = VIEWERS,
    rpm: int = 6000,
) -> list[str]:
    """What each process printed. They begin at the same time, when all of them are ready."""
    given = {
        "database": str(connection.settings_dict["NAME"]),
        "miosa": {"base_url": f"{simulator.url}/api/v1", "rpm": rpm},
    }
    environment = {**os.environ, "MANY": json.dumps(given), "DJANGO_SETTINGS_MODULE": "tests.services.viewers_settings"}
    begin_at = time.time() + 4 + processes
    command = [sys.executable, "-m", "tests.services.viewers", action, slug, str(threads), str(begin_at)]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    outputs = []
    for process in started:
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0, err[-2000:]
        outputs.append(out)
    return outputs


def run_viewers(simulator: SimulatorControl, action: str) -> tuple[dict[str, int], int]:
    """The requests that MIOSA received, and how many views there were. None may fail."""
    with counting_requests(simulator) as counted:
        reports = [json.loads(out) for out in start_processes(simulator, action)]
    assert not [failure for report in reports for failure in report["failed"]]
    return counted.kinds, sum(report["views"] for report in reports)


def test_300_viewers_of_a_stale_page_share_one_request(simulator: SimulatorControl) -> None:
    simulator.reset(customers=2)
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=ask, now=timezone.now())
    customer_refresh.refresh_customer(customer_rows.ensure_customer(OURS), client=ask, now=timezone.now())
    for _try in range(3):
        long_ago = timezone.now() - timedelta(minutes=1)
        Freshness.objects.filter(scope__startswith="customer:").update(read_at=long_ago, failed_at=None)
        requests, views = run_viewers(simulator, "poll")
        assert views == PROCESSES * VIEWERS
        if requests:  # none: on a busy machine the one who may read gives up, since people wait
            break
    assert requests == {"list": 1}


def test_300_viewers_of_an_empty_portal_share_one_request(simulator: SimulatorControl) -> None:
    """Viewers that do not wait see an empty page. Afterwards everybody sees the data."""
    simulator.reset(customers=2)
    customer_rows.ensure_customer(OURS)
    simulator.fault("*/deployments", delay_s=0.5, times=1)
    requests, views = run_viewers(simulator, "open")
    assert requests["list"] == 1
    assert requests.get("versions", 0) <= 3
    assert views == 2 * PROCESSES * VIEWERS


def get_row(scope: str) -> Any:
    return Freshness.objects.get(scope=scope)


def test_only_one_holds_a_lease() -> None:
    with leases.take_lease("sweep") as first, leases.take_lease("sweep") as second:
        assert first is not None
        assert second is None
    with leases.take_lease("sweep") as third:
        assert third is not None


def test_a_reader_with_an_expired_lease_writes_nothing() -> None:
    with leases.take_lease("sweep") as late:
        assert late is not None
        Freshness.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        with pytest.raises(LeaseLost), late.writing() as row:
            row.rows_read = 7
        with leases.take_lease("sweep") as next_one:
            assert next_one is not None
            with pytest.raises(LeaseLost), late.writing() as row:
                row.rows_read = 7
            with next_one.writing() as row:
                row.rows_read = 8
    assert get_row("sweep").rows_read == 8


def test_ending_a_lost_lease_does_not_end_the_next_one() -> None:
    with leases.take_lease("sweep") as late:
        assert late is not None
        Freshness.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        taken = leases.take_lease("sweep")
        other = taken.__enter__()
        assert other is not None
    with other.writing():
        pass
    taken.__exit__(None, None, None)


def test_a_reader_overtaken_by_an_operation_writes_nothing() -> None:
    with leases.take_lease("versions:1") as reading:
        assert reading is not None
        scopes.discard_running_reads("versions:1")
        with pytest.raises(LeaseLost), reading.writing():
            pass


def test_a_lease_far_in_the_future_is_ignored() -> None:
    scopes.get_freshness("sweep")
    Freshness.objects.update(lease_token="x", lease_until=timezone.now() + timedelta(hours=1))
    with leases.take_lease("sweep") as taken:
        assert taken is not None


def test_a_late_reader_of_versions_writes_nothing(simulator: SimulatorControl) -> None:
    """The whole way: its answer is under way when our own change overtakes it."""
    simulator.reset(customers=2)
    ask = upstream.client(Purpose.BACKGROUND)
    customer_refresh.refresh_customer(customer_rows.ensure_customer(OURS), client=ask, now=timezone.now())
    deployment = Deployment.objects.filter(customer__external_id=OURS).earliest("pk")
    Version.objects.filter(deployment=deployment).update(state="stored later")

    def gate(_attempt: object) -> None:
        scopes.discard_running_reads(versions_scope(deployment.pk))

    with pytest.raises(LeaseLost):
        version_refresh.refresh_versions(deployment, client=ask.bind(gate=gate), now=timezone.now())
    assert set(Version.objects.filter(deployment=deployment).values_list("state", flat=True)) == {"stored later"}


def test_no_transaction_is_open_during_a_request(simulator: SimulatorControl) -> None:
    simulator.reset(customers=2)
    asked = []

    def gate(_attempt: object) -> None:
        asked.append(connection.in_atomic_block)

    ask = upstream.client(Purpose.BACKGROUND).bind(gate=gate)
    sweeps.sweep_workspaces(client=ask, now=timezone.now())
    sweeps.sweep_deployments(client=ask, now=timezone.now())
    customer_refresh.refresh_customer(customer_rows.ensure_customer(OURS), client=ask, now=timezone.now(), force=True)
    assert len(asked) > 4
    assert not any(asked)


def test_the_work_of_a_killed_worker_is_done_by_the_next(simulator: SimulatorControl) -> None:
    """Killed while pages arrive: the lease expires, and the next worker reads the list to its end."""
    simulator.reset(customers=3)
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=ask, now=timezone.now())
    sweeps.sweep_deployments(client=ask, now=timezone.now())
    shop = Deployment.objects.get(name="Shop")
    pages = []

    class Killed(BaseException):
        pass

    def gate(_attempt: object) -> None:
        pages.append(1)
        if len(pages) == 3:
            raise Killed

    token = leases.take_lease(versions_scope(shop.pk))
    del token
    with pytest.raises(Killed):
        version_refresh.refresh_versions(shop, client=ask.bind(gate=gate), now=timezone.now())
    Freshness.objects.filter(scope=versions_scope(shop.pk)).update(
        lease_token="of the dead", lease_until=timezone.now() + timedelta(seconds=20)
    )
    assert Version.objects.filter(deployment=shop).count() == 200
    assert not version_refresh.refresh_versions(shop, client=ask, now=timezone.now())
    Freshness.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert version_refresh.refresh_versions(shop, client=ask, now=timezone.now())
    assert Version.objects.filter(deployment=shop).count() == 400


@pytest.mark.skipif("sqlite" not in os.environ.get("TEST_DATABASE_URL", "sqlite"), reason="SQLite has one writer")
def test_reading_continues_during_a_long_write(simulator: SimulatorControl) -> None:
    """A stale page is rendered although its request for a refresh can't be stored."""
    import sqlite3  # noqa: PLC0415 - only here

    from tests.services.viewers import _person  # noqa: PLC0415 - only here

    simulator.reset(customers=2)
    customer_refresh.refresh_customer(
        customer_rows.ensure_customer(OURS), client=upstream.client(Purpose.BACKGROUND), now=timezone.now()
    )
    connection.ensure_connection()
    writer = sqlite3.connect(str(connection.settings_dict["NAME"]), timeout=1)
    try:
        writer.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        later = timezone.now() + timedelta(minutes=1)
        page = page_views.open_history(by=_person(), slug=OURS, query={}, now=later)
        assert page.page.entries
        assert page.age.stale
        page_views.poll_history(by=_person(), slug=OURS, query={}, generation="", now=later)
        assert time.monotonic() - begun < HALF_THE_LOCK_TIMEOUT_S
    finally:
        writer.rollback()
        writer.close()


def test_two_processes_share_one_budget(simulator: SimulatorControl) -> None:
    Connection.only()
    Bucket.objects.all().delete()
    rpm = 600
    outputs = start_processes(simulator, "spend", "action", processes=2, threads=2, rpm=rpm)
    given = sum(line == "1" for out in outputs for line in out.splitlines())
    # They need not begin and end at the same time, so up to three seconds of refill.
    assert 0 < given <= rpm / 4 + rpm / 60 * 3
    assert not transaction.get_connection().in_atomic_block
    assert Customer.objects.count() == 0
