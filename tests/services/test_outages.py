"""Outages of MIOSA: services return stored data with its age and the reason, and lose nothing."""

import time
import zlib
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal import miosa
from portal.miosa import transport
from portal.models import Bucket, Connection, Customer, Deployment, Freshness, KeptLog, Version
from portal.models.freshness import SWEEP
from portal.permissions import Person
from portal.services import errors, logs, visits
from portal.services.queries import history
from portal.services.queries.schemas import Age, Reachability
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import customer_refresh, deployment_refresh, sweeps
from portal.services.sync.refresh import READ_ERRORS
from tests import page_views
from tests.services.conftest import SyncedSimulator

OURS = "brightsmile-dental"
HUGE = 100_000_000
HANGS_S = 60  # dripping and endless bodies would take much longer

OUTAGES: dict[str, tuple[dict[str, Any], Reachability]] = {
    "html": ({"body": "<html><body>502</body></html>", "content_type": "text/html"}, Reachability.UNREACHABLE),
    "half json": ({"body": '{"data": [{"id": "dep_1", "na'}, Reachability.UNREACHABLE),
    "100 MB": ({"body_bytes": HUGE}, Reachability.UNREACHABLE),
    "endless": ({"endless": True}, Reachability.UNREACHABLE),
    "drip": ({"drip_s": 0.2}, Reachability.UNREACHABLE),
    "another shape": ({"body": '{"data": "none"}'}, Reachability.UNREACHABLE),
    "a number": ({"body": "42"}, Reachability.UNREACHABLE),
    "nothing": ({"drop_before": True}, Reachability.UNREACHABLE),
    "lost answer": ({"drop_after": True}, Reachability.UNREACHABLE),
    "cut": ({"cut_after": 100}, Reachability.UNREACHABLE),
    "401": ({"status": 401}, Reachability.REFUSING),
    "402": ({"status": 402}, Reachability.REFUSING),
    "403": ({"status": 403}, Reachability.REFUSING),
    "404": ({"status": 404}, Reachability.REFUSING),
    "410": ({"status": 410}, Reachability.REFUSING),
    "422": ({"status": 422}, Reachability.REFUSING),
    "429": ({"status": 429, "retry_after": 30}, Reachability.BUDGET_SPENT),
    "500": ({"status": 500}, Reachability.UNREACHABLE),
    "502": ({"status": 502, "body": "<html>bad gateway</html>"}, Reachability.UNREACHABLE),
    "503": ({"status": 503}, Reachability.UNREACHABLE),
    "504": ({"status": 504}, Reachability.UNREACHABLE),
    "507": ({"status": 507}, Reachability.UNREACHABLE),
}


def stored() -> tuple[int, int, int]:
    return (
        Deployment.objects.filter(gone_at=None).count(),
        Version.objects.filter(gone_at=None).exclude(customer=None).count(),
        Customer.objects.count(),
    )


def poll_when_stale(operator: Person) -> Age:
    """The age on an open page, two minutes after everything was fetched."""
    Freshness.objects.exclude(read_at=None).update(read_at=timezone.now() - timedelta(minutes=2), failed_at=None)
    answer = page_views.poll_history(by=operator, slug=OURS, query={}, generation="", now=timezone.now())
    assert isinstance(answer, history.History)
    assert answer.page.entries
    return answer.age


@pytest.mark.parametrize("outage", sorted(OUTAGES))
def test_an_outage_is_explained_and_loses_no_data(world: SyncedSimulator, operator: Person, outage: str) -> None:
    world.read_all()
    before = stored()
    do, reach = OUTAGES[outage]
    world.simulator.fault("*", times=1000, **do)
    begun = time.monotonic()
    age = poll_when_stale(operator)
    assert time.monotonic() - begun < HANGS_S
    assert stored() == before
    assert age.as_of is not None
    assert age.stale
    assert age.reach is reach
    assert age.for_people
    assert "miosa" not in age.for_people.lower()
    site = Deployment.objects.filter(customer__external_id=OURS).earliest("pk")
    page = page_views.open_deployment(by=operator, slug=OURS, deployment_id=site.miosa_id, query={}, now=timezone.now())
    assert page.page.entries
    recover(world)
    age = poll_when_stale(operator)
    assert (age.reach, age.for_people) == (Reachability.OK, "")
    assert stored() == before


def recover(world: SyncedSimulator) -> None:
    world.simulator.clear_faults()
    upstream.reset_client()
    Bucket.objects.all().delete()


@pytest.mark.parametrize("outage", ["401", "404", "html", "nothing", "429"])
def test_a_refresh_during_an_outage_is_explained(world: SyncedSimulator, operator: Person, outage: str) -> None:
    world.read_all()
    world.simulator.fault("*", times=1000, **OUTAGES[outage][0])
    with pytest.raises(errors.Unavailable) as caught:
        visits.refresh_customer(by=operator, slug=OURS, now=timezone.now())
    assert caught.value.for_people
    assert "miosa" not in caught.value.for_people.lower()


def test_a_broken_row_affects_only_itself(world: SyncedSimulator, operator: Person) -> None:
    world.simulator.configure(broken_row="one")
    world.read_all()
    world.read_again()
    site = Deployment.objects.filter(customer__external_id=OURS).earliest("pk")
    assert Version.objects.filter(deployment=site).count() >= 5
    assert page_views.open_history(by=operator, slug=OURS, query={}, now=timezone.now()).page.entries


def test_unknown_states_are_shown_unchanged(world: SyncedSimulator, operator: Person) -> None:
    world.simulator.configure(enum_values="unknown", metadata="null", time_keys="inserted_at")
    world.read_all()
    entries = page_views.open_history(by=operator, slug=OURS, query={}, now=timezone.now()).page.entries
    states = {entry.version.state_text for entry in entries if hasattr(entry, "version")}
    assert states
    assert page_views.open_history(by=operator, slug=OURS, query={"state": ["other"]}, now=timezone.now()).page.entries


def test_pages_do_not_repeat_requests_during_an_outage(world: SyncedSimulator, operator: Person) -> None:
    world.read_all()
    world.simulator.fault("*", times=10_000, status=503)
    poll_when_stale(operator)
    received = len(world.simulator.requests())
    for _viewer in range(10):
        page_views.poll_history(by=operator, slug=OURS, query={}, generation="", now=timezone.now())
        page_views.open_history(by=operator, slug=OURS, query={}, now=timezone.now())
    assert len(world.simulator.requests()) == received


def test_a_failing_deployment_does_not_prevent_reading_the_others(world: SyncedSimulator) -> None:
    world.read_all()
    first = Deployment.objects.filter(customer__external_id=OURS).earliest("pk")
    Freshness.objects.filter(scope__startswith="versions:").update(read_at=timezone.now() - timedelta(minutes=5))
    world.simulator.fault(f"*/{first.miosa_id}/versions", times=100, status=403)
    now = timezone.now()
    customer_refresh.refresh_customer(
        Customer.objects.get(external_id=OURS), client=upstream.client(Purpose.READ), now=now, force=True
    )
    read = Freshness.objects.filter(scope__startswith="versions:", read_at=now).count()
    assert read == Deployment.objects.filter(customer__external_id=OURS).count() - 1


def make_everything_stale() -> None:
    Freshness.objects.exclude(read_at=None).update(read_at=timezone.now() - timedelta(hours=2), failed_at=None)


NONSENSE: list[dict[str, Any]] = [
    {"body": "<html>hello</html>", "content_type": "text/html"},
    {"body": '{"data": {"id": "dep_another", "name": "Another"}}'},
]


@pytest.mark.parametrize("do", NONSENSE)
def test_an_invalid_response_leaves_a_deployment_stale(
    world: SyncedSimulator, operator: Person, do: dict[str, Any]
) -> None:
    world.read_all()
    make_everything_stale()
    site = Deployment.objects.filter(customer__external_id=OURS).earliest("pk")
    world.simulator.fault(f"*/deployments/{site.miosa_id}", times=10, status=200, **do)
    with pytest.raises(miosa.BadAnswer):
        deployment_refresh.refresh_deployment(site, client=upstream.client(Purpose.READ), now=timezone.now())
    row = Freshness.objects.get(scope=f"deployment:{site.pk}")
    assert row.error == "bad_answer"
    assert row.read_at is None or row.read_at < timezone.now() - timedelta(hours=1)


@pytest.mark.parametrize(
    ("do", "reach"),
    [
        ({"body": '{"data": "none"}'}, Reachability.UNREACHABLE),
        ({"status": 403}, Reachability.REFUSING),
        ({"status": 404}, Reachability.REFUSING),
    ],
)
def test_unreadable_versions_are_explained_on_the_customers_page(
    world: SyncedSimulator, operator: Person, do: dict[str, Any], reach: Reachability
) -> None:
    world.read_all()
    make_everything_stale()
    last = Deployment.objects.filter(customer__external_id=OURS).earliest("pk")
    world.simulator.fault(f"*/{last.miosa_id}/versions", times=100, **do)
    now = timezone.now()
    customer_refresh.refresh_customer(
        Customer.objects.get(external_id=OURS), client=upstream.client(Purpose.READ), now=now
    )
    # Other requests succeed meanwhile, so the connection as a whole works.
    Connection.objects.update(unreachable_since=None, refused_since=None)
    age = page_views.open_history(by=operator, slug=OURS, query={}, now=now).age
    assert (age.reach, bool(age.for_people)) == (reach, True)
    recover(world)
    later = now + timedelta(seconds=70)
    customer_refresh.refresh_customer(
        Customer.objects.get(external_id=OURS), client=upstream.client(Purpose.READ), now=later
    )
    assert page_views.open_history(by=operator, slug=OURS, query={}, now=later).age.reach is Reachability.OK


def test_unassigned_is_as_old_as_the_last_sweep(world: SyncedSimulator, operator: Person) -> None:
    world.read_all()
    nobodys = Customer.objects.get(is_unassigned=True)
    make_everything_stale()
    world.simulator.fault("*", times=1000, status=503)
    answer = page_views.poll_history(by=operator, slug=nobodys.slug, query={}, generation="", now=timezone.now())
    age = answer.age if isinstance(answer, history.History) else answer
    assert age.stale
    assert age.as_of is not None
    assert age.as_of < timezone.now() - timedelta(hours=1)
    sweep = Freshness.objects.get(scope=SWEEP)
    assert sweep.wanted_at is not None
    assert sweep.wanted_at <= timezone.now()
    recover(world)
    sweeps.sweep_deployments(client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
    page = page_views.open_history(by=operator, slug=nobodys.slug, query={}, now=timezone.now())
    assert not page.age.stale


def test_opening_unassigned_does_not_start_additional_sweeps(world: SyncedSimulator, operator: Person) -> None:
    swept_at = world.read_all()
    nobodys = Customer.objects.get(is_unassigned=True)
    for after in (20, 40):
        now = swept_at + timedelta(seconds=after)
        page_views.poll_history(by=operator, slug=nobodys.slug, query={}, generation="", now=now)
    wanted = Freshness.objects.get(scope=SWEEP).wanted_at
    assert wanted is not None
    assert wanted > swept_at + timedelta(seconds=50)


def test_an_interrupted_sweep_marks_nothing_as_gone(world: SyncedSimulator) -> None:
    world.read_all()
    world.simulator.configure(paging="page")
    for number in range(20):
        ask = upstream.client(Purpose.BACKGROUND)
        ask.deployments.create(name=f"More {number}", external_workspace_id=OURS, idempotency_key=f"k{number}")
    world.read_all()
    there = Deployment.objects.filter(gone_at=None).count()
    ask = upstream.client(Purpose.BACKGROUND)
    sweeps.sweep_deployments(client=ask, now=timezone.now(), most_pages=1)
    world.simulator.fault("*/deployments", times=100, status=500)
    with pytest.raises(READ_ERRORS):
        sweeps.sweep_deployments(client=ask, now=timezone.now())
    world.simulator.clear_faults()
    assert Deployment.objects.filter(gone_at=None).count() == there


def failed_version(world: SyncedSimulator) -> Version:
    site = Deployment.objects.filter(customer__external_id=OURS).earliest("pk")
    made = world.act("publish", deployment_id=site.miosa_id, outcome="failed_build")
    world.read_again()
    return Version.objects.select_related("deployment").get(miosa_id=made["id"])


def test_a_log_is_requested_once_and_stored(world: SyncedSimulator, operator: Person) -> None:
    world.read_all()
    version = failed_version(world)
    where: dict[str, Any] = {
        "by": operator,
        "slug": OURS,
        "deployment_id": version.deployment.miosa_id,
        "version_id": version.miosa_id,
        "now": timezone.now(),
    }
    before = len(world.simulator.requests())
    page = page_views.open_version(**where)
    assert page.failure
    assert page_views.open_version(**where).failure == page.failure
    assert logs.get_log(**where).text.text
    assert len(world.simulator.requests()) == before + 1
    version.refresh_from_db()
    assert version.failure == page.failure


@pytest.mark.parametrize(
    "do", [{"status": 404}, {"status": 503}, {"status": 403}, {"status": 429}, {"drop_before": True}]
)
def test_an_unreadable_log_is_explained(world: SyncedSimulator, operator: Person, do: dict[str, Any]) -> None:
    world.read_all()
    version = failed_version(world)
    world.simulator.fault("*/logs", times=100, **do)
    page = logs.read_log(
        version,
        version.deployment,
        customer=Customer.objects.get(external_id=OURS),
        by=operator,
        stage="",
        now=timezone.now(),
    )
    assert (page.text.text, bool(page.missing)) == ("", True)


def test_of_a_huge_log_the_beginning_and_the_end_are_stored(
    world: SyncedSimulator, operator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 500_000)
    monkeypatch.setattr(transport, "HEAD_BYTES", 100_000)
    world.simulator.configure(log_text="huge")
    world.read_all()
    version = failed_version(world)
    page = logs.read_log(
        version,
        version.deployment,
        customer=Customer.objects.get(external_id=OURS),
        by=operator,
        stage="",
        now=timezone.now(),
    )
    lines = page.text.text.split("\n")
    assert "Preparing sources" in lines[0]
    assert page.gap_line is not None
    assert page.failure in lines[page.gap_line :]
    assert page.gap_bytes > 3_000_000
    assert lines[page.gap_line - 1] < lines[page.gap_line]
    kept = KeptLog.objects.get(version=version)
    assert kept.gap_bytes == page.gap_bytes
    assert len(zlib.decompress(kept.body)) < 500_000
