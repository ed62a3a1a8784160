"""Each operation, for each role: works, and tells no more than the role may know."""

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
from tests.api.conftest import API, OWN, Asking, Remembered
from tests.simulator_control import SimulatorControl

Ask = Callable[[str], Asking]
STAFF = ("operator", "support")
THEIRS = ("owner", "viewer")


def test_staff_see_every_customer_and_others_their_own(ask: Ask, remembered: Remembered) -> None:
    for who in STAFF:
        told = ask(who).told(f"{API}/customers/")
        assert {row["customer"]["slug"] for row in told["results"]} >= {"brightsmile-dental", "pawsome-vets"}
        assert told["total"] == len(told["results"])
        assert {"brightsmile-dental", "pawsome-vets"} <= {row["customer"]["external_id"] for row in told["results"]}
    for who in THEIRS:
        told = ask(who).told(f"{API}/customers/")
        assert [row["customer"]["slug"] for row in told["results"]] == ["brightsmile-dental"]
        assert told["results"][0]["customer"]["external_id"] is None
    assert ask("outsider").told(f"{API}/customers/")["results"] == []


def test_customers_are_searched_and_sorted(ask: Ask, remembered: Remembered) -> None:
    client = ask("operator")
    slugs = {
        sort: [row["customer"]["slug"] for row in client.told(f"{API}/customers/", {"sort": sort})["results"]]
        for sort in ("name", "-name", "recent", "apps")
    }
    assert slugs["-name"] == slugs["name"][::-1]
    assert {tuple(sorted(each)) for each in slugs.values()} == {tuple(sorted(slugs["name"]))}
    found = client.told(f"{API}/customers/", {"q": "bright"})["results"]
    assert [row["customer"]["slug"] for row in found] == ["brightsmile-dental"]


def test_the_history_holds_every_version_newest_first(ask: Ask, remembered: Remembered) -> None:
    versions = Version.objects.filter(customer__slug="brightsmile-dental").values_list("miosa_id", flat=True)
    for who in (*STAFF, *THEIRS):
        entries = walk(ask(who), f"{OWN}/history/")
        told = [entry["version"]["id"] for entry in entries if entry["entry"] == "version"]
        assert sorted(told) == sorted(versions)
        moments = [datetime.fromisoformat(entry["at"]) for entry in entries]
        assert moments == sorted(moments, reverse=True)
        live = [entry["deployment_id"] for entry in entries if entry.get("version", {}).get("state") == "live"]
        assert len(live) == len(set(live)) > 1


def test_a_change_of_what_is_live_stands_in_the_history(
    ask: Ask, remembered: Remembered, simulator: SimulatorControl, operator: Person
) -> None:
    client = ask("owner")
    before = client.told(f"{OWN}/deployments/{remembered.deployment}/")
    back = before["last_good"]["id"]
    simulator.run_action("rollback", deployment_id=remembered.deployment, version_id=back)
    visits.refresh_customer(by=operator, slug="brightsmile-dental", now=timezone.now())
    newest = client.told(f"{OWN}/history/")["results"][0]
    assert (newest["entry"], newest["deed"], newest["version_id"]) == ("activation", "rolled_back", back)
    assert newest["from_version_id"] == before["deployment"]["live"]["id"]


def test_a_deployment(ask: Ask, remembered: Remembered) -> None:
    for who in (*STAFF, *THEIRS):
        listed = ask(who).told(f"{OWN}/deployments/")
        one = next(row for row in listed["results"] if row["id"] == remembered.deployment)
        told = ask(who).told(f"{OWN}/deployments/{remembered.deployment}/")
        assert told["deployment"] == {**one, "rollback": None}
        assert told["deployment"]["live"]["state"] == "live"
        assert {entry["deployment_id"] for entry in told["history"]} == {remembered.deployment}
        assert told["age"]["reach"] == "ok"


def test_a_version(ask: Ask, remembered: Remembered) -> None:
    row = Version.objects.get(miosa_id=remembered.version)
    for who in (*STAFF, *THEIRS):
        told = ask(who).told(f"{OWN}/deployments/{remembered.deployment}/versions/{remembered.version}/")
        assert (told["version"]["id"], told["version"]["number"]) == (row.miosa_id, row.number)
        assert told["artifact_sha256"] == row.artifact_sha256
        assert told["moments"][0]["what"] == "created"
        assert told["customer"]["external_id"] == ("brightsmile-dental" if who in STAFF else None)


def test_only_staff_are_told_where_a_version_came_from(ask: Ask, remembered: Remembered) -> None:
    row = Version.objects.filter(customer__slug="brightsmile-dental").exclude(source_sandbox_id="")[0]
    Version.objects.filter(pk=row.pk).update(build_id="bld_1")
    path = f"{OWN}/deployments/{row.deployment.miosa_id}/versions/{row.miosa_id}/"
    asked = {who: ask(who).told(path) for who in ("support", "viewer")}
    assert (asked["support"]["source_sandbox"], asked["support"]["build_id"]) == (row.source_sandbox_id, "bld_1")
    assert (asked["viewer"]["source_sandbox"], asked["viewer"]["build_id"]) == (None, None)
    entries = walk(ask("viewer"), f"{OWN}/history/")
    assert all(entry["sandbox"] is None for entry in entries if entry["entry"] == "version")


def test_moments_are_told_in_utc_whatever_zone_the_browser_has(ask: Ask, remembered: Remembered) -> None:
    client = ask("owner")
    client.cookies["tz"] = "Asia/Bangkok"
    told = client.told(f"{OWN}/history/")
    assert all(entry["at"].endswith("Z") for entry in told["results"])


def test_a_customer_nobody_looked_at_yet_is_read_first(ask: Ask, simulator: SimulatorControl) -> None:
    told = ask("owner").told(f"{OWN}/history/")
    assert told["results"]
    assert told["age"]["as_of"]


def test_what_is_remembered_is_told_while_the_hosting_service_is_down(
    ask: Ask, remembered: Remembered, simulator: SimulatorControl
) -> None:
    simulator.fault(times=1000, drop_before=True)
    told = ask("owner").told(f"{OWN}/deployments/{remembered.deployment}/")
    assert told["history"]


def test_fresh_answers_cost_no_request(ask: Ask, remembered: Remembered, simulator: SimulatorControl) -> None:
    before = len(simulator.requests())
    for path in (f"{API}/customers/", f"{OWN}/history/", f"{OWN}/deployments/"):
        ask("owner").told(path)
    assert len(simulator.requests()) == before


def test_the_history_asks_the_database_as_little_as_the_page(
    ask: Ask, remembered: Remembered, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = ask("operator")
    client.told(f"{OWN}/history/")
    # Two for signing in and six for the history, as for the page.
    with django_assert_max_num_queries(8):
        client.told(f"{OWN}/history/")


def test_a_missing_slash_is_led_on(ask: Ask, people: object) -> None:
    for path in (f"{API}/customers", f"{OWN}/history", f"{API}/schema"):
        response = ask("owner").get(path)
        assert (response.status_code, response["Location"]) == (301, f"{path}/")


def test_head_tells_the_headers_alone(ask: Ask, remembered: Remembered) -> None:
    response = ask("owner").head(f"{API}/customers/")
    assert (response.status_code, response.content) == (200, b"")


def walk(client: Client, path: str) -> list[dict[str, Any]]:
    """All pages of a list, by following `next`."""
    entries: list[dict[str, Any]] = []
    following: str | None = path
    while following:
        assert following.startswith("/")
        told = client.get(following).json()
        entries += told["results"]
        following = told["next"]
    return entries
