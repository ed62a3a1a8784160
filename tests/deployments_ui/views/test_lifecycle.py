"""Making, naming and deleting apps: for operators."""

from __future__ import annotations

import pytest

from portal.models import Deployment
from tests.deployments_ui.changes import confirm, list_changes_sent
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, check_hidden, text_of

CREATE = f"/c/{SLUG}/create/"


@pytest.mark.parametrize("form", ["rename/", "delete/", ""])
def test_page_rules_of_each_form(world: World, browse: Browse, form: str) -> None:
    path = f"{world.path}{form}" if form else CREATE
    operator = browse(world.people.operator)
    assert 'name="token"' in text_of(operator, path)
    part = text_of(operator, path, **HTMX)
    assert "<html" not in part
    assert 'id="lifecycle"' in part
    for user in (world.people.support, world.people.owner, world.people.viewer):
        client = browse(user)
        with world.hearing_nothing():
            page = text_of(client, path, status=403)
        assert "the platform&#39;s operators" in page
        with world.hearing_nothing():
            client.post(path, {"name": "x", "token": "x"})
    check_hidden(world, browse, foreign=f"{world.foreign_path}{form}" if form else "/c/pawsome-vets/create/")
    assert operator.put(path).status_code == 405


def test_creating(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    empty = confirm(client, CREATE, name=" ", reason="asked")
    assert empty.status_code == 422
    assert "Enter a name." in empty.content.decode()
    answer = confirm(client, CREATE, name="Landing page", choice="asked", reason="")
    assert "Landing page created" in text_of(client, answer["Location"])
    assert "Landing page" in text_of(client, f"/c/{SLUG}/")


def test_renaming(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    assert 'value="Main site"' in text_of(client, f"{world.path}rename/")
    confirm(client, f"{world.path}rename/", name="Front door")
    assert "Front door" in text_of(client, world.path)
    assert [row["method"] for row in list_changes_sent(world)] == ["PATCH"]


def test_deleting_needs_the_name_and_lists_what_is_lost(world: World, browse: Browse) -> None:
    client, path = browse(world.people.operator), f"{world.path}delete/"
    page = text_of(client, path)
    assert f"{world.main['versions']} versions" in page
    assert "brightsmile.example" in page
    wrong = confirm(client, path, name="main site")
    assert wrong.status_code == 422
    assert "exactly as shown" in wrong.content.decode()
    assert not list_changes_sent(world)
    answer = confirm(client, path, name="Main site")
    assert "Main site deleted" in text_of(client, answer["Location"])
    assert Deployment.objects.get(miosa_id=world.main["id"]).gone_at
    assert "It no longer exists at the hosting service." in text_of(client, world.path)
    assert "This app no longer exists" in text_of(client, path)
