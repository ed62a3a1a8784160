"""What changes by itself at MIOSA shows on open pages within seconds, whoever caused it, at one request for all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import Deployment, Freshness, Version
from portal.services.sync.fetch import build_refresh
from portal.services.sync.schedule import SyncSource
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, poll_path, text_of

PAGES = ("history", "app", "version", "log", "list")


@pytest.fixture
def building(world: World) -> dict[str, Any]:
    """An outsider has published to the main site; the portal has seen that it is being built."""
    world.control.configure(step_times="slow")
    version = world.control.run_action("publish", deployment_id=world.main["id"], steps=True)
    Freshness.objects.filter(scope__startswith="versions:").update(wanted_at=timezone.now())
    work(world)
    Freshness.objects.update(read_at=timezone.now())
    return version


def path_of(page: str, world: World, version: dict[str, Any]) -> str:
    version_path = f"{world.path}versions/{version['id']}/"
    return {
        "history": f"/c/{SLUG}/",
        "app": world.path,
        "version": version_path,
        "log": f"{version_path}log/",
        "list": "/customers/?q=bright",
    }[page]


def work(world: World, *, later: timedelta = timedelta(0)) -> list[str]:
    """What the worker does now, or would do `later`. Returns the paths that MIOSA was asked for."""
    before, now = len(world.control.requests()), timezone.now() + later
    for row in list(Freshness.objects.filter(wanted_at__lte=now).filter(scope__startswith="version")):
        Freshness.objects.filter(pk=row.pk).update(wanted_at=None)
        SyncSource().run(row, now=now)
    return [row["path"] for row in world.control.requests()[before:]]


def poll(client: Client, page: str) -> str:
    """What the poll of a rendered page brings; empty if there is nothing newer."""
    headers = {**HTMX, "HTTP_HX_TARGET": "state"} if 'id="state"' in page else HTMX
    return client.get(poll_path(page), **headers).content.decode()


@pytest.mark.parametrize("place", PAGES)
def test_the_end_of_an_outsiders_build_is_noticed(
    world: World, browse: Browse, building: dict[str, Any], place: str
) -> None:
    client = browse(world.people.operator)
    shown = text_of(client, path_of(place, world, building))
    assert "uilding" in shown
    assert "every 2s" in shown
    poll(client, shown)
    world.control.advance(3600)
    assert f"/versions/{building['id']}" in "".join(work(world))
    newer = poll(client, shown)
    assert newer
    assert "uilding" not in newer.replace("Building log", "")


def test_the_version_that_it_replaced_is_read_too(world: World, browse: Browse, building: dict[str, Any]) -> None:
    client = browse(world.people.operator)
    page = text_of(client, world.live_path)
    world.control.advance(3600)
    work(world)
    work(world)
    assert "Archived" in poll(client, page)


@pytest.mark.parametrize("place", PAGES)
def test_the_pages_show_their_age(world: World, browse: Browse, building: dict[str, Any], place: str) -> None:
    assert "Updated" in text_of(browse(world.people.operator), path_of(place, world, building))


def test_all_who_watch_share_one_request(world: World, browse: Browse, building: dict[str, Any]) -> None:
    for page in PAGES:
        for user in (world.people.operator, world.people.owner, world.people.viewer):
            text_of(browse(user), path_of(page, world, building))
    assert len(work(world)) == 1
    for page in PAGES:
        text_of(browse(world.people.operator), path_of(page, world, building))
    assert work(world) == []
    assert len(work(world, later=build_refresh.get_gap())) == 1


def test_nobody_watching_costs_nothing(world: World, building: dict[str, Any]) -> None:
    assert work(world, later=timedelta(minutes=5)) == []


def test_a_finished_version_is_not_followed(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.operator), world.live_path)
    assert "every 15s" in page
    assert not Freshness.objects.filter(scope__startswith="version:").exists()


def test_a_build_that_never_ends_is_read_once_a_minute(world: World, browse: Browse, building: dict[str, Any]) -> None:
    client, path = browse(world.people.operator), path_of("version", world, building)
    Version.objects.filter(miosa_id=building["id"]).update(created_at=timezone.now() - timedelta(hours=2))
    text_of(client, path)
    assert len(work(world)) == 1
    Version.objects.filter(miosa_id=building["id"]).update(created_at=timezone.now() - timedelta(hours=2))
    text_of(client, path)
    assert work(world, later=timedelta(seconds=30)) == []
    assert len(work(world, later=timedelta(seconds=61))) == 1


@pytest.mark.parametrize("place", [page for page in PAGES if page != "list"])
@pytest.mark.parametrize("person", ["operator", "viewer"])
def test_a_build_is_followed_also_while_a_newer_version_has_failed(
    world: World, browse: Browse, building: dict[str, Any], place: str, person: str
) -> None:
    world.control.run_action("publish", deployment_id=world.main["id"], outcome="failed_build")
    Freshness.objects.filter(scope__startswith="versions:").update(wanted_at=timezone.now())
    work(world)
    Freshness.objects.update(read_at=timezone.now())
    client, path = browse(getattr(world.people, person)), path_of(place, world, building)
    page = text_of(client, path)
    assert "every 2s" in page
    assert poll(client, page) == ""
    world.control.advance(3600)
    text_of(client, path)
    work(world)
    assert "uilding" not in poll(client, page).replace("Building log", "")
    assert "every 15s" in text_of(client, path)


@pytest.mark.parametrize("place", PAGES)
def test_nothing_is_followed_of_a_deleted_app(
    world: World, browse: Browse, building: dict[str, Any], place: str
) -> None:
    Deployment.objects.filter(miosa_id=world.main["id"]).update(gone_at=timezone.now())
    page = text_of(browse(world.people.operator), path_of(place, world, building))
    assert "every 2s" not in page
    assert "started" not in page
