"""Cursors and filters find what they should, and forged ones add nothing to a response."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import signing
from django.utils import timezone

from portal.api import cursors
from portal.models import Customer, Deployment, Entry
from portal.permissions import Person, Role
from portal.services.queries import filters
from tests import page_views
from tests.api.conftest import API, OTHER, OWN, ApiClient, StoredObjects, read_everything
from tests.api.test_endpoints import read_all_pages
from tests.simulator_control import SimulatorControl

Ask = Callable[[str], ApiClient]
OPERATOR = Person(id=1, name="Olga", email="o@p.test", staff=Role.OPERATOR)
WRONG: list[tuple[str, str | list[str]]] = [
    ("app", "dep_missing"),
    ("app", "\x00"),
    ("app", ["dep"] * 51),
    ("state", "livee"),
    ("state", ""),
    ("state", "gone"),
    ("kind", "STATIC"),
    ("person", "999999"),
    ("person", "1 OR 1=1"),
    ("project", "-1"),
    ("from", "2024-02-30"),
    ("from", "20240101"),
    ("from", "2024-W01-1"),
    ("from", "9999-12-31"),
    ("to", "yesterday"),
    ("to", ""),
    ("q", "x" * 201),
    ("q", ["a", "b"]),
    ("cursor", ["a", "b"]),
]
WIDENING: list[dict[str, str]] = [
    {"customer": "pawsome-vets"},
    {"customer_id": "2"},
    {"slug": "pawsome-vets"},
    {"external_workspace_id": "pawsome-vets"},
    {"ordering": "customer"},
    {"format": "api"},
    {"page_size": "100000"},
    {"limit": "100000", "offset": "-1"},
    {"q": "%"},
    {"q": "\x00\x1f' OR 1=1 --"},
]


@pytest.fixture
def long_history(simulator: SimulatorControl, people: object) -> str:
    """The URL of a customer's history that fills several pages."""
    simulator.reset(customers=12)
    read_everything()
    slug = max(Customer.objects.all(), key=lambda one: Entry.objects.filter(customer=one).count()).slug
    return f"{API}/customers/{slug}/history/"


def test_pages_hold_each_entry_once_and_keep_the_filters(ask: Ask, long_history: str) -> None:
    entries = read_all_pages(ask("operator"), long_history)
    slug = long_history.split("/")[4]
    assert len(entries) == len({entry["id"] for entry in entries})
    assert len(entries) == Entry.objects.filter(customer__slug=slug).count() > 50
    data = ask("operator").get_json(long_history, {"state": ["archived", "ready"], "q": "", "from": "2020-01-01"})
    following = urlsplit(data["next"])
    assert (following.scheme, following.netloc, following.path) == ("", "", long_history)
    query = parse_qs(following.query, keep_blank_values=True)
    assert query["state"] == ["archived", "ready"]
    assert query["from"] == ["2020-01-01"]
    assert ask("operator").get_json(data["next"])["results"]


def test_each_customer_is_on_one_page(ask: Ask, stored: StoredObjects) -> None:
    connection = Customer.objects.all()[0].connection
    Customer.objects.bulk_create(
        Customer(
            connection=connection, external_id=f"many-{n}", slug=f"many-{n}", name=f"Many {n:03}", search=f"many {n}"
        )
        for n in range(120)
    )
    rows = read_all_pages(ask("operator"), f"{API}/customers/?q=many&sort=-name")
    assert [row["customer"]["slug"] for row in rows] == [f"many-{n}" for n in reversed(range(120))]


@pytest.mark.parametrize("sort", ["name", "-name", "recent", "apps"])
def test_new_customers_between_two_pages_neither_repeat_nor_hide_others(
    ask: Ask, stored: StoredObjects, sort: str
) -> None:
    connection, begin = Customer.objects.all()[0].connection, timezone.now()

    def make(numbers: Iterable[int]) -> None:
        """Many with equal names, numbers of apps and publishing times, or never published."""
        Customer.objects.bulk_create(
            Customer(
                connection=connection,
                external_id=f"many-{n}",
                slug=f"many-{n}",
                name=f"Many {n % 7}",
                search="many",
                deployments_count=n % 5,
                last_published_at=begin - timedelta(days=n % 6) if n % 3 else None,
            )
            for n in numbers
        )

    make(range(130))
    client, path = ask("operator"), f"{API}/customers/?q=many&sort={sort}"
    data = client.get_json(path)
    slugs = [row["customer"]["slug"] for row in data["results"]]
    make(range(130, 160))
    slugs += [row["customer"]["slug"] for row in read_all_pages(client, data["next"])]
    assert len(slugs) == len(set(slugs))
    assert {f"many-{n}" for n in range(130)} <= set(slugs)
    page = [row.customer.slug for row in page_views.open_list(by=OPERATOR, search="many", sort=sort, now=begin).rows]
    assert [row["customer"]["slug"] for row in client.get_json(path)["results"]] == page


def test_each_deployment_is_on_one_page(ask: Ask, stored: StoredObjects) -> None:
    customer = Customer.objects.get(slug="brightsmile-dental")
    known = Deployment.objects.filter(customer=customer)[0]
    for n in range(210):
        one = Deployment.objects.get(pk=known.pk)
        one.pk, one.miosa_id = None, f"dep_many_{n}"
        one.save()
        one.holdings.create(customer=customer)
    rows = read_all_pages(ask("owner"), f"{OWN}/deployments/")
    assert len(rows) == len({row["id"] for row in rows}) > 210


def forge(data: str) -> Iterator[str]:
    place = data.partition(".")[0]
    yield "x"
    yield f"{place}."
    yield f"{data}x"
    yield data[:-1]
    yield f"9{data}"
    yield "\x00"
    yield "1." * 400
    yield signing.Signer(salt="other", sep=".").sign(place)


def test_a_forged_cursor_or_one_of_another_list_is_not_found(
    ask: Ask, long_history: str, simulator: SimulatorControl
) -> None:
    real = parse_qs(urlsplit(ask("operator").get_json(long_history)["next"]).query)["cursor"][0]
    received = len(simulator.requests())
    missing = ask("operator").get(f"{API}/customers/nobody/history/").content
    for path in (f"{API}/customers/", f"{OWN}/deployments/", long_history):
        for cursor in forge(real):
            response = ask("operator").get(path, {"cursor": cursor})
            assert (response.status_code, response.content) == (404, missing), (path, cursor)
    for path in (f"{API}/customers/", f"{OWN}/history/", f"{OWN}/deployments/", f"{OTHER}/history/"):
        assert ask("operator").get(path, {"cursor": real}).status_code == 404, path
    assert len(simulator.requests()) == received


def test_a_cursor_does_not_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = cursors.make("3", scope=("customers", "1"))
    later = time.time() + 90 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert cursors.read(cursor, scope=("customers", "1")) == "3"


def test_a_cursor_of_customers_is_valid_for_one_person_and_one_query(ask: Ask, stored: StoredObjects) -> None:
    connection = Customer.objects.all()[0].connection
    Customer.objects.bulk_create(
        Customer(connection=connection, external_id=f"many-{n}", slug=f"many-{n}", name=f"Many {n}", search="many")
        for n in range(60)
    )
    cursor = parse_qs(urlsplit(ask("operator").get_json(f"{API}/customers/")["next"]).query)["cursor"][0]
    assert ask("operator").get(f"{API}/customers/", {"cursor": cursor}).status_code == 200
    assert ask("operator").get(f"{API}/customers/", {"cursor": cursor, "sort": "recent"}).status_code == 404
    assert ask("operator").get(f"{API}/customers/", {"cursor": cursor, "q": "many"}).status_code == 404
    assert ask("support").get(f"{API}/customers/", {"cursor": cursor}).status_code == 404


def test_every_choice_in_the_schema_is_accepted(ask: Ask, stored: StoredObjects) -> None:
    client = ask("owner")
    operation = client.get_json(f"{API}/schema/")["paths"][f"{API}/customers/{{slug}}/history/"]["get"]
    parameters = {each["name"]: each["schema"] for each in operation["parameters"]}
    for key, known in (("state", filters._STATES), ("kind", filters._KINDS)):
        choices = parameters[key]["items"]["enum"]
        assert set(choices) == {*known}
        for choice in choices:
            data = client.get_json(f"{OWN}/history/", {key: choice})["results"]
            # What is live or staged is ready too.
            expected = {"ready", "live", "staged"} if choice == "ready" else {choice}
            assert {entry["version"][key] for entry in data} <= expected


def test_filters_find_matching_entries(ask: Ask, stored: StoredObjects) -> None:
    client = ask("owner")
    everything = client.get_json(f"{OWN}/history/")
    app = everything["choices"]["deployments"][0]
    assert {entry["deployment_id"] for entry in search(client, app=app["key"])} == {app["key"]}
    somebody = everything["choices"]["people"][0]
    data = search(client, person=somebody["key"])
    assert {entry["version"]["who"] for entry in data if entry["entry"] == "version"} == {somebody["label"]}
    first = everything["results"][0]
    numbered = search(client, q=f"#{first['version']['number']}")
    assert {entry["version"]["number"] for entry in numbered} == {first["version"]["number"]}
    day = datetime.fromisoformat(first["at"]).date()
    dated = search(client, **{"from": day.isoformat(), "to": day.isoformat()})
    assert dated
    assert all(abs(datetime.fromisoformat(entry["at"]).date() - day) <= timedelta(days=1) for entry in dated)


def test_an_invalid_value_is_refused_with_its_name(ask: Ask, stored: StoredObjects) -> None:
    client = ask("owner")
    for name, value in WRONG:
        response = client.get(f"{OWN}/history/", {name: value})
        assert response.status_code == 400, (name, value)
        assert response["Content-Type"] == "application/problem+json"
        assert [error["name"] for error in response.json()["errors"]] == [name], value


def test_values_of_another_customer_are_refused_like_unknown_ones(ask: Ask, stored: StoredObjects) -> None:
    other = ask("other_owner").get_json(f"{OTHER}/history/")["choices"]
    for name, choices in (("app", "deployments"), ("person", "people")):
        key = other[choices][0]["key"]
        foreign = ask("owner").get(f"{OWN}/history/", {name: key})
        missing = ask("owner").get(f"{OWN}/history/", {name: f"{key}0000"})
        assert (
            (foreign.status_code, foreign.content) == (missing.status_code, missing.content) == (400, foreign.content)
        )


def test_invalid_values_for_customers_are_refused(ask: Ask, people: object) -> None:
    for name in ("sort", "cursor", "q"):
        assert ask("operator").get(f"{API}/customers/", {name: "x" * 1001}).status_code == 400


def test_no_parameter_adds_entries_of_other_customers(ask: Ask, stored: StoredObjects) -> None:
    client = ask("owner")
    everything = {entry["id"] for entry in read_all_pages(client, f"{OWN}/history/")}
    for query in WIDENING:
        assert {entry["id"] for entry in client.get_json(f"{OWN}/history/", query)["results"]} <= everything, query
        slugs = {row["customer"]["slug"] for row in client.get_json(f"{API}/customers/", query)["results"]}
        assert slugs <= {"brightsmile-dental"}, query


def search(client: ApiClient, **query: Any) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = client.get_json(f"{OWN}/history/", query)["results"]
    assert entries
    return entries
