"""Each endpoint works for each role, and returns no more than the role may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from portal.models import Version
from portal.permissions import Person
from portal.services import visits
from tests.api.conftest import API, OWN, ApiClient, StoredObjects
from tests.simulator_control import SimulatorControl

Ask = Callable[[str], ApiClient]
STAFF = ("operator", "support")
CUSTOMERS_PEOPLE = ("owner", "viewer")


def test_staff_see_every_customer_and_others_see_their_own(ask: Ask, stored: StoredObjects) -> None:
    for who in STAFF:
        data = ask(who).get_json(f"{API}/customers/")
        assert {row["customer"]["slug"] for row in data["results"]} >= {"brightsmile-dental", "pawsome-vets"}
        assert data["total"] == len(data["results"])
        assert {"brightsmile-dental", "pawsome-vets"} <= {row["customer"]["external_id"] for row in data["results"]}
    for who in CUSTOMERS_PEOPLE:
        data = ask(who).get_json(f"{API}/customers/")
        assert [row["customer"]["slug"] for row in data["results"]] == ["brightsmile-dental"]
        assert data["results"][0]["customer"]["external_id"] is None
    assert ask("outsider").get_json(f"{API}/customers/")["results"] == []


def test_customers_are_searched_and_sorted(ask: Ask, stored: StoredObjects) -> None:
    client = ask("operator")
    slugs = {
        sort: [row["customer"]["slug"] for row in client.get_json(f"{API}/customers/", {"sort": sort})["results"]]
        for sort in ("name", "-name", "recent", "apps")
    }
    assert slugs["-name"] == slugs["name"][::-1]
    assert {tuple(sorted(each)) for each in slugs.values()} == {tuple(sorted(slugs["name"]))}
    found = client.get_json(f"{API}/customers/", {"q": "bright"})["results"]
    assert [row["customer"]["slug"] for row in found] == ["brightsmile-dental"]


def test_every_list_says_that_a_version_is_being_built(ask: Ask, stored: StoredObjects) -> None:
    paths = (f"{API}/customers/", f"{OWN}/deployments/", f"{OWN}/history/")
    assert not any(ask("owner").get_json(path)["age"]["changing"] for path in paths)
    newest = Version.objects.filter(deployment__miosa_id=stored.deployment).latest("number")
    Version.objects.filter(pk=newest.pk).update(state="building")
    assert all(ask("owner").get_json(path)["age"]["changing"] for path in paths)


def test_the_history_holds_every_version_newest_first(ask: Ask, stored: StoredObjects) -> None:
    versions = Version.objects.filter(customer__slug="brightsmile-dental").values_list("miosa_id", flat=True)
    for who in (*STAFF, *CUSTOMERS_PEOPLE):
        entries = read_all_pages(ask(who), f"{OWN}/history/")
        data = [entry["version"]["id"] for entry in entries if entry["entry"] == "version"]
        assert sorted(data) == sorted(versions)
        moments = [datetime.fromisoformat(entry["at"]) for entry in entries]
        assert moments == sorted(moments, reverse=True)
        live = [entry["deployment_id"] for entry in entries if entry.get("version", {}).get("state") == "live"]
        assert len(live) == len(set(live)) > 1


def test_a_change_of_the_live_version_is_in_the_history(
    ask: Ask, stored: StoredObjects, simulator: SimulatorControl, operator: Person
) -> None:
    client = ask("owner")
    before = client.get_json(f"{OWN}/deployments/{stored.deployment}/")
    back = before["last_good"]["id"]
    simulator.run_action("rollback", deployment_id=stored.deployment, version_id=back)
    visits.refresh_customer(by=operator, slug="brightsmile-dental", now=timezone.now())
    newest = client.get_json(f"{OWN}/history/")["results"][0]
    assert (newest["entry"], newest["deed"], newest["version_id"]) == ("activation", "rolled_back", back)
    assert newest["from_version_id"] == before["deployment"]["live"]["id"]


def test_a_deployment(ask: Ask, stored: StoredObjects) -> None:
    for who in (*STAFF, *CUSTOMERS_PEOPLE):
        listed = ask(who).get_json(f"{OWN}/deployments/")
        one = next(row for row in listed["results"] if row["id"] == stored.deployment)
        data = ask(who).get_json(f"{OWN}/deployments/{stored.deployment}/")
        assert data["deployment"] == {**one, "rollback": None}
        assert data["deployment"]["live"]["state"] == "live"
        assert {entry["deployment_id"] for entry in data["history"]} == {stored.deployment}
        assert data["age"]["reach"] == "ok"


def test_a_version(ask: Ask, stored: StoredObjects) -> None:
    row = Version.objects.get(miosa_id=stored.version)
    for who in (*STAFF, *CUSTOMERS_PEOPLE):
        data = ask(who).get_json(f"{OWN}/deployments/{stored.deployment}/versions/{stored.version}/")
        assert (data["version"]["id"], data["version"]["number"]) == (row.miosa_id, row.number)
        assert data["artifact_sha256"] == row.artifact_sha256
        assert data["moments"][0]["what"] == "created"
        assert data["customer"]["external_id"] == ("brightsmile-dental" if who in STAFF else None)


def test_only_staff_see_the_source_of_a_version(ask: Ask, stored: StoredObjects) -> None:
    row = Version.objects.filter(customer__slug="brightsmile-dental").exclude(source_sandbox_id="")[0]
    Version.objects.filter(pk=row.pk).update(build_id="bld_1")
    path = f"{OWN}/deployments/{row.deployment.miosa_id}/versions/{row.miosa_id}/"
    asked = {who: ask(who).get_json(path) for who in ("support", "viewer")}
    assert (asked["support"]["source_sandbox"], asked["support"]["build_id"]) == (row.source_sandbox_id, "bld_1")
    assert (asked["viewer"]["source_sandbox"], asked["viewer"]["build_id"]) == (None, None)
    entries = read_all_pages(ask("viewer"), f"{OWN}/history/")
    assert all(entry["sandbox"] is None for entry in entries if entry["entry"] == "version")


def test_times_are_utc_in_every_time_zone_of_the_browser(ask: Ask, stored: StoredObjects) -> None:
    client = ask("owner")
    client.cookies["tz"] = "Asia/Bangkok"
    data = client.get_json(f"{OWN}/history/")
    assert all(entry["at"].endswith("Z") for entry in data["results"])


def test_a_customer_without_data_is_fetched_first(ask: Ask, simulator: SimulatorControl) -> None:
    data = ask("owner").get_json(f"{OWN}/history/")
    assert data["results"]
    assert data["age"]["as_of"]


def test_stored_data_is_served_while_miosa_is_down(
    ask: Ask, stored: StoredObjects, simulator: SimulatorControl
) -> None:
    simulator.fault(times=1000, drop_before=True)
    data = ask("owner").get_json(f"{OWN}/deployments/{stored.deployment}/")
    assert data["history"]


def test_fresh_responses_send_no_request_to_miosa(ask: Ask, stored: StoredObjects, simulator: SimulatorControl) -> None:
    before = len(simulator.requests())
    for path in (f"{API}/customers/", f"{OWN}/history/", f"{OWN}/deployments/"):
        ask("owner").get_json(path)
    assert len(simulator.requests()) == before


def test_the_history_takes_no_more_queries_than_its_page(
    ask: Ask, stored: StoredObjects, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = ask("operator")
    client.get_json(f"{OWN}/history/")
    # Two for the session and six for the history, as for the page.
    with django_assert_max_num_queries(8):
        client.get_json(f"{OWN}/history/")


def test_a_missing_slash_is_redirected(ask: Ask, people: object) -> None:
    for path in (f"{API}/customers", f"{OWN}/history", f"{API}/schema"):
        response = ask("owner").get(path)
        assert (response.status_code, response["Location"]) == (301, f"{path}/")


def test_head_has_no_body(ask: Ask, stored: StoredObjects) -> None:
    response = ask("owner").head(f"{API}/customers/")
    assert (response.status_code, response.content) == (200, b"")


def read_all_pages(client: Client, path: str) -> list[dict[str, Any]]:
    """All pages of a list, by following `next`."""
    entries: list[dict[str, Any]] = []
    following: str | None = path
    while following:
        assert following.startswith("/")
        data = client.get(following).json()
        entries += data["results"]
        following = data["next"]
    return entries
