"""The log of a running build: all viewers share its requests, and the stored text stays visible during outages."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from portal import terminal
from portal.models import Bucket, Customer, Deployment, Freshness, KeptLog, Version
from portal.permissions import Person
from portal.services import logs
from portal.services.queries.log_pages import LogPage
from portal.services.sync import polling, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import deployment_refresh
from portal.terminal import StyledText
from tests import page_views
from tests.services.conftest import PersonOf, SyncedSimulator
from tests.services.costs import count_requests, counting_requests

OURS = "brightsmile-dental"


@pytest.fixture(autouse=True)
def forget_logs(db: None) -> None:
    cache.clear()


@pytest.fixture
def building(world: SyncedSimulator) -> Version:
    return publish(world, step_times="stuck")


def publish(world: SyncedSimulator, *, step_times: str) -> Version:
    world.read_all()
    world.simulator.configure(step_times=step_times)
    site = Deployment.objects.filter(customer__external_id=OURS).earliest("pk")
    made = world.act("publish", deployment_id=site.miosa_id, steps=True)
    world.read_again()
    version = Version.objects.select_related("deployment").get(miosa_id=made["id"])
    assert version.state == "building"
    return version


def open_log(version: Version, *, by: Person, now: datetime) -> LogPage:
    return logs.get_log(
        by=by, slug=OURS, deployment_id=version.deployment.miosa_id, version_id=version.miosa_id, now=now
    )


def limit_budget(settings: Settings) -> None:
    settings.MIOSA = replace(settings.MIOSA, rpm=60)
    Bucket.objects.all().delete()


def test_many_viewers_leave_the_customer_its_share_of_the_budget(
    world: SyncedSimulator, building: Version, operator: Person, settings: Settings
) -> None:
    limit_budget(settings)
    begun = timezone.now()
    first = open_log(building, by=operator, now=begun)
    with counting_requests(world.simulator) as counted:
        for turn in range(20):
            for _viewer in range(5):
                page = open_log(building, by=operator, now=begun + timedelta(seconds=3 * turn))
                assert page.text.text.startswith(first.text.text)
    assert counted.total <= 8
    share = Bucket.objects.get(key=f"customer:{Customer.objects.get(external_id=OURS).pk}")
    assert share.tokens > 6


def test_an_unchanged_log_is_requested_less_and_less_often(
    world: SyncedSimulator, building: Version, operator: Person
) -> None:
    begun = timezone.now()

    def watch() -> None:
        for second in range(60):
            open_log(building, by=operator, now=begun + timedelta(seconds=second))

    assert count_requests(world.simulator, watch) == {"logs": 6}


def test_the_stored_log_is_shown_with_its_age_during_an_outage(
    world: SyncedSimulator, building: Version, operator: Person
) -> None:
    begun = timezone.now()
    before = open_log(building, by=operator, now=begun)
    assert before.text.text
    assert (before.missing, before.as_of) == ("", None)
    world.simulator.fault("*/logs", times=100, status=503)
    later = open_log(building, by=operator, now=begun + timedelta(seconds=5))
    assert (later.text, later.as_of, later.complete) == (before.text, begun, False)
    assert later.missing
    received = len(world.simulator.requests())
    assert open_log(building, by=operator, now=begun + timedelta(seconds=7)).as_of == begun
    assert len(world.simulator.requests()) == received
    world.simulator.clear_faults()
    again = open_log(building, by=operator, now=begun + timedelta(seconds=60))
    assert (again.missing, again.as_of) == ("", None)


def finish(world: SyncedSimulator, building: Version) -> None:
    world.simulator.advance(3600)
    deployment_refresh.refresh_deployment(
        building.deployment, client=upstream.client(Purpose.BACKGROUND), now=timezone.now(), force=True
    )


def test_a_finished_log_is_requested_at_once_and_stored(world: SyncedSimulator, operator: Person) -> None:
    building = publish(world, step_times="slow")
    now = timezone.now()
    open_log(building, by=operator, now=now)
    finish(world, building)
    assert open_log(building, by=operator, now=now).complete
    assert KeptLog.objects.filter(version=building).exists()


def test_all_viewers_share_one_rendering(
    world: SyncedSimulator, operator: Person, person_of: PersonOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = []
    render = terminal.render

    def count(raw: str) -> StyledText:
        rendered.append(raw)
        return render(raw)

    def view() -> None:
        for _viewer in range(8):
            for by in (operator, person_of(OURS)):
                assert open_log(version, by=by, now=timezone.now()).text.text

    monkeypatch.setattr(terminal, "render", count)
    version = publish(world, step_times="slow")
    view()
    assert len(rendered) == 1
    finish(world, version)
    view()
    assert len(rendered) == 2
    cache.clear()
    view()
    assert len(rendered) == 3


def test_a_failing_log_is_not_requested_by_each_view(world: SyncedSimulator, operator: Person) -> None:
    world.read_all()
    site = Deployment.objects.filter(customer__external_id=OURS).earliest("pk")
    made = world.act("publish", deployment_id=site.miosa_id, outcome="failed_build")
    now = world.read_again()
    version = Version.objects.select_related("deployment").get(miosa_id=made["id"])
    Freshness.objects.update(read_at=now)
    world.simulator.fault("*/logs", times=1000, status=503)

    def view() -> None:
        page = page_views.open_version(
            by=operator, slug=OURS, deployment_id=site.miosa_id, version_id=version.miosa_id, now=now
        )
        assert page.failure

    view()
    for _viewer in range(10):
        assert count_requests(world.simulator, view) == {}
    world.simulator.clear_faults()
    now += timedelta(seconds=polling.LONGEST_GAP_AFTER_FAILURE_S)
    assert count_requests(world.simulator, view) == {"logs": 1}
