"""One deployment."""

import html
import re

from django.utils import timezone

from portal.models import Customer, Deployment, Version
from tests.deployments_ui.changes import confirm, make_checks_due, older, work
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, check_current_part, check_page, poll_path, text_of


def test_page_rules(world: World, browse: Browse) -> None:
    check_page(world, browse, world.path, foreign=world.foreign_path, root="history", says=world.main["name"])


def words_of(page: str, part: str, *, end: str) -> str:
    """What a person reads in a part of the page."""
    start = page.index(f'id="{part}"')
    return " ".join(re.sub(r"<[^>]+>", " ", page[page.index(">", start) + 1 : page.index(end, start)]).split())


def test_the_page_begins_with_what_is_live(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.owner), world.path)
    assert words_of(page, "answer", end="</p>").startswith(f"Live #{world.main['live_number']}")
    assert "Before" in words_of(page, "status", end="</dl>")


def test_another_customers_app_below_the_own_slug_is_not_found(world: World, browse: Browse) -> None:
    mine = world.path.replace(world.main["id"], world.foreign["id"])
    with world.hearing_nothing():
        text_of(browse(world.people.owner), mine, status=404)
    with world.hearing_nothing():
        text_of(browse(world.people.owner), f"{mine}builds/", status=404)
    assert browse(world.people.owner).post(f"{mine}refresh/").status_code == 404


def test_a_current_part_gets_no_content(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    check_current_part(client, world.path)
    path = poll_path(text_of(client, world.path))
    Customer.objects.update(generation=10_000)
    assert b'id="status"' in client.get(path, **HTMX).content


def test_a_refresh_shows_what_was_published_meanwhile(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    world.control.run_action("publish", deployment_id=world.main["id"], promote=True)
    world.control.advance(600)
    part = client.post(f"{world.path}refresh/", **HTMX).content.decode()
    assert f"#{world.main['versions'] + 1}" in part


def test_every_tab_has_a_page(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    for customer in world.control.state()["customers"]:
        slug = Customer.objects.filter(external_id=customer["external_workspace_id"]).values_list("slug", flat=True)[0]
        for deployment in customer["deployments"][:2]:
            page = text_of(client, f"/c/{slug}/deployments/{deployment['id']}/")
            for tab in re.findall(r'<nav class="tabs".*?</nav>', page, flags=re.DOTALL):
                for path in re.findall(r'href="([^"]+)"', tab):
                    text_of(client, path)


def test_a_deleted_app_stays_readable(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    world.control.run_action("delete_deployment", deployment_id=world.main["id"])
    client.post(f"{world.path}refresh/")
    page = text_of(client, world.path)
    assert world.main["name"] in page


def main_action(page: str) -> str:
    """The one filled button of the page."""
    (found,) = re.findall(r'class="button primary"\s+id="action-([a-z-]+)"', page)
    return str(found)


def update(world: World, **facts: object) -> None:
    Deployment.objects.filter(miosa_id=world.main["id"]).update(**facts)


class TestTheCardOfAnApp:
    def test_its_own_domain_comes_first(self, world: World, browse: Browse) -> None:
        address = Deployment.objects.get(miosa_id=world.main["id"]).public_url
        update(world, own_domain="www.brightsmile.example")
        page = text_of(browse(world.people.owner), world.path)
        assert "www.brightsmile.example" in words_of(page, "answer", end="</div>")
        assert 'href="https://www.brightsmile.example/"' in page
        assert address not in page
        assert address in text_of(browse(world.people.support), world.path)
        row = words_of(text_of(browse(world.people.owner), f"/c/{SLUG}/"), f"app-{world.main['id']}", end="</li>")
        assert "www.brightsmile.example" in row

    def test_the_usual_action_is_to_roll_back(self, world: World, browse: Browse) -> None:
        assert main_action(text_of(browse(world.people.owner), world.path)) == "roll-back"

    def test_a_staged_version_is_promoted(self, world: World, browse: Browse) -> None:
        booking = Deployment.objects.get(name="Booking", customer__slug=SLUG)
        page = text_of(browse(world.people.owner), f"/c/{SLUG}/deployments/{booking.miosa_id}/")
        assert main_action(page) == "promote"
        staged = words_of(page, "status", end="</dl>")
        assert re.search(r"Staged #12 −\d+ files · −\d+ KB · same runtime .*Compare", staged)

    def test_a_stopped_app_is_redeployed_and_not_visited(self, world: World, browse: Browse) -> None:
        update(world, state="stopped")
        page = text_of(browse(world.people.owner), world.path)
        assert main_action(page) == "redeploy"
        assert words_of(page, "answer", end="</p>").startswith("Stopped #24")
        assert "can't reach it" in html.unescape(page)
        assert "Visit" not in words_of(page, "answer", end="</div>")
        assert "Checked" not in words_of(page, "status", end="</dl>")

    def test_an_app_with_nothing_live_is_published(self, world: World, browse: Browse) -> None:
        update(world, active_version_id="", live_version=None, staged_version=None, live_since=None)
        page = text_of(browse(world.people.owner), world.path)
        assert main_action(page) == "publish"
        assert words_of(page, "answer", end="</div>").startswith("Nothing live yet")

    def test_a_deleted_app_offers_nothing(self, world: World, browse: Browse) -> None:
        update(world, gone_at=timezone.now())
        page = text_of(browse(world.people.operator), world.path)
        assert 'id="action-' not in page
        assert words_of(page, "answer", end="</div>").startswith("Deleted")

    def test_a_viewer_has_no_action(self, world: World, browse: Browse) -> None:
        assert 'id="action-' not in text_of(browse(world.people.viewer), world.path)

    def test_it_says_whether_the_live_version_was_checked(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        assert "Checked not since it went live" in words_of(text_of(client, world.path), "status", end="</dl>")
        confirm(client, f"{world.path}versions/{older(world)[0]['id']}/rollback/")
        work()
        make_checks_due()
        work()
        status = words_of(text_of(client, world.path), "status", end="</dl>")
        assert re.search(r"Checked It answers \(200\), and this version is what runs.* \d\d:\d\d:\d\d", status)

    def test_a_check_of_another_version_says_nothing(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        confirm(client, f"{world.path}versions/{older(world)[0]['id']}/rollback/")
        work()
        make_checks_due()
        work()
        update(world, active_version_id=world.main["active_version_id"])
        assert "not since it went live" in words_of(text_of(client, world.path), "status", end="</dl>")

    def test_domains_that_need_somebody_are_counted(self, world: World, browse: Browse) -> None:
        deployment = Deployment.objects.get(miosa_id=world.main["id"])
        for status in ("active", "pending", "failed"):
            name = f"{status}.example"
            deployment.domains.create(customer=deployment.customer, miosa_id=status, name=name, status=status)
        update(world, domains_read_at=timezone.now())
        status = words_of(text_of(browse(world.people.viewer), world.path), "status", end="</dl>")
        assert "Domains 2 need attention 1 working" in status

    def test_a_failed_publish_comes_with_its_cause_and_its_log(self, world: World, browse: Browse) -> None:
        failed = Version.objects.get(state="failed", deployment__name="Newsletter", customer__slug=SLUG)
        Version.objects.filter(pk=failed.pk).update(failure="TS2339 in index.tsx")
        app = f"/c/{SLUG}/deployments/{failed.deployment.miosa_id}/"
        page = text_of(browse(world.people.owner), app)
        assert "Last publish #6 failed TS2339 in index.tsx" in words_of(page, "status", end="</dl>")
        assert f'href="{app}versions/{failed.miosa_id}/log/"' in page
        history = text_of(browse(world.people.owner), f"/c/{SLUG}/")
        rows = re.findall(r'<li class="app" id="app-([^"]+)"', history)
        assert rows[0] == failed.deployment.miosa_id
        assert "TS2339 in index.tsx" in words_of(history, f"app-{rows[0]}", end="</li>")

    def test_the_version_that_was_live_before_is_shown_with_how_it_ended(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        target = older(world)[0]
        confirm(client, f"{world.path}versions/{target['id']}/rollback/")
        work()
        status = words_of(text_of(client, world.path), "status", end="</dl>")
        assert re.search(r"Before #24 live for .*rolled back Compare", status)
        assert re.search(rf"Last good #{target['number'] - 1}", status)


def test_instances_are_shown_as_they_were_last_read(world: World, browse: Browse) -> None:
    booking = Deployment.objects.get(name="Booking", customer__slug=SLUG)
    path = f"/c/{SLUG}/deployments/{booking.miosa_id}/"
    client = browse(world.people.owner)
    assert "Instances" not in words_of(text_of(client, path), "status", end="</dl>")
    text_of(client, f"{path}builds/")
    with world.hearing_nothing():
        assert re.search(r"Instances \d of \d healthy", words_of(text_of(client, path), "status", end="</dl>"))
