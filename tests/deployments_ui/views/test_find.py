"""Find anything by a few letters."""

from tests.deployments_ui.conftest import HTMX, World
from tests.deployments_ui.page_rules import Browse, text_of


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


def test_htmx_gets_the_results_alone(world: World, browse: Browse) -> None:
    part = text_of(browse(world.people.owner), "/find/?q=main", **HTMX)
    assert "<html" not in part
    assert world.main["name"] in part


def test_short_and_invalid_queries(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    assert "Type a name" in text_of(client, "/find/")
    for text in ("%00", "%25", "'", "#99999999999999999999", "x" * 5000):
        text_of(client, f"/find/?q={text}")
    assert client.post("/find/").status_code == 405
    assert browse(None).get("/find/").status_code == 302
