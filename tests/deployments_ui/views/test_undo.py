"""Undo: with one click, later through a form."""

from __future__ import annotations

import html
import re
from datetime import timedelta

from django.utils import timezone

from portal.models import Connection, Operation
from tests.deployments_ui.changes import confirm, list_changes_sent, older
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, text_of
from tests.deployments_ui.views.test_operations import rolled_back


class TestUndo:
    def test_one_click_on_the_operations_page(self, world: World, browse: Browse) -> None:
        client = browse(world.people.support)
        path = rolled_back(world, client)
        sent = undo_fields(text_of(client, path))
        assert sent["reason"] == f"Undo of #{world.main['live_number']} → #{older(world)[0]['number']}"
        answer = client.post(f"{path}undo/", sent)
        assert answer.status_code == 303
        page = text_of(client, answer["Location"])
        assert f"is back on #{world.main['live_number']}" in page
        assert f'href="{path}"' in page
        assert client.post(f"{path}undo/", sent)["Location"] == answer["Location"]
        assert len(list_changes_sent(world)) == 2
        for text in (text_of(client, world.path), text_of(client, "/operations/")):
            assert "change undone" in text
            assert sent["reason"] in html.unescape(text)
        row = browse(world.people.viewer).get("/api/v1/operations/").json()["results"][0]
        assert (row["kind"], f"/operations/{row['undo_of']}/") == ("undo", path)

    def test_the_row_of_the_history_undoes_with_one_click(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = rolled_back(world, client)
        for page in (f"/c/{SLUG}/", world.path):
            row = text_of(client, page).split('<li class="entry change')[1].partition("</li>")[0]
            assert f'action="{path}undo/"' in row
            for other in (world.people.viewer, world.people.support):
                seen = text_of(browse(other), page).split('<li class="entry change')[1].partition("</li>")[0]
                assert ("undo/" in seen) == (other == world.people.support)
        answer = client.post(f"{path}undo/", undo_fields(row))
        assert f"is back on #{world.main['live_number']}" in text_of(client, answer["Location"])

    def test_nothing_is_undone_while_the_hosting_service_is_away(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = rolled_back(world, client)
        Connection.objects.update(unreachable_since=timezone.now())
        row = text_of(client, f"/c/{SLUG}/").split('<li class="entry change')[1].partition("</li>")[0]
        assert f"{path}undo/" not in row
        assert 'aria-disabled="true"' in row

    def test_the_row_asks_once_ten_minutes_have_passed(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = rolled_back(world, client)
        long_ago = timezone.now() - timedelta(minutes=11)
        Operation.objects.update(requested_at=long_ago, switched_at=long_ago)
        row = text_of(client, f"/c/{SLUG}/").split('<li class="entry change')[1].partition("</li>")[0]
        assert f'action="{path}undo/"' not in row
        assert f'hx-get="{path}undo/"' in row

    def test_the_notice_undoes_into_the_dialog(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = rolled_back(world, client)
        notice = text_of(client, world.path).split('id="rollback"')[1]
        assert 'hx-target="#dialog-body"' in notice
        answer = client.post(f"{path}undo/", undo_fields(notice), HTTP_X_DIALOG="1", **HTMX)
        assert answer.status_code == 200
        assert 'id="operation"' in answer.content.decode()
        assert 'class="notice is-waiting"' not in text_of(client, world.path).split('id="rollback"')[1][:200]

    def test_one_that_was_refused_can_be_tried_again(self, world: World, browse: Browse) -> None:
        client = browse(world.people.support)
        path = rolled_back(world, client)
        sent = undo_fields(text_of(client, path))
        world.control.fault("*/rollback", status=409)
        refused = text_of(client, client.post(f"{path}undo/", sent)["Location"])
        assert "Try again" in refused
        assert f'href="{path}undo/"' in refused

    def test_later_a_form_asks_with_the_reason_already_in_it(self, world: World, browse: Browse) -> None:
        client = browse(world.people.support)
        path = rolled_back(world, client)
        early = timezone.now() - timedelta(minutes=11)
        Operation.objects.update(requested_at=early, switched_at=early, check_due_at=None, next_read_at=None)
        assert f'href="{path}undo/"' in text_of(client, path)
        form = html.unescape(text_of(client, f"{path}undo/"))
        assert f"Undo of #{world.main['live_number']} →" in form
        assert "Change" not in form.split('id="release"')[1].split("<form")[0]
        answer = confirm(client, f"{path}undo/", reason="no longer needed")
        assert "is back on" in text_of(client, answer["Location"])
        assert client.get(f"{path}undo/")["Location"] == path

    def test_who_can_not(self, world: World, browse: Browse) -> None:
        path = rolled_back(world, browse(world.people.support))
        viewer = browse(world.people.viewer)
        assert "Undo" not in text_of(viewer, path)
        with world.hearing_nothing():
            assert "Who can:" in text_of(viewer, f"{path}undo/", status=403)
            text_of(browse(world.people.other_owner), f"{path}undo/", status=404)
        owner = text_of(browse(world.people.owner), path)
        assert f'action="{path}undo/"' not in owner
        assert f'href="{path}undo/"' in owner


def undo_fields(page: str) -> dict[str, str]:
    """What the button that undoes with one click submits."""
    form = re.search(r'/undo/"\s+method="post"(.*?)</form>', page, re.DOTALL)
    assert form
    return dict(re.findall(r'name="(token|reason)" value="([^"]*)"', html.unescape(form[1])))
