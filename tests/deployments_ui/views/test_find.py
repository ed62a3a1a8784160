"""Find anything by a few letters, and run actions by their name: on the page, and in the command palette."""

import html
import re
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.models import Connection, Version
from portal.services.people import get_person
from portal.services.queries import search
from portal.services.queries.search_hits import Kind, Place
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, text_of
from tests.people import deny_owners

PALETTE: dict[str, Any] = {**HTMX, "HTTP_HX_TARGET": "palette-results"}
OPTION = re.compile(r'<a class="result"\s+role="option"(.*?)>\s*<span class="name">(.*?)</span>', re.DOTALL)


def list_options(client: Client, text: str, *, at: str = "/") -> dict[str, str]:
    """What the palette offers on the page `at`: titles, with the attributes of each."""
    headers = {**PALETTE, "HTTP_HX_CURRENT_URL": f"http://testserver{at}"}
    part = text_of(client, f"/find/?q={text}", **headers)
    return {html.unescape(title): attributes for attributes, title in OPTION.findall(part)}


def test_staff_finds_customers_apps_and_ids(world: World, browse: Browse) -> None:
    client = browse(world.people.support)
    assert 'href="/c/pawsome-vets/"' in text_of(client, "/find/?q=pawsome")
    assert f'href="{world.path}"' in text_of(client, f"/find/?q={world.main['id']}")
    assert f'href="{world.live_path}"' in text_of(client, f"/find/?q={world.main['active_version_id']}")


def test_members_find_only_their_own(world: World, browse: Browse) -> None:
    for text in ("pawsome", world.foreign["id"], world.foreign["active_version_id"]):
        with world.hearing_nothing():
            page = text_of(browse(world.people.owner), f"/find/?q={text}")
        assert "No results" in page
        assert 'href="/c/pawsome-vets' not in page


def test_words_are_found_in_any_order_in_names_of_apps_and_customers(world: World, browse: Browse) -> None:
    for text in ("smile dental main", "main smile", "MAIN bright"):
        assert "Main site" in list_options(browse(world.people.operator), text)


def test_a_version_is_found_by_its_number(world: World, browse: Browse) -> None:
    number = world.main["versions"]
    for text in (f"%23{number}", f"main site {number}", f"{number}"):
        assert f"Main site #{number}" in list_options(browse(world.people.owner), text), text


def test_domains_people_and_sandboxes_are_found(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    text_of(client, f"{world.path}domains/")
    assert "www.brightsmile.example" in list_options(client, "www.bright")
    assert "Dr Rao" in list_options(client, "owner@brightsmile")
    assert "Dr Rao" not in list_options(browse(world.people.support), "owner@brightsmile")
    Version.objects.filter(miosa_id=world.main["active_version_id"]).update(source_sandbox_name="spring-menu")
    assert "spring-menu" in list_options(client, "spring menu", at=world.path) or "spring-menu" in list_options(
        client, "menu spring", at=world.path
    )
    assert "spring-menu" not in list_options(browse(world.people.other_owner), "menu spring", at="/c/pawsome-vets/")


def test_an_action_is_found_by_its_name_and_that_of_the_app(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    for text in ("main roll", "roll back main site", "rollback main"):
        options = list_options(client, text)
        assert next(iter(options)) == "Roll back Main site"
        assert f'hx-get="{world.path}rollback/"' in options["Roll back Main site"]
    assert "Env vars of Main site" in list_options(client, "env main")


def test_an_action_alone_is_for_the_page_at_hand(world: World, browse: Browse) -> None:
    options = list_options(browse(world.people.owner), "roll", at=world.path)
    assert [title for title in options if title.startswith("Roll back")] == ["Roll back Main site"]
    nothing_typed = list_options(browse(world.people.owner), "", at=world.live_path)
    assert {"Roll back Main site", "Env vars of Main site", "Sign out"} <= {*nothing_typed}


def test_actions_without_permission_are_not_offered(world: World, browse: Browse) -> None:
    assert not [each for each in list_options(browse(world.people.viewer), "main roll") if "Roll back" in each]
    deny_owners("roll_back")
    assert not [each for each in list_options(browse(world.people.owner), "main roll") if "Roll back" in each]
    assert "Stop Main site" not in list_options(browse(world.people.support), "stop main site")
    assert "Settings" not in list_options(browse(world.people.owner), "sett")


def test_an_action_that_is_not_possible_now_says_why(world: World, browse: Browse) -> None:
    Connection.objects.update(unreachable_since="2026-11-01T00:00:00Z")
    off = list_options(browse(world.people.owner), "main roll")["Roll back Main site"]
    assert 'aria-disabled="true"' in off
    assert "href=" not in off
    assert "can&#39;t be reached" in text_of(browse(world.people.owner), "/find/?q=main roll", **PALETTE)


def test_the_page_has_the_same_results_without_javascript(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.owner), "/find/?q=main roll")
    assert f'href="{world.path}rollback/"' in page
    assert 'role="option"' not in page


def test_what_a_button_does_has_a_page_too_or_is_no_result(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    page = text_of(client, "/find/?q=theme")
    assert "Theme: dark" in page
    assert "No results" not in page
    assert "No results" in text_of(client, "/find/?q=reload")


def test_a_search_takes_few_queries(world: World) -> None:
    by = get_person(world.people.operator)
    assert by is not None
    place = Place(SLUG, world.main["id"])
    for text, subject in (
        ("main site", None),
        ("main", ""),
        ("roll main", "main"),
        ("24", None),
        ("main site 24", None),
    ):
        with CaptureQueriesContext(connection) as queries:
            search.find(by=by, text=text, subject=subject, place=place)
        assert len(queries) <= 8, text
    Version.objects.update(customer=None)
    for text in ("24", "#1"):
        with CaptureQueriesContext(connection) as queries:
            found = search.find(by=by, text=text, place=place)
        assert any(hit.slug for hit in found.hits if hit.kind is Kind.VERSION), text
        assert len(queries) <= 9, text


def test_htmx_gets_the_results_alone(world: World, browse: Browse) -> None:
    part = text_of(browse(world.people.owner), "/find/?q=main", **HTMX)
    assert "<html" not in part
    assert world.main["name"] in part


def test_short_and_invalid_queries(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    assert "Type a name" in text_of(client, "/find/")
    for text in ("%00", "%25", "'", "#99999999999999999999", "99999999999999999999", "x" * 5000, "roll %00", "24"):
        text_of(client, f"/find/?q={text}")
        text_of(client, f"/find/?q={text}", **PALETTE)
    assert client.post("/find/").status_code == 405
    assert browse(None).get("/find/").status_code == 302
