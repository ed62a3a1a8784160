"""The endpoints of operations: for whom they are visible, pages, and reading without effects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from portal.models import Operation, Version
from portal.services.queries import operations
from tests.api.conftest import API, ApiClient, StoredObjects, create_operation
from tests.simulator_control import SimulatorControl

Ask = Callable[[str], ApiClient]
LIST = f"{API}/operations/"


def list_keys(data: dict[str, Any]) -> list[str]:
    return [row["key"] for row in data["results"]]


def test_people_see_operations_of_their_customers(ask: Ask, stored: StoredObjects) -> None:
    own, foreign = str(stored.operation), str(stored.foreign_operation)
    for who in ("operator", "support"):
        assert list_keys(ask(who).get_json(LIST)) == [foreign, own]
    for who in ("owner", "viewer"):
        assert list_keys(ask(who).get_json(LIST)) == [own]
    assert list_keys(ask("other_owner").get_json(LIST)) == [foreign]
    assert list_keys(ask("outsider").get_json(LIST)) == []


def test_parameters_never_add_operations_of_other_customers(ask: Ask, stored: StoredObjects) -> None:
    client = ask("operator")
    assert list_keys(client.get_json(LIST, {"customer": "pawsome-vets"})) == [str(stored.foreign_operation)]
    assert list_keys(client.get_json(LIST, {"deployment": stored.deployment})) == [str(stored.operation)]
    for odd in ("\x00", "dep\x00"):
        assert list_keys(client.get_json(LIST, {"deployment": odd})) == []
    owner = ask("owner")
    assert list_keys(owner.get_json(LIST, {"deployment": stored.foreign_deployment})) == []
    assert owner.get(LIST, {"customer": "pawsome-vets"}).status_code == 404


def test_internal_fields_are_for_staff(ask: Ask, stored: StoredObjects) -> None:
    internal = ("note", "sandbox", "upstream_request_id")
    data = {who: ask(who).get_json(f"{LIST}{stored.operation}/") for who in ("operator", "support", "owner", "viewer")}
    assert [data["operator"][name] for name in internal] == ["ticket 17", "sbx_17", "req_17"]
    assert [data["support"][name] for name in internal] == ["ticket 17", "sbx_17", None]
    for who in ("owner", "viewer"):
        assert [data[who][name] for name in internal] == [None, None, None]
        assert data[who]["reason"] == "checkout broken"
        assert data[who]["who"] == "Deploy desk support"


def test_reading_an_operation_does_not_advance_it(ask: Ask, stored: StoredObjects, simulator: SimulatorControl) -> None:
    before = len(simulator.requests())
    Operation.objects.update(kind="roll_back", next_read_at=timezone.now(), state="unknown")
    rows = list(Operation.objects.order_by("pk").values())
    for who in ("operator", "owner"):
        ask(who).get_json(f"{LIST}{stored.operation}/")
        ask(who).get_json(LIST)
    assert list(Operation.objects.order_by("pk").values()) == rows
    assert len(simulator.requests()) == before


def test_pages_hold_each_operation_once(ask: Ask, stored: StoredObjects) -> None:
    version = Version.objects.select_related("deployment", "customer").get(miosa_id=stored.version)
    Operation.objects.update(in_lane=False)
    for _number in range(operations.PAGE_SIZE + 3):
        create_operation(version)
        Operation.objects.update(in_lane=False)
    client, seen = ask("owner"), []
    following: str | None = LIST
    while following:
        data = client.get_json(following)
        seen += list_keys(data)
        following = data["next"]
    assert len(seen) == len(set(seen)) == operations.PAGE_SIZE + 4


def test_a_cursor_is_valid_for_one_person_and_one_query(ask: Ask, stored: StoredObjects) -> None:
    version = Version.objects.select_related("deployment", "customer").get(miosa_id=stored.version)
    Operation.objects.update(in_lane=False)
    for _number in range(operations.PAGE_SIZE):
        create_operation(version)
        Operation.objects.update(in_lane=False)
    following = ask("owner").get_json(LIST)["next"]
    assert ask("owner").get(following).status_code == 200
    assert ask("viewer").get(following).status_code == 404
    assert ask("owner").get(f"{following}&customer=brightsmile-dental").status_code == 404
