"""Pages of share links, for people who manage the DNS and have no account."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from portal import logs
from portal.models import Domain, DomainLink
from portal.redaction import Redactor
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, text_of
from tests.deployments_ui.views.test_domains import NAME, added


@pytest.fixture(autouse=True)
def no_earlier_requests(db: None) -> None:
    cache.clear()


@pytest.fixture
def page(world: World, browse: Browse) -> str:
    return added(browse(world.people.owner), world)


def make(client: Client, page: str) -> str:
    part = client.post(f"{page}links/", **HTMX).content.decode()
    found = re.search(r'data-copy="http://testserver(/dns/[^"]+)"', part)
    assert found
    return found[1]


def test_a_new_link_is_shown_once_and_listed(world: World, browse: Browse, page: str) -> None:
    client = browse(world.people.owner)
    path = make(client, page)
    reloaded = text_of(client, page)
    assert path not in reloaded
    assert "Created by Dr Rao" in reloaded
    assert "<html" in client.post(f"{page}links/").content.decode()


def test_anybody_with_the_link_sees_one_domain(world: World, browse: Browse, page: str) -> None:
    path = make(browse(world.people.owner), page)
    answer = Client().get(path)
    assert answer.status_code == 200
    shown = answer.content.decode()
    assert f'data-copy="{NAME}"' in shown
    assert "Deploy desk" in shown
    for word in ("Bright Smile", SLUG, "Main site", world.main["id"], "Dr Rao", "miosa", "sessionid"):
        assert word not in shown.replace(world.control.url, "")
    assert "noindex" in answer["X-Robots-Tag"]
    assert '<meta name="robots" content="noindex' in shown
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies


def test_it_is_the_same_for_a_person_signed_in(world: World, browse: Browse, page: str) -> None:
    path = make(browse(world.people.owner), page)
    shown = text_of(browse(world.people.other_owner), path)
    assert "Bright Smile" not in shown
    assert "Search…" not in shown


def test_it_changes_nothing(world: World, browse: Browse, page: str) -> None:
    path = make(browse(world.people.owner), page)
    before = Domain.objects.filter(name=NAME).values().get()
    part = text_of(Client(), path, **HTMX)
    assert "<html" not in part
    assert 'id="domain"' in part
    with world.hearing_nothing():
        text_of(Client(), path)
    assert Domain.objects.filter(name=NAME).values().get() == before
    for method in ("post", "put", "delete", "patch"):
        assert getattr(Client(), method)(path).status_code == 405


def test_it_can_be_revoked(world: World, browse: Browse, page: str) -> None:
    client = browse(world.people.owner)
    path = make(client, page)
    link = DomainLink.objects.get()
    answer = client.post(f"{page}links/{link.pk}/revoke/", **HTMX)
    assert 'id="links"' in answer.content.decode()
    ended = Client().get(path)
    assert ended.status_code == 404
    assert "This link no longer works" in ended.content.decode()
    assert ended["Cache-Control"] == "no-store"
    assert ended.content.decode() == Client().get("/dns/never-was-there/").content.decode()
    assert client.post(f"{page}links/{link.pk}/revoke/").status_code == 404


def test_guessing_is_limited(db: None) -> None:
    client = Client()
    assert client.get("/dns/guess/").status_code == 404
    # More than a minute allows, even if the next one begins meanwhile.
    assert any(client.get(f"/dns/guess-{n}/").status_code == 503 for n in range(200))


def test_creating_and_revoking_need_permission(world: World, browse: Browse, page: str) -> None:
    make(browse(world.people.support), page)
    link = DomainLink.objects.get()
    for path in (f"{page}links/", f"{page}links/{link.pk}/revoke/"):
        assert browse(world.people.viewer).post(path).status_code == 403
        assert browse(world.people.other_owner).post(path).status_code == 404
        assert browse(None).post(path).status_code == 302
        assert browse(world.people.owner).get(path).status_code == 405
    assert "Does someone else manage the DNS" not in text_of(browse(world.people.viewer), page)


def test_no_log_line_contains_it(world: World, browse: Browse, page: str, caplog: pytest.LogCaptureFixture) -> None:
    path = make(browse(world.people.owner), page)
    with caplog.at_level(logging.DEBUG):
        Client().get(path)
    clean: Any = Redactor(())
    secret = path.split("/")[2]
    for record in caplog.records:
        assert secret not in str(clean(None, "", {"event": record.getMessage(), "path": path}))
    assert logs.__name__
