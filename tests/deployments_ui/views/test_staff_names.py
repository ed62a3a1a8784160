"""Customers see the platform's staff as its support, wherever a person is named."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from portal.models import Version
from tests.deployments_ui.changes import confirm, token_of, work
from tests.deployments_ui.conftest import SLUG, Browse, World
from tests.deployments_ui.page_rules import text_of
from tests.deployments_ui.views.test_dns_links import make
from tests.deployments_ui.views.test_domains import added
from tests.deployments_ui.views.test_env_vars import review_of
from tests.security.crawler import Crawl, body_of

SUPPORT = "Deploy desk support"
STAFF = ("Ana Ruiz", "Olga Petrov", "support@portal.test", "operator@portal.test")


@pytest.fixture
def changed(world: World, browse: Browse) -> World:
    """Support has rolled back and kept that; an operator has set an env var and shared a domain."""
    support, operator = browse(world.people.support), browse(world.people.operator)
    version = Version.objects.get(deployment__miosa_id=world.main["id"], number=23).miosa_id
    confirm(support, f"{world.path}versions/{version}/rollback/")
    support.post(f"{world.path}rollback/keep/", {"live": version, "keep": "1"})
    set_env_var(operator, world)
    make(operator, added(operator, world))
    confirm(support, f"{world.path}redeploy/")
    work()
    return world


def set_env_var(client: Client, world: World) -> None:
    fields = {"name": "COLOUR", "value": "green", "environment": "production"}
    review = client.post(f"{world.path}env/set/", fields, follow=True).content.decode()
    client.post(f"{review_of(review)}apply/", {"token": token_of(review), "reason": "asked"})


def test_no_page_and_no_json_of_a_customer_names_staff(changed: World, browse: Browse) -> None:
    crawl = Crawl(browse(changed.people.owner), f"/c/{SLUG}/", changed.path, "/api/v1/operations/")
    named = {path: name for path, answer in crawl.walk() for name in STAFF if name in body_of(answer)}
    assert named == {}


def test_they_are_called_support_instead(changed: World, browse: Browse) -> None:
    client = browse(changed.people.owner)
    paths = [f"/c/{SLUG}/", changed.path, f"{changed.path}env/", f"/c/{SLUG}/operations/", f"/c/{SLUG}/activity/"]
    assert [path for path in paths if SUPPORT not in text_of(client, path)] == []
    assert "Deploy desk support (support)" not in text_of(client, changed.path)


def test_staff_and_a_setting_show_the_names(changed: World, browse: Browse, settings: Settings) -> None:
    assert "Ana Ruiz" in text_of(browse(changed.people.operator), changed.path)
    settings.SHOW_STAFF_NAMES = True
    assert "Ana Ruiz" in text_of(browse(changed.people.owner), changed.path)


def test_customers_filter_their_history_by_support_and_find_nobody_by_name(changed: World, browse: Browse) -> None:
    client = browse(changed.people.owner)
    assert "rolled back" in text_of(client, f"/c/{SLUG}/?person=staff")
    assert "rolled back" not in text_of(client, f"/c/{SLUG}/?q=ana+ruiz")


def test_a_running_change_of_staff_is_one_of_support(world: World, browse: Browse) -> None:
    confirm(browse(world.people.support), f"{world.path}redeploy/")
    path = f"{world.path}redeploy/"
    assert f"{SUPPORT} is changing this app right now" in text_of(browse(world.people.owner), path)
