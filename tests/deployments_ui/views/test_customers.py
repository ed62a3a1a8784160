"""The list of customers."""

import re

from tests.deployments_ui.conftest import HTMX, World
from tests.deployments_ui.page_rules import Browse, text_of


def test_staff_sees_every_customer(world: World, browse: Browse) -> None:
    for user in (world.people.operator, world.people.support):
        page = text_of(browse(user), "/customers/")
        assert "Bright Smile Dental" in page
        assert "Pawsome Vets" in page
        assert "13 customers" in page


def test_members_see_only_their_own_customer(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.owner), "/customers/")
    assert "Bright Smile Dental" in page
    assert "Pawsome" not in page


def test_a_search_narrows_without_a_script_and_with(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    for headers in ({}, HTMX):
        page = text_of(client, "/customers/?q=pawsome", **headers)
        assert "Pawsome Vets" in page
        assert "Bright Smile Dental" not in page
        assert ("<html" in page) is not bool(headers)
    assert "No customer matches" in text_of(client, "/customers/?q=zzzz")


def test_sorting_can_be_reversed(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    name = re.compile(r'<a class="title name" href="([^"]+)"')
    forward = name.findall(text_of(client, "/customers/"))
    back = name.findall(text_of(client, "/customers/?sort=-name"))
    assert forward == back[::-1]
    assert len(forward) > 5
    assert 'aria-sort="descending"' in text_of(client, "/customers/?sort=recent")


def test_an_invalid_page_number_is_not_found(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    for page in ("0", "x", "-1", "9" * 30):
        text_of(client, f"/customers/?page={page}", status=404)
    # The list gets shorter while somebody looks at its last page.
    assert 'href="/c/' in text_of(client, "/customers/?page=999").partition("<tbody")[2]


def test_the_address_stays_short(world: World, browse: Browse) -> None:
    answer = browse(world.people.operator).get("/customers/?q=&sort=name&page=1", **HTMX)
    assert answer["HX-Push-Url"] == "/customers/"
