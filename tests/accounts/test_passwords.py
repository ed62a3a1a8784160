"""Passwords: reset by mail, and change."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from portal.models import Bucket, Mail, User
from portal.services.mails import compose
from portal.services.people.demo_people import DEMO_PASSWORD
from tests.accounts.browser import is_signed_in, list_events, sign_in
from tests.mails import find_path, list_texts
from tests.people import People

pytestmark = pytest.mark.postgres

RESET = "/accounts/password/reset/"
CHANGE = "/accounts/password/change/"
NEW = "a new and long password"


def ask_for_link(email: str, **headers: str) -> str:
    """The page that answers."""
    return Client().post(RESET, {"email": email}, follow=True, headers=headers).content.decode()


def open_link(client: Client, user: User) -> str:
    """The address of the form that the newest mail leads to."""
    path = find_path(list_texts("password_reset", to=user.email)[-1])
    return str(client.get(path)["Location"])


def choose(client: Client, url: str, password: str = NEW) -> str:
    return client.post(url, {"password1": password, "password2": password}, follow=True).content.decode()


def test_after_a_wrong_password_the_error_and_the_focus_are_at_the_password(people: People) -> None:
    page = Client().post("/accounts/login/", {"login": people.owner.email, "password": "wrong"}).content.decode()
    fields = re.findall(r'<input class="input"[^>]*>', page)
    (email,) = [field for field in fields if 'name="login"' in field]
    (password,) = [field for field in fields if 'name="password"' in field]
    assert f'value="{people.owner.email}"' in email
    assert "autofocus" not in email
    assert "autofocus" in password
    assert page.index('name="password"') < page.index("The e-mail address or the password is not correct.")
    assert re.search(r'name="login"[^>]*autofocus', Client().get("/accounts/login/").content.decode())


class TestReset:
    def test_the_link_in_the_mail_sets_a_new_password_and_ends_all_sessions(self, people: People) -> None:
        signed_in, client = sign_in(people.owner), Client()
        ask_for_link(people.owner.email.upper())
        assert "Your password was changed" in choose(client, open_link(client, people.owner))
        assert not is_signed_in(signed_in)
        assert not is_signed_in(client)
        assert is_signed_in(sign_in(people.owner, NEW))
        assert [len(list_events(kind)) for kind in ("password.reset_requested", "password.reset")] == [1, 1]
        assert "Your password was changed" in list_texts("security_changed", to=people.owner.email)[0]

    def test_a_link_works_once(self, people: People) -> None:
        client = Client()
        ask_for_link(people.owner.email)
        path = find_path(list_texts("password_reset", to=people.owner.email)[0])
        choose(client, str(client.get(path)["Location"]))
        assert "no longer valid" in Client().get(path).content.decode()

    def test_a_link_works_for_an_hour(self, people: People, settings: Settings) -> None:
        assert timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT) == timedelta(hours=1)
        ask_for_link(people.owner.email)
        path = find_path(list_texts("password_reset", to=people.owner.email)[0])
        settings.PASSWORD_RESET_TIMEOUT = -1
        assert "no longer valid" in Client().get(path).content.decode()

    def test_a_link_dies_with_the_next_sign_in(self, people: People) -> None:
        ask_for_link(people.owner.email)
        sign_in(people.owner)
        path = find_path(list_texts("password_reset", to=people.owner.email)[0])
        assert "no longer valid" in Client().get(path).content.decode()

    def test_every_address_gets_the_same_page_and_one_mail(self, people: People) -> None:
        """Known, unknown, deactivated, and an account without a password."""
        people.viewer.is_active = False
        people.viewer.save()
        people.support.set_unusable_password()
        people.support.save()
        emails = [people.owner.email, "nobody@nowhere.test", people.viewer.email, people.support.email]
        pages = {re.sub('value="[^"]{64}"', "", ask_for_link(email)) for email in emails}
        assert len(pages) == 1
        assert [Mail.objects.filter(address=email).count() for email in emails] == [1, 1, 1, 1]
        assert [len(list_texts("password_reset", to=email)) for email in emails] == [1, 0, 0, 0]

    def test_an_address_that_no_column_can_hold_is_refused_beside_the_field(self, people: People) -> None:
        assert "This address is too long" in ask_for_link("x@" + "a." * 130 + "test")

    def test_every_address_costs_the_same_queries(self, people: People) -> None:
        ask_for_link("warm-up@nowhere.test")
        counts = []
        for email in (people.owner.email, "nobody@nowhere.test"):
            with CaptureQueriesContext(connection) as queries:
                ask_for_link(email)
            counts.append([query["sql"].split()[0] for query in queries])
        assert counts[0] == counts[1]

    def test_a_forged_host_is_in_no_mail(self, people: People, settings: Settings) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        settings.PORTAL_URL = "https://deploys.example"
        ask_for_link(people.owner.email, Host="evil.example", X_Forwarded_Host="evil.example")
        text = list_texts("password_reset", to=people.owner.email)[0]
        assert "https://deploys.example/accounts/password/reset/" in text
        assert "evil.example" not in text

    def test_a_mailbox_is_not_flooded(self, people: People) -> None:
        pages = {re.sub('value="[^"]{64}"', "", ask_for_link(people.owner.email)) for _ in range(8)}
        assert len(pages) == 1
        assert Mail.objects.filter(address=people.owner.email).count() == 3
        Bucket.objects.all().delete()
        ask_for_link(people.owner.email)
        assert Mail.objects.filter(address=people.owner.email).count() == 4

    def test_a_person_who_was_deactivated_since_stays_out(self, people: People) -> None:
        ask_for_link(people.owner.email)
        User.objects.filter(pk=people.owner.pk).update(is_active=False)
        path = find_path(list_texts("password_reset", to=people.owner.email)[0])
        assert "no longer valid" in Client().get(path).content.decode()

    @pytest.mark.parametrize("path", ["1-abc", "zzzzzzzzzzzzz-abc-def", "0-set-password", "1-set-password"])
    def test_made_up_links_are_not_valid(self, people: People, path: str) -> None:
        assert "no longer valid" in Client().get(f"{RESET}{path}/").content.decode()

    @pytest.mark.parametrize(
        ("password", "said"),
        [("short", "too short"), ("password1234", "too common"), ("owner@brightsmile.test", "too similar")],
    )
    def test_weak_passwords_are_refused_beside_the_field(self, people: People, password: str, said: str) -> None:
        client = Client()
        ask_for_link(people.owner.email)
        assert said in choose(client, open_link(client, people.owner), password)


class TestChange:
    def change(self, client: Client, old: str = DEMO_PASSWORD) -> str:
        sent = {"oldpassword": old, "password1": NEW, "password2": NEW}
        return client.post(CHANGE, sent, follow=True).content.decode()

    def test_it_keeps_this_session_and_ends_all_others(self, people: People) -> None:
        client, other = sign_in(people.owner), sign_in(people.owner)
        old_key = client.session.session_key
        self.change(client)
        assert is_signed_in(client)
        assert client.session.session_key != old_key
        assert not is_signed_in(other)
        assert len(list_events("password.changed")) == 1
        assert list_texts("security_changed", to=people.owner.email)

    def test_it_needs_the_old_password(self, people: People) -> None:
        client = sign_in(people.owner)
        assert "This is not your current password" in self.change(client, "wrong")
        people.owner.refresh_from_db()
        assert people.owner.check_password(DEMO_PASSWORD)

    def test_who_has_none_is_led_to_the_profile(self, people: People) -> None:
        people.owner.set_unusable_password()
        people.owner.save()
        client = Client()
        client.force_login(people.owner)
        assert client.get(CHANGE)["Location"] == "/profile/"


def refuse_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_what: object, **_facts: object) -> None:
        raise OSError

    monkeypatch.setattr(compose, "send", refuse)


class TestAllOrNothing:
    """What changes, its event and its mail are one: here the mail can't be stored."""

    def test_a_password_that_is_not_reported_is_not_changed(
        self, people: People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = sign_in(people.owner, client=Client(raise_request_exception=False))
        refuse_mails(monkeypatch)
        assert (
            client.post(CHANGE, {"oldpassword": DEMO_PASSWORD, "password1": NEW, "password2": NEW}).status_code == 500
        )
        people.owner.refresh_from_db()
        assert people.owner.check_password(DEMO_PASSWORD)
        assert not list_events("password.changed")
        assert is_signed_in(client)

    def test_nor_is_it_reset(self, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
        client = Client(raise_request_exception=False)
        ask_for_link(people.owner.email)
        form = open_link(client, people.owner)
        refuse_mails(monkeypatch)
        assert client.post(form, {"password1": NEW, "password2": NEW}).status_code == 500
        people.owner.refresh_from_db()
        assert people.owner.check_password(DEMO_PASSWORD)

    def test_nor_is_a_second_factor_removed(self, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
        client = sign_in(people.owner, client=Client(raise_request_exception=False))
        passkey = Authenticator.objects.create(user=people.owner, type="webauthn", data={"name": "x", "credential": {}})
        refuse_mails(monkeypatch)
        assert client.post(f"/accounts/passkeys/{passkey.pk}/remove/").status_code == 500
        assert Authenticator.objects.filter(pk=passkey.pk).exists()
        assert not list_events("second_factor.removed")
