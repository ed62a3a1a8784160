"""What is wrong with an app shows wherever the app is listed, before anybody opens its pages."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import Deployment, Freshness, Version
from portal.services.domains.background import DomainListSource
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import sweeps, version_refresh
from portal.services.sync.limits import VERSIONS_LISTED
from portal.services.sync.schedule import SyncSource
from tests.deployments_ui.changes import older
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, text_of
from tests.deployments_ui.views.test_publishing import published

LISTS = (f"/c/{SLUG}/", "/find/?q=main")


def row_of(page: str, name: str) -> str:
    """The part of a list about one app, as plain text."""
    found = re.search(rf">{name}</(?:a|span)>(.*?)</li>", page, re.DOTALL)
    assert found
    return " ".join(re.sub("<[^>]+>", " ", found[1]).split())


def sweep() -> None:
    """What the worker does every minute, and what follows from it."""
    sweeps.sweep_deployments(client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
    for row in list(Freshness.objects.filter(wanted_at__lte=timezone.now(), scope__startswith="versions:")):
        Freshness.objects.filter(pk=row.pk).update(wanted_at=None)
        SyncSource().run(row, now=timezone.now())


def run_quiet() -> None:
    """What the worker reads if nothing else is due."""
    while row := version_refresh.list_quiet(now=timezone.now()).first():
        SyncSource().run(row, now=timezone.now())


def read_domains() -> None:
    source = DomainListSource()
    while due := source.find_due(now=timezone.now()).items:
        assert source.claim(due[0], now=timezone.now())
        source.run(due[0], now=timezone.now())


def rows_of(client: Client, name: str = "Main site") -> list[str]:
    return [row_of(text_of(client, path.replace("main", name)), name) for path in LISTS]


def test_a_stopped_app_is_not_shown_as_live(world: World, browse: Browse) -> None:
    world.control.run_action("stop", deployment_id=world.main["id"])
    sweep()
    for row in rows_of(browse(world.people.operator)):
        assert "Stopped #24" in row
        assert "Live" not in row
    data = browse(world.people.operator).get("/api/v1/customers/?q=bright").json()
    assert data["results"][0]["deployments"][0]["is_stopped"] is True


def test_the_pages_of_a_stopped_app_do_not_call_it_live(world: World, browse: Browse) -> None:
    world.control.run_action("publish", deployment_id=world.main["id"], outcome="failed_build")
    world.control.run_action("stop", deployment_id=world.main["id"])
    sweep()
    client = browse(world.people.operator)
    failed = Version.objects.get(deployment__miosa_id=world.main["id"], number=25)
    app, version = text_of(client, world.path), text_of(client, f"{world.path}versions/{failed.miosa_id}/")
    status = app.split('id="answer"')[1].split("</section>")[0]
    assert "Stopped #24" in status
    assert "went live" in status
    assert "#25 failed" in status
    for page in (status, version):
        assert "stays live" not in page
        assert "is live and unaffected" not in page
    for dialog in ("redeploy/", "stop/", f"versions/{older(world)[0]['id']}/rollback/"):
        page = text_of(client, f"{world.path}{dialog}", **HTMX)
        assert "Stopped #24" in page
        assert "Live #24" not in page


def test_a_deleted_app_is_on_no_rollback_and_has_nothing_live(world: World, browse: Browse) -> None:
    world.control.run_action("rollback", deployment_id=world.main["id"], version_id=older(world)[0]["id"])
    world.control.run_action("publish", deployment_id=world.main["id"], outcome="failed_build")
    sweep()
    client = browse(world.people.operator)
    failed = Version.objects.get(deployment__miosa_id=world.main["id"], number=25)
    phrases = {
        "will replace it": world.path,
        "stays live": world.path,
        "is live and unaffected": f"{world.path}versions/{failed.miosa_id}/",
        "on a rollback": "/find/?q=main",
    }
    assert all(phrase in text_of(client, path) for phrase, path in phrases.items())
    Deployment.objects.filter(miosa_id=world.main["id"]).update(gone_at=timezone.now())
    assert not [phrase for phrase, path in phrases.items() if phrase in text_of(client, path)]


def test_nothing_is_live_while_a_stopped_app_is_published(world: World, browse: Browse) -> None:
    path = published(world, browse)
    assert "is live meanwhile" in text_of(browse(world.people.owner), path)
    Deployment.objects.filter(miosa_id=world.main["id"]).update(state="stopped")
    assert "is live meanwhile" not in text_of(browse(world.people.owner), path)


@pytest.mark.parametrize("touches_row", [True, False])
def test_a_failed_publish_of_an_outsider_shows(world: World, browse: Browse, touches_row: bool) -> None:
    """If MIOSA changes the app's row, with the next sweep; else a few minutes after somebody opened the list."""
    world.control.configure(version_touches_deployment=touches_row)
    client = browse(world.people.operator)
    text_of(client, "/customers/")
    world.control.run_action("publish", deployment_id=world.main["id"], outcome="failed_build")
    if not touches_row:
        Freshness.objects.filter(scope__startswith="versions:").update(read_at=timezone.now() - VERSIONS_LISTED)
        run_quiet()
    sweep()
    for row in rows_of(client):
        assert "#25 failed" in row
        assert "Live #24" in row


def test_versions_in_no_open_list_are_not_read_for_hours(world: World) -> None:
    Freshness.objects.filter(scope__startswith="versions:").update(read_at=timezone.now() - 2 * VERSIONS_LISTED)
    assert not version_refresh.list_quiet(now=timezone.now())


def test_a_failing_domain_shows(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    assert not any("domain" in row for row in rows_of(client, "Booking"))
    assert client.get("/api/v1/customers/?q=bright").json()["results"][0]["deployments"][1]["domains_waiting"] is None
    read_domains()
    for row in rows_of(client, "Booking"):
        assert "1 domain problem" in row
    for row in rows_of(client):
        assert "domain" not in row


def test_domains_are_read_once_in_hours_at_one_request_each(world: World) -> None:
    before = len(world.control.requests())
    read_domains()
    asked = [row["path"] for row in world.control.requests()[before:]]
    assert len(asked) == Deployment.objects.filter(gone_at=None).count()
    assert all(path.endswith("/domains") for path in asked)
    assert not DomainListSource().find_due(now=timezone.now()).items
    later = DomainListSource().find_due(now=timezone.now()).next_at
    assert later is not None
    assert (later - timezone.now()).total_seconds() > 5 * 3600


def test_domains_wait_for_histories(world: World) -> None:
    Freshness.objects.filter(scope__startswith="versions:").update(read_at=None, wanted_at=timezone.now())
    assert not DomainListSource().find_due(now=timezone.now()).items


@pytest.mark.parametrize("status", [503, 403])
def test_domains_that_cannot_be_read_hold_up_no_others(world: World, status: int) -> None:
    first = DomainListSource().find_due(now=timezone.now()).items[0]
    world.control.fault(f"*/{first.miosa_id}/domains", times=50, status=status)
    read_domains()
    assert list(Deployment.objects.filter(gone_at=None, domains_read_at=None)) == [first]
    later = DomainListSource().find_due(now=timezone.now()).next_at
    assert later is not None
    assert 500 < (later - timezone.now()).total_seconds() <= 600
