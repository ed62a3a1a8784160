"""Every address × everybody × one's own, another's and a missing thing × every method (docs/security.md)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from portal.models import Customer
from portal.permissions import Permission, Role, has_permission
from portal.services import people
from tests.deployments_ui.conftest import HTMX
from tests.security import matrix
from tests.security.matrix import DOORS, EVERY, Door
from tests.security.world import World, nobodys

NAMES = sorted(DOORS)
OF_THINGS = [
    name
    for name, arguments in sorted(matrix.names())
    if arguments and name in DOORS and not DOORS[name].is_open and not DOORS[name].hidden
]
NOTHING = 404
FINE = {200, 204, 302, 303}
# To be told that a form is not valid (any more), or that nothing is there to be kept, one has to have got in.
NOT_VALID = {400, 409, 422}


def test_every_address_is_in_the_table() -> None:
    assert sorted(name for name, _arguments in matrix.names()) == NAMES


def asked(client: Client, method: str, path: str, **headers: Any) -> HttpResponse:
    """Whatever it does in our database is taken back, so that the next one finds everything as it was."""
    with transaction.atomic():
        answer: HttpResponse = client.generic(method, path, **headers)  # type: ignore[assignment]  # it is a response
        transaction.set_rollback(True)
    assert answer.status_code < 500, (method, path, answer.status_code)
    return answer


def own_path(world: World, name: str, *, who: str) -> str:
    return matrix.address(name, matrix.values(world.own, name, who=who))


def nobodys_path(name: str) -> str:
    return matrix.address(name, matrix.values(nobodys(), name, who="owner"))


def may(world: World, who: str, door: Door) -> bool:
    person = people.get_person(world.people[who])
    if door.right is None:
        return True
    if door.right in {Permission.READ_ALL_CUSTOMERS, Permission.READ_STYLEGUIDE}:
        return has_permission(person, door.right)
    return has_permission(person, door.right, customer_id=Customer.objects.get(slug=world.own.slug).pk)


def deeds(door: Door) -> list[tuple[str, dict[str, Any]]]:
    """The ways in, without those that a framework derives from another."""
    plain: list[tuple[str, dict[str, Any]]] = [(method, {}) for method in door.methods if method != "HEAD"]
    return plain if door.is_json else [*plain, (door.methods[0], HTMX)]


@pytest.mark.parametrize("name", [name for name in NAMES if not DOORS[name].is_open])
def test_nobody_anonymous_gets_in(world: World, name: str) -> None:
    client = world.client("anonymous")
    for path in {own_path(world, name, who="owner"), nobodys_path(name)}:
        for method in ("GET", "HEAD", "POST", "DELETE"):
            with world.nothing_happens():
                answer = asked(client, method, path)
            if DOORS[name].is_json:
                assert answer.status_code == 401
                assert answer["Content-Type"] == "application/problem+json"
            else:
                assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")
        if not DOORS[name].is_json:
            part = asked(client, "GET", path, **HTMX)
            assert part.status_code == 401
            assert part["HX-Redirect"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("name", NAMES)
def test_each_gets_what_the_rights_say_of_their_own(world: World, name: str) -> None:
    door = DOORS[name]
    for who in ("viewer", "owner", "support", "operator"):
        client, path = world.client(who), own_path(world, name, who=who)
        for method in door.methods:
            status = asked(client, method, path).status_code
            if name == "api:nowhere" or not may(world, who, door):
                expected = {NOTHING if door.hidden else 403}
            else:
                expected = FINE | NOT_VALID if method == "POST" else FINE
            if name == "decision" and who == "viewer":
                expected = {403}
            assert status in expected, (who, method, status)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("account_")])
def test_another_method_is_refused(world: World, name: str) -> None:
    """Whatever it is for: refusing tells nothing of what is there."""
    door = DOORS[name]
    for who in ("outsider", "owner"):
        client, path = world.client(who), own_path(world, name, who="owner")
        with world.nothing_happens():
            for method in (*sorted(set(EVERY) - set(door.methods)), "OPTIONS", "TRACE"):
                status = asked(client, method, path).status_code
                assert status == 405 or (door.hidden and status == NOTHING), (who, method, status)


@pytest.mark.parametrize("name", OF_THINGS)
def test_what_is_anothers_is_as_if_it_did_not_exist(world: World, name: str) -> None:
    """At each place of the address, for who may nothing there as for who may everything."""
    door = DOORS[name]
    for who in ("viewer", "owner") if may(world, "viewer", door) != may(world, "owner", door) else ("owner",):
        client, own = world.client(who), matrix.values(world.own, name, who=who)
        foreign = [*matrix.mixed(name, own, matrix.values(world.foreign, name, who="other_owner"))]
        missing = [*matrix.mixed(name, own, matrix.values(nobodys(), name, who=who))]
        for method, headers in deeds(door):
            with world.nothing_happens(but=own["deployment_id"]):
                of_foreign = [asked(client, method, path, **headers) for path in foreign]
                of_missing = [asked(client, method, path, **headers) for path in missing]
            statuses = [answer.status_code for answer in of_foreign]
            assert statuses == [answer.status_code for answer in of_missing]
            assert statuses[0] == NOTHING or not may(world, who, door)
            # Below one's own app it may be one's right that is asked for first, or one's form.
            assert set(statuses) <= {NOTHING, 403, *([400] if name == "env_apply" else [])}
            assert alike(of_foreign + of_missing)


def alike(answers: list[HttpResponse]) -> bool:
    """Answers of one status are the same to the last byte and header, but for the request's own number."""
    of_status: dict[int, set[tuple[bytes, tuple[tuple[str, str], ...]]]] = {}
    for answer in answers:
        heads = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
        of_status.setdefault(answer.status_code, set()).add((answer.content, tuple(sorted(heads.items()))))
    return all(len(each) == 1 for each in of_status.values())


@pytest.mark.parametrize("name", OF_THINGS)
def test_a_stranger_finds_nothing_of_the_customer(world: World, name: str) -> None:
    for who in ("other_owner", "limited"):
        client = world.client(who)
        for method, headers in deeds(DOORS[name]):
            with world.nothing_happens():
                paths = (own_path(world, name, who="owner"), nobodys_path(name))
                answers = [asked(client, method, path, **headers) for path in paths]
            assert {answer.status_code for answer in answers} == {NOTHING}, (who, method)
            assert alike(answers)


@pytest.mark.parametrize("name", OF_THINGS)
def test_a_missing_thing_is_missing_for_those_who_see_all(world: World, name: str) -> None:
    door, own = DOORS[name], matrix.values(world.own, name, who="operator")
    client = world.client("operator")
    for path in matrix.mixed(name, own, matrix.values(nobodys(), name, who="operator")):
        for method, headers in deeds(door):
            with world.nothing_happens(but=own["deployment_id"]):
                status = asked(client, method, path, **headers).status_code
            assert status == NOTHING or (name == "env_apply" and status == 400), (method, path, status)


def test_lists_hold_nothing_of_another(world: World) -> None:
    """Whatever is asked of a list, it can't be made wider."""
    client = world.client("owner")
    foreign = (world.foreign.deployment_id, world.foreign.version_id, "Pawsome", str(world.foreign.operation))
    app = world.foreign.deployment_id
    asking: tuple[str, ...] = (
        "",
        "?q=pawsome",
        f"?app={app}",
        f"?deployment={app}",
        "?before=999999",
        "?cursor=eyJhIjoxfQ",
    )
    asking += ("?customer=pawsome-vets&slug=pawsome-vets&external_workspace_id=pawsome-vets",)
    asking += ("?page=2&limit=9999&sort=recent", "?ordering=-customer&search=paw&filter=*")
    lists = ["/customers/", "/find/", "/api/v1/customers/", "/api/v1/operations/", f"/c/{world.own.slug}/"]
    lists += [f"/c/{world.own.slug}/operations/", f"/api/v1/customers/{world.own.slug}/history/"]
    for path in lists:
        for query in asking:
            text = asked(client, "GET", path + query).content.decode()
            for said in query.lstrip("?").split("&"):
                text = text.replace(said.partition("=")[2] or "\0", "")
            assert not [word for word in foreign if word in text], (path, query)


def test_the_people_are_who_they_are_called(world: World) -> None:
    for who, role in (("operator", Role.OPERATOR), ("support", Role.SUPPORT), ("limited", Role.SUPPORT)):
        person = people.get_person(world.people[who])
        assert person is not None
        assert person.staff is role
        assert person.sees_everyone is (who != "limited")
