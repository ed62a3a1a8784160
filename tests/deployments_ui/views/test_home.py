"""Where everybody begins: staff with what needs attention, other people with their customers."""

from __future__ import annotations

from typing import Any

from tests.deployments_ui.conftest import SLUG, World
from tests.deployments_ui.page_rules import Browse, text_of


def test_home_is_by_role(world: World, browse: Browse) -> None:
    for user in (world.people.operator, world.people.support):
        assert "<h1>Home</h1>" in text_of(browse(user), "/")
    assert browse(world.people.owner).get("/")["Location"] == f"/c/{SLUG}/"
    assert browse(world.people.other_owner).get("/")["Location"] == "/c/pawsome-vets/"
    assert "belongs to no customer" in text_of(browse(world.people.outsider), "/")
    assert browse(None).get("/")["Location"].startswith("/accounts/login/")
    assert browse(world.people.owner).post("/").status_code == 405


def test_few_queries(world: World, browse: Browse, django_assert_max_num_queries: Any) -> None:
    client = browse(world.people.operator)
    text_of(client, "/")
    with django_assert_max_num_queries(10):
        text_of(client, "/")
