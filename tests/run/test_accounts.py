"""Sign-in. People of the demo can't sign in where a real MIOSA is configured."""

import dataclasses
import re

import pytest
from django.core import signing
from django.test import Client
from pytest_django import Settings

from portal.models import Bucket
from portal.services.accounts import sign_ins
from portal.services.people.demo_people import DEMO_PASSWORD
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


def sign_in_from(address: str, client: Client, email: str, password: str = DEMO_PASSWORD) -> str:
    """The page that answers."""
    sent = {"login": email, "password": password}
    return str(client.post(LOGIN, sent, REMOTE_ADDR=address, follow=True).content.decode())


class TestTooManyAttempts:
    def test_an_address_is_slowed_down_and_learns_for_how_long(self, client: Client, people: People) -> None:
        pages = [sign_in_from("192.0.2.1", client, people.owner.email, "wrong") for _ in range(6)]
        assert "too many attempts" not in pages[4]
        assert "too many attempts" in pages[5]
        assert re.search(r"Try again in \d+ seconds", pages[5])
        assert f'value="{people.owner.email}"' in pages[5]
        sign_in_from("192.0.2.1", client, people.owner.email)
        assert not is_signed_in(client)

    def test_other_addresses_are_not_affected(self, client: Client, people: People) -> None:
        for _ in range(10):
            sign_in_from("192.0.2.1", Client(), people.owner.email, "wrong")
        sign_in_from("192.0.2.2", client, people.owner.email)
        assert is_signed_in(client)

    def test_an_account_that_does_not_exist_is_answered_alike(self, people: People) -> None:
        def last_notice(email: str) -> str:
            pages = [sign_in_from("192.0.2.1", Client(), email, "wrong") for _ in range(6)]
            return re.sub(r"\d+", "", pages[-1].partition('role="alert"')[2].partition("</form>")[0].replace(email, ""))

        assert last_notice("nobody@nowhere.test") == last_notice(people.owner.email) != ""

    def test_many_addresses_together_are_slowed_down(self, client: Client, people: People) -> None:
        for number in range(30):
            sign_in_from(f"198.51.100.{number}", Client(), people.owner.email, "wrong")
        assert "too many attempts" in sign_in_from("192.0.2.2", client, people.owner.email)
        sign_in_from("192.0.2.2", client, people.viewer.email)
        assert is_signed_in(client)

    def test_a_letter_that_compares_alike_makes_no_other_account(self, people: People) -> None:
        """PostgreSQL and allauth find owner@… by it in most languages."""
        attempts = [sign_ins.Attempt(email=f"{name}@x.test", network="", browser="") for name in ("bos\u017f", "BOSS")]
        assert attempts[0].shares == attempts[1].shares

    def test_addresses_of_one_ipv6_network_count_as_one(self, client: Client, people: People) -> None:
        for number in range(5):
            sign_in_from(f"2001:db8::{number}", Client(), people.owner.email, "wrong")
        assert "too many attempts" in sign_in_from("2001:db8::ffff", client, people.owner.email)

    def test_ipv4_addresses_count_each_where_the_server_listens_on_ipv6(self, client: Client, people: People) -> None:
        for _ in range(10):
            sign_in_from("::ffff:192.0.2.1", Client(), people.owner.email, "wrong")
        sign_in_from("::ffff:192.0.2.2", client, people.owner.email)
        assert is_signed_in(client)

    def test_others_keep_nobody_out_of_a_known_browser(self, client: Client, people: People) -> None:
        """Though they come from the same address and from many others."""
        sign_in(client, people.owner.email)
        client.post("/accounts/logout/")
        for number in range(30):
            address = "127.0.0.1" if number < 6 else f"198.51.100.{number}"
            sign_in_from(address, Client(), people.owner.email, "wrong")
        sign_in_from("127.0.0.1", client, people.owner.email)
        assert is_signed_in(client)

    def test_a_known_browser_is_slowed_down_by_its_own_attempts(self, client: Client, people: People) -> None:
        sign_in(client, people.owner.email)
        client.post("/accounts/logout/")
        pages = [sign_in_from("192.0.2.1", client, people.owner.email, "wrong") for _ in range(11)]
        assert "too many attempts" in pages[-1]

    def test_a_browser_is_known_for_its_own_accounts_only(self, client: Client, people: People) -> None:
        sign_in(client, people.outsider.email)
        client.post("/accounts/logout/")
        pages = [sign_in_from("192.0.2.1", client, people.owner.email, "wrong") for _ in range(6)]
        assert "too many attempts" in pages[-1]

    def test_a_forged_cookie_makes_no_browser_known(self, client: Client, people: People) -> None:
        client.cookies["browser"] = signing.dumps({"id": "x", "accounts": [people.owner.pk]}, salt="another")
        pages = [sign_in_from("192.0.2.1", client, people.owner.email, "wrong") for _ in range(6)]
        assert "too many attempts" in pages[-1]

    def test_the_cookie_is_for_the_pages_of_signing_in_alone(self, client: Client, people: People) -> None:
        sign_in(client, people.owner.email)
        cookie = client.cookies["browser"]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/accounts/")

    def test_right_passwords_do_not_count(self, people: People) -> None:
        """Many people may share an address."""
        for _ in range(7):
            client = Client()
            sign_in_from("192.0.2.1", client, people.owner.email)
            assert is_signed_in(client)

    def test_old_counts_are_deleted(self, client: Client, people: People) -> None:
        sign_in(client, people.owner.email, "wrong")
        assert sign_ins.delete_old_counts() == 0
        Bucket.objects.update(at=0)
        assert sign_ins.delete_old_counts() == 3


def test_sign_ins_are_logged_with_account_and_address(
    client: Client, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for password in ("wrong", DEMO_PASSWORD):
        sign_in_from("192.0.2.7", client, people.owner.email, password)
    logged = [(record.msg, getattr(record, "account", "")) for record in caplog.records]
    assert ("sign-in failed", people.owner.email) in logged
    assert ("signed in", people.owner.email) in logged
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    requests = [line for line in lines if line["event"] == "request"]
    assert {line["address"] for line in requests} == {"192.0.2.7"}
    assert requests[-1]["person"] == people.owner.email
    assert requests[0]["person"] == ""


@pytest.mark.parametrize("path", ["signup/", "login/code/", "password/set/", "email/", "social/connections/", "trust/"])
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
