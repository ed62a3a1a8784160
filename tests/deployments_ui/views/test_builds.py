"""Builds, what runs, and their logs."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache

from portal import miosa
from portal.miosa import transport
from portal.models import Deployment
from portal.services.sync import polling, upstream
from portal.services.sync.budget import Purpose
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, check_hidden, check_page, text_of


@pytest.fixture(autouse=True)
def empty_storage(db: None) -> None:
    cache.clear()


def ask() -> miosa.Client:
    return upstream.client(Purpose.BACKGROUND)


def booking(world: World) -> str:
    """A dynamic app of Bright Smile's."""
    customer = next(row for row in world.control.state()["customers"] if row["external_workspace_id"] == SLUG)
    row = next(row for row in customer["deployments"] if row["name"] == "Booking")
    return f"/c/{SLUG}/deployments/{row['id']}/"


def id_of(path: str) -> str:
    return path.split("/")[4]


def instance(world: World, *, state: str = "healthy") -> str:
    path = booking(world)
    rows = ask().runtime_instances.list(id_of(path)).items
    return f"{path}runtime/{next(row.id for row in rows if row.state == state)}/"


@pytest.fixture
def repository(world: World) -> tuple[str, str, str]:
    """(the app's path as staff reach it, the id of a build that failed, of one that did not)."""
    for row in Deployment.objects.filter(source_type__in=["repo", "git", "forge"]):
        builds = {build.state: build.id for build in ask().builds.list(row.miosa_id).items}
        slug = row.holdings.values_list("customer__slug", flat=True).first()
        if {"failed", "succeeded"} <= set(builds) and slug:
            return f"/c/{slug}/deployments/{row.miosa_id}/", builds["failed"], builds["succeeded"]
    raise AssertionError("nobody has builds")


def test_page_rules_of_the_tab(world: World, browse: Browse) -> None:
    check_page(
        world, browse, f"{booking(world)}builds/", foreign=f"{world.foreign_path}builds/", root="builds", says="Healthy"
    )


def test_page_rules_of_an_instance(world: World, browse: Browse) -> None:
    path = instance(world)
    foreign = f"{world.foreign_path}runtime/{path.split('/')[-2]}/"
    check_page(world, browse, path, foreign=foreign, root="instance", says="Instance")
    check_hidden(world, browse, foreign=f"{foreign}log.txt")
    text_of(browse(world.people.owner), f"{booking(world)}runtime/nowhere/", status=404)


def test_instances_show_no_host_and_no_address(world: World, browse: Browse) -> None:
    rows = world.control.call("GET", "state")
    assert rows
    for user in (world.people.owner, world.people.viewer, world.people.support, world.people.operator):
        for path in (f"{booking(world)}builds/", instance(world)):
            page = text_of(browse(user), path).replace(world.control.url, "")
            assert not re.search(r"\b10\.\d+\.\d+\.\d+|vm_|host_|node_", page)
            is_staff = user in (world.people.support, world.people.operator)
            assert is_staff or "miosa" not in page.lower()


def test_a_build_is_a_page_with_its_log(world: World, browse: Browse, repository: tuple[str, str, str]) -> None:
    path, failed, _built = repository
    client = browse(world.people.operator)
    page = text_of(client, f"{path}builds/{failed}/")
    assert "Failed" in page
    assert "only visible to the platform’s staff" in page
    assert 'class="ansi-' in page
    assert "First error" in page
    part = text_of(client, f"{path}builds/{failed}/", **HTMX)
    assert 'id="build"' in part
    text = client.get(f"{path}builds/{failed}/log.txt")
    assert text["Content-Type"].startswith("text/plain")
    assert "\x1b" not in text.content.decode()
    assert client.post(f"{path}builds/{failed}/").status_code == 405
    text_of(client, f"{path}builds/nowhere/", status=404)
    text_of(client, f"{world.path}builds/{failed}/", status=404)
    for user in (world.people.outsider, world.people.other_owner):
        if not path.startswith(f"/c/{SLUG}/"):
            text_of(browse(user), f"{path}builds/{failed}/", status=404)
    assert browse(None).get(f"{path}builds/{failed}/").status_code == 302


def test_builds_are_listed_with_their_trigger(world: World, browse: Browse, repository: tuple[str, str, str]) -> None:
    path, failed, built = repository
    page = text_of(browse(world.people.operator), f"{path}builds/")
    assert f"builds/{failed}/" in page
    assert f"builds/{built}/" in page
    assert "Built" in page


def test_only_a_growing_log_is_polled(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    page = text_of(client, instance(world))
    found = re.search(r'data-poll\s+hx-get="([^"]+)"\s+hx-target="#log"', page)
    assert found
    url = found[1].replace("&amp;", "&")
    assert client.get(url, **HTMX, HTTP_HX_TARGET="log").status_code == 204
    cache.clear()
    world.control.advance(60)
    part = client.get(url, **HTMX, HTTP_HX_TARGET="log").content.decode()
    assert 'id="log"' in part
    assert 'id="details" hx-swap-oob="true"' in part
    assert 'id="instance"' not in part
    ended = text_of(client, instance(world, state="stopped"))
    assert "data-poll" not in ended


def test_a_log_can_be_searched(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    page = text_of(client, f"{instance(world)}?q=healthz")
    assert re.search(r"Match 1 of \d+", page)
    assert re.search(r'id="log-next"\s+href=', page)
    assert 'class="hit current"' in page
    assert "Follow" in page
    assert "No matches" in text_of(client, f"{instance(world)}?q=zzzz")
    for odd in ("?line=x", "?line=0", "?line=99999999999", "?q=" + "x" * 500, "?stage=%00"):
        text_of(client, instance(world) + odd)


def test_simultaneous_readers_share_one_request(world: World, browse: Browse) -> None:
    path = instance(world)
    for user in (world.people.owner, world.people.viewer):
        text_of(browse(user), path)
    heard = [row["path"] for row in world.control.requests() if row["path"].endswith("/logs")]
    assert len([one for one in heard if "runtime-instances" in one]) == 1


def test_when_reading_fails_the_page_says_so_and_shows_the_stored_data(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_get_first_gap_s", lambda: 0.0)
    client = browse(world.people.owner)
    text_of(client, f"{booking(world)}builds/")
    world.control.fault("*/runtime-instances", times=20, status=503)
    page = text_of(client, f"{booking(world)}builds/")
    assert "Healthy" in page
    assert "may be out of date" in page


def test_a_stored_log_is_shown_with_its_age_when_reading_fails(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_get_first_gap_s", lambda: 0.0)
    client = browse(world.people.owner)
    path = instance(world)
    assert '<li id="L' in text_of(client, path)
    world.control.fault("*/logs", times=20, status=503)
    page = text_of(client, path)
    assert '<li id="L' in page
    assert "The log can" in page
    assert "Last updated" in page


def tabs_of(page: str) -> str:
    found = re.search(r'<nav class="tabs".*?</nav>', page, flags=re.DOTALL)
    assert found
    return found[0]


def test_members_see_no_builds_of_a_shared_app(world: World, browse: Browse) -> None:
    path = instance(world)
    Deployment.objects.filter(miosa_id=id_of(path)).update(is_shared=True)
    client = browse(world.people.owner)
    assert "Builds and logs of a shared app are hidden" in text_of(client, f"{booking(world)}builds/")
    assert "Healthy" not in text_of(client, f"{booking(world)}builds/")
    text_of(client, path, status=404)
    text_of(client, f"{path}log.txt", status=404)
    assert "Env vars of a shared app are hidden" in text_of(client, f"{booking(world)}env/")
    assert f"{booking(world)}env/" not in tabs_of(text_of(client, booking(world)))


def test_of_a_very_long_log_beginning_and_end_are_shown_and_searched(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 500_000)
    monkeypatch.setattr(transport, "HEAD_BYTES", 100_000)
    world.control.configure(log_text="huge")
    client = browse(world.people.owner)
    page = text_of(client, f"{world.live_path}log/")
    assert len(page) < 600_000
    assert "Preparing sources" in page
    assert "MB are not shown" in page
    found = text_of(client, f"{world.live_path}log/?q=Build%20finished")
    assert "Match 1 of 1" in found
    assert re.search(r'<li id="L\d+"\s+class="hit current"', found)
