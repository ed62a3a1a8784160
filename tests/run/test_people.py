"""Who may sign in: nobody from the demo where a real MIOSA answers."""

import dataclasses

import pytest
from django.test import Client
from pytest_django import Settings

from portal.services.people import DEMO_PASSWORD
from tests.people import People
from tests.simulator_control import SimulatorControl

LOGIN = "/accounts/login/"

pytestmark = pytest.mark.postgres


@pytest.fixture
def real(settings: Settings, simulator: SimulatorControl) -> None:
    settings.MIOSA = dataclasses.replace(settings.MIOSA, is_demo=False)


def sign_in(client: Client, email: str, password: str = DEMO_PASSWORD) -> int:
    return client.post(LOGIN, {"login": email, "password": password}).status_code


def test_people_of_the_demo_sign_in_beside_the_simulator(client: Client, people: People) -> None:
    assert sign_in(client, "owner@brightsmile.test") == 302
    assert "_auth_user_id" in client.session


def test_an_address_is_taken_in_any_case(client: Client, people: People) -> None:
    assert sign_in(client, "Owner@BrightSmile.test") == 302


def test_people_of_the_demo_are_refused_without_it(client: Client, people: People, real: None) -> None:
    assert sign_in(client, "operator@portal.test") == 200
    assert "_auth_user_id" not in client.session


def test_the_inactive_are_refused_as_if_they_were_unknown(client: Client, people: People) -> None:
    people.owner.is_active = False
    people.owner.save()
    assert sign_in(client, people.owner.email) == 200
    assert "_auth_user_id" not in client.session


def test_the_sixth_wrong_password_is_one_too_many(client: Client, people: People) -> None:
    tried = [sign_in(client, people.owner.email, "wrong") for _ in range(6)]
    assert tried[:5] == [200] * 5
    assert sign_in(client, people.owner.email) != 302
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("address", ["signup/", "password/reset/", "email/", "social/connections/"])
def test_nothing_else_of_the_library_is_mounted(client: Client, people: People, address: str) -> None:
    client.force_login(people.operator)
    assert client.get(f"/accounts/{address}").status_code == 404


def test_leaving_takes_a_form(client: Client, people: People) -> None:
    client.force_login(people.owner)
    client.get("/accounts/logout/")
    assert "_auth_user_id" in client.session
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session


def test_a_session_of_the_demo_ends_without_it(client: Client, people: People, request: pytest.FixtureRequest) -> None:
    client.force_login(people.operator)
    request.getfixturevalue("real")
    assert client.get("/").status_code in {302, 404}
    assert not client.get("/").wsgi_request.user.is_authenticated
