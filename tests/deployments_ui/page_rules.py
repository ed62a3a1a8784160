"""Rules that every page keeps."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

from django.test import Client

from portal.models import User
from tests.deployments_ui.conftest import HTMX, World

Browse = Callable[[User | None], Client]


def text_of(client: Client, path: str, *, status: int = 200, **headers: Any) -> str:
    answer = client.get(path, **headers)
    assert answer.status_code == status, f"{path}: {answer.status_code}"
    return answer.content.decode()


def check_page(world: World, browse: Browse, path: str, *, foreign: str, root: str, says: str) -> None:
    """Everybody with access gets the page, htmx the part; others get not found, or to sign in."""
    for user in (world.people.operator, world.people.support, world.people.owner, world.people.viewer):
        page = text_of(browse(user), path)
        assert says in html.unescape(page)
        assert "<html" in page
    nobody = browse(None).get(path)
    assert (nobody.status_code, nobody["Location"].split("?")[0]) == (302, "/accounts/login/")
    response = browse(None).get(path, **HTMX)
    assert response.status_code == 401
    assert response["HX-Redirect"].startswith("/accounts/login/?next=")
    check_hidden(world, browse, foreign=foreign)
    wrong = browse(world.people.owner).post(path)
    assert wrong.status_code == 405
    assert "can't be used this way" in html.unescape(wrong.content.decode())
    part = text_of(browse(world.people.owner), path, **HTMX)
    assert "<html" not in part
    assert f'id="{root}"' in part


def check_hidden(world: World, browse: Browse, *, foreign: str) -> None:
    """Another customer's and a missing one are the same page, and MIOSA hears of neither."""
    missing = foreign.replace("pawsome-vets", "nobody-at-all")
    for user in (world.people.owner, world.people.viewer, world.people.outsider):
        client = browse(user)
        with world.hearing_nothing():
            other = text_of(client, foreign, status=404)
            nothing = text_of(client, missing, status=404)
        assert other == nothing


def list_chips(page: str) -> list[tuple[str, str]]:
    """Of each filter in use: the address without it, and its text."""
    chips = re.findall(r'<a class="chip"\s+href="([^"]+)".*?<span class="name">(.*?)</span>', page, re.DOTALL)
    return [(html.unescape(url), text) for url, text in chips]


def poll_path(page: str) -> str:
    """The address that the page polls, with what it shows."""
    found = re.search(r'data-poll\s+hx-get="([^"]+)"', page)
    assert found
    return html.unescape(found[1])


def check_current_part(client: Client, path: str) -> None:
    """A poll gets 204. On a slow machine the age may change between the page and its poll, so there are three tries."""
    responses = [client.get(poll_path(text_of(client, path)), **HTMX) for _try in range(3)]
    assert any((each.status_code, each.content) == (204, b"") for each in responses)
