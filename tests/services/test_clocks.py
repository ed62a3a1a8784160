"""MIOSA's clock is ahead of ours, or several versions have one timestamp."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Activation, Customer, Deployment, Entry, Version
from portal.permissions import Person
from portal.services.queries.timeline_schemas import VersionEntry
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import deployment_refresh
from portal.services.sync.upsert import timeline_entries
from tests import page_views
from tests.services.conftest import SyncedSimulator

OURS = "brightsmile-dental"


def site() -> Deployment:
    return Deployment.objects.get(customer__external_id=OURS, name="Main site")


def refresh() -> None:
    client = upstream.client(Purpose.READ)
    deployment_refresh.refresh_deployment(site(), client=client, now=timezone.now(), force=True)


@pytest.mark.parametrize("ahead", [timedelta(minutes=3), timedelta(hours=2)])
def test_nothing_is_later_than_when_it_was_noticed(world: SyncedSimulator, operator: Person, ahead: timedelta) -> None:
    world.read_all()
    world.simulator.advance(ahead.total_seconds())
    world.act("publish", deployment_id=site().miosa_id)
    refresh()
    now = timezone.now()
    version = Version.objects.filter(deployment=site()).latest("number")
    assert version.created_at is not None
    assert version.created_at > now
    found = page_views.open_history(by=operator, slug=OURS, query={}, now=now)
    app = next(one for one in found.deployments if one.id == site().miosa_id)
    assert app.live is not None
    assert app.live.number == version.number
    assert app.live.created_at <= now
    assert app.live_since is not None
    assert app.live_since <= now
    assert found.page.entries[0].at <= now
    assert Activation.objects.latest("pk").at <= now
    published_at = Customer.objects.get(external_id=OURS).last_published_at
    assert published_at is not None
    assert published_at <= now


def test_versions_with_one_timestamp_are_ordered_by_number(world: SyncedSimulator, operator: Person) -> None:
    """In whichever order they were stored."""
    world.read_all()
    one_moment = timezone.now() - timedelta(days=1)
    versions = list(Version.objects.filter(deployment=site()).order_by("-number"))
    Entry.objects.filter(deployment=site().pk).delete()
    for version in versions:
        version.created_at = version.first_seen_at = one_moment
        timeline_entries.upsert_version_entries(site(), [version])
    page = page_views.open_deployment(
        by=operator, slug=OURS, deployment_id=site().miosa_id, query={}, now=timezone.now()
    )
    listed = [entry.version.number for entry in page.page.entries if isinstance(entry, VersionEntry)]
    assert listed == [version.number for version in versions]
    assert len(listed) == 24
