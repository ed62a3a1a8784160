"""One deployment."""

import re

from portal.models import Customer
from tests.deployments_ui.conftest import HTMX, World
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
