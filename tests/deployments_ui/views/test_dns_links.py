"""The link for whoever runs the DNS, as a page."""

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
from tests.deployments_ui.stairs import Browse, text_of
from tests.deployments_ui.views.test_domains import NAME, added


@pytest.fixture(autouse=True)
def nobody_came_before(db: None) -> None:
    cache.clear()


@pytest.fixture
def page(world: World, browse: Browse) -> str:
    return added(browse(world.people.owner), world)


def make(client: Client, page: str) -> str:
    told = client.post(f"{page}links/", **HTMX).content.decode()
    found = re.search(r'data-copy="http://testserver(/dns/[^"]+)"', told)
    assert found
    return found[1]


def test_it_is_made_shown_once_and_listed(world: World, browse: Browse, page: str) -> None:
    client = browse(world.people.owner)
    path = make(client, page)
    told = text_of(client, page)
    assert path not in told
    assert "Made by Dr Rao" in told
    assert "<html" in client.post(f"{page}links/").content.decode()


def test_anybody_who_has_it_sees_one_domain(world: World, browse: Browse, page: str) -> None:
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


def test_it_is_the_same_for_somebody_signed_in(world: World, browse: Browse, page: str) -> None:
    path = make(browse(world.people.owner), page)
    shown = text_of(browse(world.people.other_owner), path)
    assert "Bright Smile" not in shown
    assert "Find…" not in shown


def test_it_is_a_part_for_htmx_and_reads_only(world: World, browse: Browse, page: str) -> None:
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


def test_it_ends(world: World, browse: Browse, page: str) -> None:
    client = browse(world.people.owner)
    path = make(client, page)
    link = DomainLink.objects.get()
    answer = client.post(f"{page}links/{link.pk}/revoke/", **HTMX)
    assert 'id="links"' in answer.content.decode()
    over = Client().get(path)
    assert over.status_code == 404
    assert "This link has ended" in over.content.decode()
    assert over["Cache-Control"] == "no-store"
    assert over.content.decode() == Client().get("/dns/never-was-there/").content.decode()
    assert client.post(f"{page}links/{link.pk}/revoke/").status_code == 404


def test_guessing_is_slowed_down(db: None) -> None:
    client = Client()
    answers = [client.get(f"/dns/guess-{n}/").status_code for n in range(80)]
    assert answers[0] == 404
    assert answers[-1] == 503


def test_who_may_make_and_end_them(world: World, browse: Browse, page: str) -> None:
    make(browse(world.people.support), page)
    link = DomainLink.objects.get()
    for path in (f"{page}links/", f"{page}links/{link.pk}/revoke/"):
        assert browse(world.people.viewer).post(path).status_code == 403
        assert browse(world.people.other_owner).post(path).status_code == 404
        assert browse(None).post(path).status_code == 302
        assert browse(world.people.owner).get(path).status_code == 405
    assert "Somebody else runs the DNS" not in text_of(browse(world.people.viewer), page)


def test_no_log_line_holds_it(world: World, browse: Browse, page: str, caplog: pytest.LogCaptureFixture) -> None:
    path = make(browse(world.people.owner), page)
    with caplog.at_level(logging.DEBUG):
        Client().get(path)
    clean: Any = Redactor(())
    secret = path.split("/")[2]
    for record in caplog.records:
        assert secret not in str(clean(None, "", {"event": record.getMessage(), "path": path}))
    assert logs.__name__
