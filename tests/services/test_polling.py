"""A log that is being written: all who watch share one reading, and what was read goes on being shown."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from portal.models import Bucket, Customer, Deployment, Freshness, KeptLog, Version
from portal.permissions import Person
from portal.services import logs
from portal.services.logs import LogPage
from portal.services.sync import polling, upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import deployment_refresh
from tests import pages
from tests.services.conftest import SeededWorld
from tests.services.request_counts import count_requests, counting_requests

OURS = "brightsmile-dental"


@pytest.fixture(autouse=True)
def forget_logs(db: None) -> None:
    cache.clear()


@pytest.fixture
def building(world: SeededWorld) -> Version:
    return publish(world, step_times="stuck")


def publish(world: SeededWorld, *, step_times: str) -> Version:
    world.read_all()
    world.simulator.configure(step_times=step_times)
    site = Deployment.objects.filter(customer__external_id=OURS).earliest("pk")
    made = world.act("publish", deployment_id=site.miosa_id, steps=True)
    world.read_again()
    version = Version.objects.select_related("deployment").get(miosa_id=made["id"])
    assert version.state == "building"
    return version


def look(version: Version, *, by: Person, now: datetime) -> LogPage:
    return logs.get_log(
        by=by, slug=OURS, deployment_id=version.deployment.miosa_id, version_id=version.miosa_id, now=now
    )


def as_on_a_small_plan(settings: Settings) -> None:
    settings.MIOSA = replace(settings.MIOSA, rpm=60)
    Bucket.objects.all().delete()


def test_many_who_watch_for_a_minute_leave_the_customer_its_share(
    world: SeededWorld, building: Version, operator: Person, settings: Settings
) -> None:
    as_on_a_small_plan(settings)
    begun = timezone.now()
    first = look(building, by=operator, now=begun)
    with counting_requests(world.simulator) as counted:
        for turn in range(20):
            for _viewer in range(5):
                page = look(building, by=operator, now=begun + timedelta(seconds=3 * turn))
                assert page.text.startswith(first.text)
    assert counted.total <= 8
    share = Bucket.objects.get(key=f"customer:{Customer.objects.get(external_id=OURS).pk}")
    assert share.tokens > 6


def test_what_does_not_change_is_asked_for_ever_more_seldom(
    world: SeededWorld, building: Version, operator: Person
) -> None:
    begun = timezone.now()

    def watch() -> None:
        for second in range(60):
            look(building, by=operator, now=begun + timedelta(seconds=second))

    assert count_requests(world.simulator, watch) == {"logs": 6}


def test_what_was_read_is_shown_with_its_age_while_nothing_newer_can_be(
    world: SeededWorld, building: Version, operator: Person
) -> None:
    begun = timezone.now()
    before = look(building, by=operator, now=begun)
    assert before.text
    assert (before.missing, before.as_of) == ("", None)
    world.simulator.fault("*/logs", times=100, status=503)
    later = look(building, by=operator, now=begun + timedelta(seconds=5))
    assert (later.text, later.as_of, later.complete) == (before.text, begun, False)
    assert later.missing
    heard = len(world.simulator.requests())
    assert look(building, by=operator, now=begun + timedelta(seconds=7)).as_of == begun
    assert len(world.simulator.requests()) == heard
    world.simulator.clear_faults()
    again = look(building, by=operator, now=begun + timedelta(seconds=60))
    assert (again.missing, again.as_of) == ("", None)


def test_a_log_that_ended_is_asked_for_at_once_and_kept(world: SeededWorld, operator: Person) -> None:
    building = publish(world, step_times="slow")
    now = timezone.now()
    look(building, by=operator, now=now)
    world.simulator.advance(3600)
    deployment_refresh.refresh_deployment(
        building.deployment, client=upstream.client(Purpose.BACKGROUND), now=timezone.now(), force=True
    )
    assert look(building, by=operator, now=now).complete
    assert KeptLog.objects.filter(version=building).exists()


def test_a_log_that_can_not_be_fetched_is_not_asked_for_by_each_view(world: SeededWorld, operator: Person) -> None:
    world.read_all()
    site = Deployment.objects.filter(customer__external_id=OURS).earliest("pk")
    made = world.act("publish", deployment_id=site.miosa_id, outcome="failed_build")
    now = world.read_again()
    version = Version.objects.select_related("deployment").get(miosa_id=made["id"])
    Freshness.objects.update(read_at=now)
    world.simulator.fault("*/logs", times=1000, status=503)

    def view() -> None:
        page = pages.open_version(
            by=operator, slug=OURS, deployment_id=site.miosa_id, version_id=version.miosa_id, now=now
        )
        assert page.failure

    view()
    for _viewer in range(10):
        assert count_requests(world.simulator, view) == {}
    world.simulator.clear_faults()
    now += timedelta(seconds=polling.LONGEST_GAP_AFTER_FAILURE_S)
    assert count_requests(world.simulator, view) == {"logs": 1}
