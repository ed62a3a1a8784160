"""Operations: the page of one until it is finished, a decision about an unknown one, and the list."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from portal.models import Operation
from tests.deployments_ui.changes import confirm, list_changes_sent, make_checks_due, older, work
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, text_of

POLL = re.compile(r'hx-get="(/operations/[^"]+\?seen=\w+)"')


def rolled_back(world: World, client: Client, **fields: Any) -> str:
    """The address of the operation."""
    return str(confirm(client, f"{world.path}versions/{older(world)[0]['id']}/rollback/", **fields)["Location"])


def lost(world: World, client: Client) -> str:
    """A rollback whose answer was lost. Returns the address of the operation."""
    world.control.fault("*/rollback", method="POST", drop_after=True)
    path = rolled_back(world, client)
    assert Operation.objects.get().state == "unknown"
    return path


class TestAccess:
    def test_members_of_the_customer_and_staff_see_it(self, world: World, browse: Browse) -> None:
        path = rolled_back(world, browse(world.people.owner))
        for user in (world.people.operator, world.people.support, world.people.owner, world.people.viewer):
            page = text_of(browse(user), path)
            assert "<html" in page
            assert "is back on" in page
        part = text_of(browse(world.people.viewer), path, **HTMX)
        assert "<html" not in part
        assert 'id="operation"' in part

    def test_someone_without_access_gets_not_found(self, world: World, browse: Browse) -> None:
        path = rolled_back(world, browse(world.people.owner))
        missing = "/operations/00000000-0000-0000-0000-000000000001/"
        for user in (world.people.other_owner, world.people.outsider):
            client = browse(user)
            with world.hearing_nothing():
                page = text_of(client, path, status=404)
            assert page == text_of(client, missing, status=404)
            assert client.post(f"{path}decision/", {"choice": "happened"}).status_code == 404

    def test_wrong_methods(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = rolled_back(world, client)
        assert client.post(path).status_code == 405
        assert client.get(f"{path}decision/").status_code == 405

    def test_the_whole_list_is_for_staff(self, world: World, browse: Browse) -> None:
        rolled_back(world, browse(world.people.owner))
        assert "Main site" in text_of(browse(world.people.support), "/operations/")
        text_of(browse(world.people.owner), "/operations/", status=404)
        assert "rolled back" in text_of(browse(world.people.viewer), f"/c/{SLUG}/operations/")
        text_of(browse(world.people.other_owner), f"/c/{SLUG}/operations/", status=404)
        assert "No operations yet" in text_of(browse(world.people.other_owner), "/c/pawsome-vets/operations/")


class TestPolling:
    def test_it_polls_until_the_app_was_checked(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        page = text_of(client, rolled_back(world, client))
        poll = POLL.search(page)
        assert poll
        assert client.get(poll[1], **HTMX).status_code == 204
        make_checks_due()
        work()
        part = text_of(client, poll[1], **HTMX)
        assert "It answers (200)" in part
        assert not POLL.search(part)

    def test_the_hint_about_one_minute_disappears_after_it(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = rolled_back(world, client)
        make_checks_due()
        work()
        assert "up to a minute until every visitor" in text_of(client, path)
        Operation.objects.update(switched_at=timezone.now() - timedelta(minutes=2))
        assert "up to a minute" not in text_of(client, path)

    def test_polling_moves_neither_focus_nor_address(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = rolled_back(world, client)
        answer = client.get(f"{path}?seen=older", **HTMX)
        assert "HX-Push-Url" not in answer
        assert "autofocus" not in answer.content.decode()

    def test_without_javascript_there_is_a_link_to_refresh(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        part = text_of(client, rolled_back(world, client)).split('id="operation"')[1]
        assert re.search(r'<a class="button no-js"[^>]*>Refresh</a>', part)


class TestAccepted:
    def test_a_switch_that_does_not_show_is_not_reported_as_done(self, world: World, browse: Browse) -> None:
        """MIOSA said yes, and the pointer never moved."""
        body = f'{{"data": {{"id": "{world.main["id"]}"}}}}'
        world.control.fault("*/rollback", method="POST", status=200, body=body, content_type="application/json")
        client = browse(world.people.owner)
        path = rolled_back(world, client)
        assert Operation.objects.get().state == "succeeded"
        assert "switching to" in text_of(client, path)
        Operation.objects.update(next_read_at=None)
        for place in (path, f"/c/{SLUG}/", f"/c/{SLUG}/operations/", world.path):
            page = text_of(client, place)
            assert "rollback accepted, not in effect yet" in page, place
            assert "Main site</span> rolled back" not in page
            assert "is back on" not in page

    def test_a_switch_that_another_read_has_seen_is_reported_as_done(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = rolled_back(world, client)
        Operation.objects.update(switched_at=None, next_read_at=None)
        assert "is back on" in text_of(client, path)
        assert "not in effect yet" not in text_of(client, f"/c/{SLUG}/operations/")

    def test_a_redeploy_is_checked_too(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = str(confirm(client, f"{world.path}redeploy/", reason="")["Location"])
        assert "Checked" in text_of(client, path)
        work(rounds=1)  # on a slow machine the check would be due in the next
        assert "Checking the app&#39;s address" in text_of(client, path)
        make_checks_due()
        work()
        assert "It answers (200)" in text_of(client, path)

    def test_the_first_environment_is_what_visitors_see_whatever_its_name(
        self, world: World, browse: Browse, settings: Settings
    ) -> None:
        settings.MIOSA = replace(settings.MIOSA, environments=("live", "staging"))
        client = browse(world.people.owner)
        path = rolled_back(world, client)
        Operation.objects.update(kind="promote", environment="live")
        page = text_of(client, path)
        assert "Sent to live" not in page
        assert "was sent to" not in page
        assert "Switched" in page
        assert "Checked" in page
        assert "Environment" not in page
        Operation.objects.update(environment="staging")
        page = text_of(client, path)
        assert "Sent to staging" in page
        assert "Environment" in page


class TestUnknown:
    def test_a_lost_answer_is_shown_and_then_detected(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = lost(world, client)
        # Opening the page reads again only once that is due.
        Operation.objects.update(next_read_at=timezone.now() + timedelta(minutes=1))
        page = text_of(client, path)
        assert "waiting for an answer" in page
        assert "We keep checking" in page
        assert "AnswerLost" not in page
        make_checks_due()
        work()
        page = text_of(client, path)
        assert "is back on" in page
        assert "then checked: it happened" in page
        assert len(list_changes_sent(world)) == 1

    def undecidable(self, world: World, client: Client) -> str:
        path = lost(world, client)
        Operation.objects.update(next_read_at=None, requested_at=timezone.now() - timedelta(minutes=2))
        return path

    def test_where_nobody_can_find_out_a_person_decides(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = self.undecidable(world, client)
        page = text_of(client, path)
        for word in ("It happened", "It did not happen", "Check again"):
            assert word in page
        assert "It happened" not in text_of(browse(world.people.viewer), path)
        assert browse(world.people.viewer).post(f"{path}decision/", {"choice": "happened"}).status_code == 403
        assert client.post(f"{path}decision/", {"choice": "perhaps"}).status_code == 400
        answer = client.post(f"{path}decision/", {"choice": "did_not"})
        assert (answer.status_code, answer["Location"]) == (303, path)
        page = text_of(client, path)
        assert "It did not happen" in page
        assert world.people.owner.name in page
        assert len(list_changes_sent(world)) == 1

    def test_a_publish_that_somebody_saw_happen_claims_nothing_about_what_is_live(
        self, world: World, browse: Browse
    ) -> None:
        client = browse(world.people.owner)
        path = lost(world, client)
        decided = Operation.objects.all()
        decided.update(kind="publish", target_id="", state="decided", decision="did_not", next_read_at=None)
        assert "stays live" in text_of(client, path)
        decided.update(decision="happened")
        page = text_of(client, path)
        assert "It happened" in page
        assert "stays live" not in page

    def test_checking_again_detects_it(self, world: World, browse: Browse) -> None:
        client = browse(world.people.support)
        path = self.undecidable(world, client)
        part = client.post(f"{path}decision/", {"choice": "again"}, **HTMX).content.decode()
        assert "<html" not in part
        assert "is back on" in part

    def test_staff_can_override_it(self, world: World, browse: Browse) -> None:
        lost(world, browse(world.people.owner))
        Operation.objects.update(next_read_at=timezone.now() + timedelta(hours=1))
        path = f"{world.path}versions/{older(world)[1]['id']}/rollback/"
        browse(world.people.support).post(f"{world.path}refresh/")
        page = text_of(browse(world.people.support), path)
        assert "Continue anyway" in page
        assert "Continue anyway" not in text_of(browse(world.people.owner), path)
        key = str(Operation.objects.get().key)
        refused = confirm(browse(world.people.owner), path, override=key)
        assert refused.status_code == 403


class TestHistory:
    def test_the_list_of_all_names_the_customer_in_a_column(self, world: World, browse: Browse) -> None:
        rolled_back(world, browse(world.people.support))
        listed = text_of(browse(world.people.support), "/operations/")
        assert re.search(rf'<td>\s*<a class="quiet name" href="/c/{SLUG}/">Bright Smile Dental</a>\s*</td>', listed)
        own = text_of(browse(world.people.owner), f"/c/{SLUG}/operations/")
        assert ">Customer</th>" not in own

    def test_a_row_links_both_versions_and_the_operation(self, world: World, browse: Browse) -> None:
        path = rolled_back(world, browse(world.people.support), reason="checkout broken")
        for place in (f"/c/{SLUG}/", world.path):
            page = text_of(browse(world.people.viewer), place)
            row = page[page.index('<li class="entry change') :].split("</li>")[0]
            assert "rolled back" in row
            assert f"versions/{older(world)[0]['id']}/" in row or f"versions/{world.main['active_version_id']}/" in row
            assert "checkout broken" in row
            assert "Deploy desk support" in row
            assert path in row

    def test_a_refused_operation_is_shown_as_refused(self, world: World, browse: Browse) -> None:
        world.control.fault("*/rollback", method="POST", status=409)
        client = browse(world.people.owner)
        page = text_of(client, rolled_back(world, client))
        assert "was not rolled back" in page
        assert "Nothing has changed." in page
        assert "was not rolled back" in text_of(client, f"/c/{SLUG}/")

    def test_operators_get_the_id_of_the_request(self, world: World, browse: Browse) -> None:
        path = rolled_back(world, browse(world.people.owner))
        key = Operation.objects.get().upstream_request_id
        assert key
        assert key in text_of(browse(world.people.operator), path)
        assert key not in text_of(browse(world.people.support), path)
        assert key not in text_of(browse(world.people.owner), path)

    def test_html_in_a_reason_is_escaped(self, world: World, browse: Browse) -> None:
        path = rolled_back(world, browse(world.people.owner), reason="<script>alert(1)</script>")
        for place in (path, f"/c/{SLUG}/", world.path, "/operations/"):
            page = text_of(browse(world.people.operator), place)
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert" in page

    def test_a_long_list_has_pages(self, world: World, browse: Browse) -> None:
        rolled_back(world, browse(world.people.owner))
        row = Operation.objects.get()
        for number in range(60):
            row.pk, row.key, row.in_lane = None, f"00000000-0000-4000-8000-0000000000{number:02d}", False
            row.save(force_insert=True)
        client = browse(world.people.support)
        first = text_of(client, "/operations/")
        older_url = re.search(r'href="(/operations/\?before=\d+)"', first)
        assert older_url
        assert "Newest" in text_of(client, older_url[1])
        part = client.get(older_url[1], **HTMX)
        assert 'id="operations"' in part.text
        assert part["HX-Push-Url"] == older_url[1]
        assert client.get("/operations/", **HTMX)["HX-Push-Url"] == "/operations/"
        text_of(client, "/operations/?before=-3")
