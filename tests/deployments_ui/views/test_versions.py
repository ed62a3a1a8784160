"""One version, its log, and two of them side by side."""

import re
import zlib

from django.utils import timezone

from portal.models import Deployment, KeptLog, User, Version
from tests.deployments_ui.changes import older
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, check_hidden, check_page, text_of


def foreign_version(world: World) -> str:
    return f"{world.foreign_path}versions/{world.foreign['active_version_id']}/"


def test_page_rules(world: World, browse: Browse) -> None:
    check_page(world, browse, world.live_path, foreign=foreign_version(world), root="version", says=world.main["name"])


def test_page_rules_of_the_log(world: World, browse: Browse) -> None:
    check_page(
        world, browse, f"{world.live_path}log/", foreign=f"{foreign_version(world)}log/", root="log", says="Build log"
    )
    check_hidden(world, browse, foreign=f"{foreign_version(world)}log.txt")


def test_details_and_timeline(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.owner), world.live_path)
    version = Version.objects.get(miosa_id=world.main["active_version_id"])
    assert version.artifact_sha256 in page
    assert "Went live" in page
    assert "Can be restored" in page


def test_only_staff_sees_the_source(world: World, browse: Browse) -> None:
    assert "From sandbox" in text_of(browse(world.people.support), world.live_path)
    assert "From sandbox" not in text_of(browse(world.people.owner), world.live_path)


def test_a_failed_version_shows_the_cause_first(world: World, browse: Browse) -> None:
    failed = Version.objects.filter(state="failed", customer__slug="brightsmile-dental").select_related("deployment")[0]
    path = f"/c/brightsmile-dental/deployments/{failed.deployment.miosa_id}/versions/{failed.miosa_id}/"
    page = text_of(browse(world.people.viewer), path)
    assert page.index("is-bad section failure") < page.index("Details")
    assert "is live and unaffected" in page
    (cause,) = re.findall(r'<strong class="name">(.*?)</strong>', page)
    assert "Check the log" not in cause
    assert cause in text_of(browse(world.people.viewer), f"{path}log/").partition('id="log"')[0]


def test_the_log_of_a_successful_build_has_no_marked_error(world: World, browse: Browse) -> None:
    version = Version.objects.get(miosa_id=world.main["active_version_id"])
    body = zlib.compress(b"error: no space left on device")
    KeptLog.objects.create(version=version, body=body, read_at=timezone.now())
    page = text_of(browse(world.people.owner), f"{world.live_path}log/")
    assert "no space left on device" in page
    assert "First error" not in page
    assert '<li id="L1">' in re.sub(r"\s+>", ">", page)


def test_the_log_is_searched_on_the_server(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    lines = re.findall(r'<li id="L\d+"', text_of(client, f"{world.live_path}log/"))
    assert lines
    assert "No matches" in text_of(client, f"{world.live_path}log/?q=zzzzz")


def test_the_log_can_be_downloaded(world: World, browse: Browse) -> None:
    answer = browse(world.people.owner).get(f"{world.live_path}log.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "\x1b" not in answer.content.decode()


def test_an_unavailable_log_is_reported(world: World, browse: Browse) -> None:
    world.control.fault("*/logs", times=50, status=503)
    assert "No log to show" in text_of(browse(world.people.owner), f"{world.live_path}log/")
    world.control.clear_faults()


def test_the_live_version_offers_what_its_app_offers(world: World, browse: Browse) -> None:
    Deployment.objects.filter(miosa_id=world.main["id"]).update(own_domain="www.brightsmile.example")
    page = text_of(browse(world.people.owner), world.live_path)
    for part in (
        f'href="{world.path}rollback/"',
        f'href="{world.path}redeploy/"',
        'href="https://www.brightsmile.example/"',
        f'href="{world.path}compare/?from={older(world)[0]["id"]}&amp;to={world.main["active_version_id"]}"',
    ):
        assert part in page
    viewer = text_of(browse(world.people.viewer), world.live_path)
    assert "compare/?from=" in viewer
    assert f'href="{world.path}rollback/"' not in viewer


def test_an_older_version_is_not_visited(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.owner), f"{world.path}versions/{older(world)[0]['id']}/")
    assert "Visit" not in page
    assert f"Roll back to #{older(world)[0]['number']}…" in page


def test_a_failed_version_does_not_offer_to_go_live(world: World, browse: Browse) -> None:
    failed = Version.objects.get(state="failed", deployment__name="Newsletter", customer__slug=SLUG)
    page = text_of(
        browse(world.people.owner), f"/c/{SLUG}/deployments/{failed.deployment.miosa_id}/versions/{failed.miosa_id}/"
    )
    assert "Promote" not in page
    assert "Publish again…" in page


class TestTheMenuOfARow:
    """A request for it is answered with what its page offers."""

    def menu(self, world: World, browse: Browse, user: User, path: str) -> str:
        return text_of(browse(user), f"{path}menu/", **HTMX)

    def test_without_a_script_it_is_the_page(self, world: World, browse: Browse) -> None:
        page = text_of(browse(world.people.viewer), f"{world.live_path}menu/")
        assert "<html" in page
        assert 'id="details-title"' in page
        check_hidden(world, browse, foreign=f"{foreign_version(world)}menu/")
        assert browse(world.people.owner).post(f"{world.live_path}menu/").status_code == 405
        with world.hearing_nothing():
            assert browse(world.people.outsider).get(f"{world.live_path}menu/", **HTMX).status_code == 404

    def test_every_row_links_its_menu(self, world: World, browse: Browse) -> None:
        for path in (f"/c/{SLUG}/", world.path):
            assert f'hx-get="{world.live_path}menu/"' in text_of(browse(world.people.viewer), path)

    def test_an_older_version_offers_rollback(self, world: World, browse: Browse) -> None:
        target = older(world)[0]
        path = f"{world.path}versions/{target['id']}/"
        menu = self.menu(world, browse, world.people.support, path)
        assert "<html" not in menu
        assert f'hx-get="{path}rollback/"' in menu
        assert f"Roll back to #{target['number']}…" in menu
        assert f"compare/?from={target['id']}&amp;to={world.main['active_version_id']}" in menu

    def test_impossible_actions_are_disabled_with_the_cause(self, world: World, browse: Browse) -> None:
        target = older(world)[0]
        Version.objects.filter(miosa_id=target["id"]).update(state="failed")
        menu = self.menu(world, browse, world.people.owner, f"{world.path}versions/{target['id']}/")
        assert 'aria-disabled="true"' in menu
        assert "nothing to go back to" in menu
        assert f"{target['id']}/rollback/" not in menu

    def test_the_live_version_offers_the_actions_of_its_app(self, world: World, browse: Browse) -> None:
        menu = self.menu(world, browse, world.people.owner, world.live_path)
        assert f'href="{world.path}rollback/"' in menu
        assert f'href="{world.path}redeploy/"' in menu
        assert "compare/" not in menu

    def test_a_viewer_can_change_nothing(self, world: World, browse: Browse) -> None:
        for path in (world.live_path, f"{world.path}versions/{older(world)[0]['id']}/"):
            menu = self.menu(world, browse, world.people.viewer, path)
            assert "Details and build log" in menu
            assert "Roll back" not in menu
            assert "Redeploy" not in menu


def test_invalid_ids_are_not_found(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    for odd in ("a%20b", "%F0%9F%98%81", "..%2F..", "~2F", "%00", "%C3%28", "x" * 500, "'or'1'='1"):
        text_of(client, f"{world.path}versions/{odd}/", status=404)
    assert client.get(f"{world.path}versions/", **HTMX).status_code == 404
