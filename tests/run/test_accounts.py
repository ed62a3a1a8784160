"""Sign-in. People of the demo can't sign in where a real MIOSA is configured."""

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
def real_miosa(settings: Settings, simulator: SimulatorControl) -> None:
    settings.MIOSA = dataclasses.replace(settings.MIOSA, is_demo=False)


def sign_in(client: Client, email: str, password: str = DEMO_PASSWORD) -> int:
    return client.post(LOGIN, {"login": email, "password": password}).status_code


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_people_of_the_demo_can_sign_in_to_a_demo(client: Client, people: People) -> None:
    assert sign_in(client, "owner@brightsmile.test") == 302
    assert is_signed_in(client)


def test_an_email_address_may_be_typed_in_any_case(client: Client, people: People) -> None:
    assert sign_in(client, "Owner@BrightSmile.test") == 302


def test_people_of_the_demo_are_refused_with_a_real_miosa(client: Client, people: People, real_miosa: None) -> None:
    assert sign_in(client, "operator@portal.test") == 200
    assert not is_signed_in(client)


def test_inactive_people_are_refused_like_unknown_ones(client: Client, people: People) -> None:
    people.owner.is_active = False
    people.owner.save()
    assert sign_in(client, people.owner.email) == 200
    assert not is_signed_in(client)


def test_after_five_wrong_passwords_the_right_one_is_refused(client: Client, people: People) -> None:
    statuses = [sign_in(client, people.owner.email, "wrong") for _ in range(6)]
    assert statuses[:5] == [200] * 5
    assert sign_in(client, people.owner.email) != 302
    assert not is_signed_in(client)


@pytest.mark.parametrize("path", ["signup/", "password/reset/", "email/", "social/connections/"])
def test_no_other_page_of_allauth_exists(client: Client, people: People, path: str) -> None:
    client.force_login(people.operator)
    assert client.get(f"/accounts/{path}").status_code == 404


def test_signing_out_needs_a_post(client: Client, people: People) -> None:
    client.force_login(people.owner)
    client.get("/accounts/logout/")
    assert is_signed_in(client)
    client.post("/accounts/logout/")
    assert not is_signed_in(client)


def test_a_session_of_the_demo_ends_with_a_real_miosa(
    client: Client, people: People, request: pytest.FixtureRequest
) -> None:
    client.force_login(people.operator)
    request.getfixturevalue("real_miosa")
    assert client.get("/").status_code in {302, 404}
    assert not client.get("/").wsgi_request.user.is_authenticated
