"""Rules that every page keeps."""

from __future__ import annotations

import html
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
