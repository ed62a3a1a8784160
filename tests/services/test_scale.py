"""Large amounts: the memory of a backfill, and thousands of deployments."""

import os
import resource

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import miosa
from portal.models import Customer, Deployment, Entry, Freshness, Holding, Version
from portal.models.freshness import SWEEP
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import sweeps, version_refresh
from portal.services.sync.upsert import deployment_rows
from tests.services.costs import counting_requests
from tests.simulator_control import SimulatorControl

BACKFILL = int(os.environ.get("BACKFILL_ROWS", "6000"))
CUSTOMERS = int(os.environ.get("SCALE_CUSTOMERS", "1000"))
SWEPT = int(os.environ.get("SCALE_SWEPT", "150"))
PAGE_SIZE = 100

pytestmark = pytest.mark.django_db


def deployment_row(number: int, live: str | None = None) -> miosa.Deployment:
    return miosa.Deployment(
        id=f"dep_{number}", name=f"App {number}", external_workspace_id=f"customer-{number}", active_version_id=live
    )


def test_a_backfill_takes_constant_memory(simulator: SimulatorControl) -> None:
    """Measured in full with BACKFILL_ROWS=100000: after the first tenth, memory may not grow."""
    simulator.reset(customers=2)
    site = simulator.state()["customers"][0]["deployments"][0]
    simulator.run_action("history", deployment_id=site["id"], count=BACKFILL)
    peaks: list[float] = []

    def gate(_attempt: miosa.Attempt) -> None:
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    ask = upstream.client(Purpose.BACKGROUND).bind(gate=gate)
    (seen,) = deployment_rows.upsert_deployments([ask.deployments.get(site["id"])], now=timezone.now())
    version_refresh.refresh_versions(seen.deployment, client=ask, now=timezone.now())
    count = BACKFILL + site["versions"]
    assert Version.objects.filter(deployment=seen.deployment).count() == count
    assert Entry.objects.count() == count
    tenth = peaks[len(peaks) // 10]
    if "BACKFILL_ROWS" in os.environ:
        print(f"{count} rows, peak {tenth:.0f} MiB after a tenth, {peaks[-1]:.0f} MiB at the end")  # noqa: T201  # requested with the variable
    assert peaks[-1] - tenth < 8, (tenth, peaks[-1])


def test_many_deployments_are_stored_in_few_queries() -> None:
    """A few queries for each page of 100 rows once they are stored, however many deployments there are."""
    rows = [deployment_row(number) for number in range(CUSTOMERS)]
    pages = [rows[start : start + PAGE_SIZE] for start in range(0, CUSTOMERS, PAGE_SIZE)]
    for page in pages:
        deployment_rows.upsert_deployments(page, now=timezone.now())
    assert Customer.objects.exclude(external_id=None).count() == CUSTOMERS
    assert Holding.objects.filter(owns=True).count() == CUSTOMERS
    with CaptureQueriesContext(connection) as seen:
        for page in pages:
            deployment_rows.upsert_deployments(page, now=timezone.now())
    assert len(seen) <= 12 * len(pages)
    assert Deployment.objects.count() == CUSTOMERS


def test_a_long_list_is_stored_in_small_transactions() -> None:
    rows = [deployment_row(number) for number in range(450)]
    stored = deployment_rows.upsert_deployments(rows, now=timezone.now())
    assert len(stored) == 450
    assert not Freshness.objects.exclude(lease_until=None).exists()


def test_many_deployments_are_swept_page_by_page(simulator: SimulatorControl) -> None:
    """Measured in full with SCALE_SWEPT=5000."""
    simulator.reset(customers=SWEPT)
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_workspaces(client=ask, now=timezone.now())
    for _sweep in range(2):
        with counting_requests(simulator) as counted:
            while Freshness.objects.get_or_create(scope=SWEEP)[0].read_at is None:
                sweeps.sweep_deployments(client=ask, now=timezone.now(), most_pages=sweeps.PAGES_PER_RUN)
        assert counted.kinds == {"list": -(-Deployment.objects.count() // PAGE_SIZE)}
        Freshness.objects.filter(scope=SWEEP).update(read_at=None)
    assert Customer.objects.exclude(external_id=None).count() >= SWEPT - 1
    assert not Deployment.objects.exclude(gone_at=None).exists()
