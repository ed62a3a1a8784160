"""What was asked for here, told to programs: scoped as everything, and changed by no looking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from portal.models import Operation, Version
from portal.services.queries import operations
from tests.api.conftest import API, Asking, Remembered, operation_on
from tests.simulator_control import SimulatorControl

Ask = Callable[[str], Asking]
LIST = f"{API}/operations/"


def keys(told: dict[str, Any]) -> list[str]:
    return [row["key"] for row in told["results"]]


def test_each_sees_those_of_their_customers(ask: Ask, remembered: Remembered) -> None:
    own, foreign = str(remembered.operation), str(remembered.foreign_operation)
    for who in ("operator", "support"):
        assert keys(ask(who).told(LIST)) == [foreign, own]
    for who in ("owner", "viewer"):
        assert keys(ask(who).told(LIST)) == [own]
    assert keys(ask("other_owner").told(LIST)) == [foreign]
    assert keys(ask("outsider").told(LIST)) == []


def test_a_list_is_narrowed_and_never_widened(ask: Ask, remembered: Remembered) -> None:
    client = ask("operator")
    assert keys(client.told(LIST, {"customer": "pawsome-vets"})) == [str(remembered.foreign_operation)]
    assert keys(client.told(LIST, {"deployment": remembered.deployment})) == [str(remembered.operation)]
    for odd in ("\x00", "dep\x00"):
        assert keys(client.told(LIST, {"deployment": odd})) == []
    owner = ask("owner")
    assert keys(owner.told(LIST, {"deployment": remembered.foreign_deployment})) == []
    assert owner.get(LIST, {"customer": "pawsome-vets"}).status_code == 404


def test_what_is_internal_is_told_to_whom_it_is_for(ask: Ask, remembered: Remembered) -> None:
    internal = ("note", "sandbox", "upstream_request_id")
    told = {who: ask(who).told(f"{LIST}{remembered.operation}/") for who in ("operator", "support", "owner", "viewer")}
    assert [told["operator"][name] for name in internal] == ["ticket 17", "sbx_17", "req_17"]
    assert [told["support"][name] for name in internal] == ["ticket 17", "sbx_17", None]
    for who in ("owner", "viewer"):
        assert [told[who][name] for name in internal] == [None, None, None]
        assert told[who]["reason"] == "checkout broken"
        assert told[who]["who"] == "Olga Petrov"


def test_looking_takes_nothing_further(ask: Ask, remembered: Remembered, simulator: SimulatorControl) -> None:
    before = len(simulator.requests())
    Operation.objects.update(kind="roll_back", next_read_at=timezone.now(), state="unknown")
    rows = list(Operation.objects.order_by("pk").values())
    for who in ("operator", "owner"):
        ask(who).told(f"{LIST}{remembered.operation}/")
        ask(who).told(LIST)
    assert list(Operation.objects.order_by("pk").values()) == rows
    assert len(simulator.requests()) == before


def test_pages_follow_one_another(ask: Ask, remembered: Remembered) -> None:
    version = Version.objects.select_related("deployment", "customer").get(miosa_id=remembered.version)
    Operation.objects.update(in_lane=False)
    for _number in range(operations.PAGE_SIZE + 3):
        operation_on(version)
        Operation.objects.update(in_lane=False)
    client, seen = ask("owner"), []
    following: str | None = LIST
    while following:
        told = client.told(following)
        seen += keys(told)
        following = told["next"]
    assert len(seen) == len(set(seen)) == operations.PAGE_SIZE + 4


def test_a_cursor_is_good_for_one_person_and_one_question(ask: Ask, remembered: Remembered) -> None:
    version = Version.objects.select_related("deployment", "customer").get(miosa_id=remembered.version)
    Operation.objects.update(in_lane=False)
    for _number in range(operations.PAGE_SIZE):
        operation_on(version)
        Operation.objects.update(in_lane=False)
    following = ask("owner").told(LIST)["next"]
    assert ask("owner").get(following).status_code == 200
    assert ask("viewer").get(following).status_code == 404
    assert ask("owner").get(f"{following}&customer=brightsmile-dental").status_code == 404
