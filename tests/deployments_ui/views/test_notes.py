"""Notes that people write about versions."""

import re
from typing import Any

from django.utils import timezone

from portal.models import AuditEvent, Customer, OwnerPermission, Version, VersionNote
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import version_refresh
from tests.deployments_ui.changes import confirm, sandbox_of, work
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, check_hidden, text_of

HISTORY = f"/c/{SLUG}/"


def test_a_note_is_the_title_of_its_version_in_every_history(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    assert 'id="dialog-title"' in text_of(client, f"{world.live_path}note/")
    saved = client.post(f"{world.live_path}note/", {"note": "  Spring prices "})
    assert (saved.status_code, saved["Location"]) == (303, world.live_path)
    for path in (HISTORY, world.path):
        row = next(row for row in rows_of(text_of(browse(world.people.viewer), path)) if "of-live" in row)
        assert "Spring prices" in row
    assert "Spring prices" in text_of(client, world.live_path)
    assert len(rows_of(text_of(client, f"{HISTORY}?q=spring+prices"))) == 1
    event = AuditEvent.objects.get(kind="version.note_changed")
    assert (event.person_name, event.target) == (world.people.owner.name, f"Main site #{world.main['live_number']}")


def test_in_a_dialog_the_page_below_is_shown_again(world: World, browse: Browse) -> None:
    client = browse(world.people.support)
    saved = client.post(f"{world.live_path}note/", {"note": "ready"}, **HTMX, HTTP_X_DIALOG="1")
    assert (saved.status_code, saved["HX-Refresh"]) == (204, "true")


def test_an_open_page_learns_of_a_note(world: World, browse: Browse) -> None:
    before = Customer.objects.get(slug=SLUG).generation
    browse(world.people.owner).post(f"{world.live_path}note/", {"note": "Spring prices"})
    assert Customer.objects.get(slug=SLUG).generation > before


def test_a_long_note_is_refused_and_stays_typed(world: World, browse: Browse) -> None:
    answer = browse(world.people.owner).post(f"{world.live_path}note/", {"note": "é" * 203})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "A note has at most 200 characters. Remove 3 characters." in page
    assert "é" * 203 in page
    assert not VersionNote.objects.exists()


def test_a_note_is_removed(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    client.post(f"{world.live_path}note/", {"note": "Spring prices"})
    client.post(f"{world.live_path}note/", {"note": " "})
    assert "Spring prices" not in text_of(client, HISTORY)


def test_a_note_survives_versions_that_are_read_again(world: World, browse: Browse) -> None:
    browse(world.people.owner).post(f"{world.live_path}note/", {"note": "Spring prices"})
    deployment = Version.objects.get(miosa_id=world.main["active_version_id"]).deployment
    Version.objects.filter(miosa_id=world.main["active_version_id"]).delete()
    client = upstream.client(Purpose.BACKGROUND)
    version_refresh.refresh_versions(deployment, client=client, now=timezone.now())
    assert Version.objects.get(miosa_id=world.main["active_version_id"]).note == "Spring prices"


def test_who_may_write_one(world: World, browse: Browse) -> None:
    path = f"{world.live_path}note/"
    for user in (world.people.operator, world.people.support, world.people.owner):
        assert browse(user).get(path).status_code == 200
        assert "Add a note…" in text_of(browse(user), f"{world.live_path}menu/", **HTMX)
    viewer = browse(world.people.viewer)
    assert viewer.get(path).status_code == viewer.post(path, {"note": "mine"}).status_code == 403
    assert "note…" not in text_of(viewer, f"{world.live_path}menu/", **HTMX)
    check_hidden(world, browse, foreign=f"{world.foreign_path}versions/{world.foreign['active_version_id']}/note/")
    assert browse(world.people.owner).put(path).status_code == 405
    for permission in ("publish", "promote"):
        OwnerPermission.objects.create(permission=permission, is_allowed=False)
    assert browse(world.people.owner).get(path).status_code == 403


def test_a_note_typed_with_the_publish_is_on_its_version(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    fields: dict[str, Any] = {"sandbox_id": sandbox_of(world), "then": "stage", "kind": "auto"}
    refused = confirm(client, f"{world.path}publish/", **fields, version_note="n" * 201)
    assert refused.status_code == 422
    assert "Remove 1 character." in refused.content.decode()
    confirm(client, f"{world.path}publish/", **fields, version_note="Spring prices")
    work()
    row = rows_of(text_of(client, HISTORY))[0]
    assert "Spring prices" in row
    version = Version.objects.get(note="Spring prices")
    assert version.source_sandbox_name
    client.post(f"{world.path}versions/{version.miosa_id}/note/", {"note": ""})
    assert "Spring prices" not in rows_of(text_of(client, HISTORY))[0]


def test_a_program_writes_a_note(world: World, browse: Browse) -> None:
    path = f"/api/v1/customers/{SLUG}/deployments/{world.main['id']}/versions/{world.main['active_version_id']}/note/"
    owner, viewer = browse(world.people.owner), browse(world.people.viewer)
    written = owner.put(path, {"note": "Spring prices"}, content_type="application/json")
    assert (written.status_code, written.json()) == (200, {"note": "Spring prices"})
    assert viewer.get(path).json() == {"note": "Spring prices"}
    assert viewer.put(path, {"note": "x"}, content_type="application/json").status_code == 403
    assert owner.put(path, {"text": "x"}, content_type="application/json").status_code == 400
    too_long = owner.put(path, {"note": "x" * 201}, content_type="application/json")
    assert (too_long.status_code, too_long.json()["errors"][0]["name"]) == (422, "note")


def rows_of(page: str) -> list[str]:
    return re.findall(r'<li class="entry.*?</li>', page, flags=re.DOTALL)
