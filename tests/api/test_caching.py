"""Caching: what may be stored, and 304 for unchanged responses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from portal.models import Freshness, Membership
from portal.permissions import Person
from portal.services import visits
from tests.api.conftest import API, OWN, ApiClient, StoredObjects
from tests.api.test_access import list_own_urls
from tests.simulator_control import SimulatorControl

Ask = Callable[[str], ApiClient]


def test_no_response_may_be_stored(ask: Ask, stored: StoredObjects) -> None:
    for who in ("owner", "anonymous"):
        for path in list_own_urls(stored).values():
            response = ask(who).get(path)
            assert response["Cache-Control"] == "no-store"
            assert {"Accept", "Cookie"} <= {name.strip() for name in response["Vary"].split(",")}
            assert not {"Server", "X-Powered-By", "Last-Modified", "Expires"} & set(response.headers)
            assert response["X-Content-Type-Options"] == "nosniff"


def test_an_unchanged_response_is_not_sent_again(ask: Ask, stored: StoredObjects) -> None:
    client = ask("owner")
    for name, path in list_own_urls(stored).items():
        if name in {"schema", "unknown"}:
            continue
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": f'"x", {first["ETag"]}'})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"]), path
        assert again["Cache-Control"] == "no-store"
        strong = first["ETag"].removeprefix("W/")
        for same in (strong, f'"x",{strong}', f'W/"x", {strong}, "y"', "*"):
            assert client.get(path, headers={"If-None-Match": same}).status_code == 304
        for other in (strong[:-2] + '"', strong.upper().replace('"', '"W/'), "x", '""'):
            assert client.get(path, headers={"If-None-Match": other}).status_code == 200
        assert client.get(path, headers={"If-None-Match": 'W/"x"'}).status_code == 200


def test_etags_differ_between_people(ask: Ask, stored: StoredObjects) -> None:
    clients = [ask(who) for who in ("operator", "support", "owner", "viewer")]
    other_owner, anonymous = ask("other_owner"), ask("anonymous")
    # Data that becomes stale meanwhile would change the response.
    Freshness.objects.update(read_at=timezone.now() + timedelta(hours=1))
    for path in list_own_urls(stored).values():
        tags = [tag for client in clients if (tag := client.get(path).get("ETag"))]
        assert len(tags) == len(set(tags))
        for tag in tags:
            answers = [client.get(path, headers={"If-None-Match": tag}).status_code for client in clients]
            assert answers.count(304) == 1
            assert other_owner.get(path, headers={"If-None-Match": tag}).status_code in {200, 404}
            assert anonymous.get(path, headers={"If-None-Match": tag}).status_code == 401


def test_if_none_match_reveals_nothing_without_access(ask: Ask, stored: StoredObjects) -> None:
    for given in ("*", 'W/"*"', '"*"', 'W/"x"'):
        assert ask("other_owner").get(f"{OWN}/history/", headers={"If-None-Match": given}).status_code == 404


def test_etags_differ_between_queries(ask: Ask, stored: StoredObjects) -> None:
    client = ask("owner")
    tags = {client.get(f"{OWN}/history/", query)["ETag"] for query in ({}, {"state": "live"}, {"kind": "dynamic"})}
    assert len(tags) == 3


def test_a_changed_response_is_sent(
    ask: Ask, stored: StoredObjects, simulator: SimulatorControl, operator: Person
) -> None:
    client = ask("owner")
    paths = [
        f"{API}/customers/",
        f"{OWN}/history/",
        f"{OWN}/deployments/",
        f"{OWN}/deployments/{stored.deployment}/",
    ]
    tags = {path: client.get(path)["ETag"] for path in paths}
    back = client.get_json(paths[-1])["last_good"]["id"]
    simulator.run_action("rollback", deployment_id=stored.deployment, version_id=back)
    visits.refresh_customer(by=operator, slug="brightsmile-dental", now=timezone.now())
    for path, tag in tags.items():
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 200, path


def test_a_refresh_without_changes_keeps_the_etag(
    ask: Ask, stored: StoredObjects, simulator: SimulatorControl, operator: Person
) -> None:
    client = ask("owner")
    first = client.get(f"{OWN}/history/")
    visits.refresh_customer(by=operator, slug="brightsmile-dental", now=timezone.now())
    assert client.get(f"{OWN}/history/", headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_an_old_etag_is_useless_after_losing_access(ask: Ask, stored: StoredObjects) -> None:
    client = ask("owner")
    tag = client.get(f"{OWN}/history/")["ETag"]
    Membership.objects.filter(user__email="owner@brightsmile.test").delete()
    assert client.get(f"{OWN}/history/", headers={"If-None-Match": tag}).status_code == 404
