"""Second factors: authenticator apps, recovery codes, and who must have one. Passkeys are in test_passkeys.py."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from portal.models import Brand, UsedToken, User
from portal.services.brands import current
from portal.sign_in import session_facts
from tests.accounts.browser import confirm_by_password, is_signed_in, let_pass, list_events, sign_in
from tests.deployments_ui.conftest import HTMX
from tests.mails import find_path, list_texts
from tests.people import People

pytestmark = pytest.mark.postgres

APP = "/accounts/second-factor/app/"
CODE = "/accounts/second-factor/"
CODES = "/accounts/recovery-codes/"


def code_of(secret: str, *, steps: int = 0) -> str:
    """What an authenticator app shows now, or so many half minutes later."""
    return str(auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30 + steps)))


def set_up_app(client: Client) -> str:
    """The secret. The code that has set it up can be used again."""
    secret, _code = set_up_app_just_now(client)
    cache.clear()
    UsedToken.objects.all().delete()
    return secret


def set_up_app_just_now(client: Client) -> tuple[str, str]:
    """The secret, as the page shows it as text, and the code that was typed."""
    page = client.get(APP).content.decode()
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0]
    assert 'src="data:image/svg+xml;base64,' in page
    code = code_of(secret)
    client.post(APP, {"code": code})
    return secret, code


def read_codes(client: Client) -> list[str]:
    return re.findall(r"<code>(\d{8})</code>", client.get(CODES).content.decode())


class TestAuthenticatorApp:
    def test_signing_in_asks_for_its_code(self, people: People) -> None:
        secret = set_up_app(sign_in(people.owner))
        client = sign_in(people.owner)
        assert not is_signed_in(client)
        assert client.post(CODE, {"code": code_of(secret)})["Location"] == "/"
        assert is_signed_in(client)

    def test_setting_it_up_is_recorded_and_reported_by_mail(self, people: People) -> None:
        set_up_app(sign_in(people.owner))
        assert [event.after for event in list_events("second_factor.added")] == [{"type": "totp"}]
        assert len(list_events("recovery_codes.made")) == 1
        assert "A second factor was added" in list_texts("security_changed", to=people.owner.email)[0]

    def test_a_code_can_t_be_used_twice(self, people: People) -> None:
        secret = set_up_app(sign_in(people.owner))
        code = code_of(secret)
        first, second = sign_in(people.owner), sign_in(people.owner)
        first.post(CODE, {"code": code})
        page = second.post(CODE, {"code": code})
        assert is_signed_in(first)
        assert re.search("Incorrect code|used already", page.content.decode())
        assert not is_signed_in(second)

    def test_nor_if_the_cache_has_forgotten_it(self, people: People) -> None:
        secret = set_up_app(sign_in(people.owner))
        code = code_of(secret)
        sign_in(people.owner).post(CODE, {"code": code})
        cache.clear()
        client = sign_in(people.owner)
        assert "used already" in client.post(CODE, {"code": code}).content.decode()
        assert not is_signed_in(client)

    def test_nor_the_one_that_has_set_it_up(self, people: People) -> None:
        """Typed with a space, as apps show it, it is the same code."""
        client = sign_in(people.owner)
        _secret, code = set_up_app_just_now(client)
        client = sign_in(people.owner)
        for typed in (code, f"{code[:3]} {code[3:]}", f" {code}"):
            client.post(CODE, {"code": typed})
        assert not is_signed_in(client)

    def test_a_code_of_half_a_minute_ago_is_accepted(self, people: People) -> None:
        secret = set_up_app(sign_in(people.owner))
        client = sign_in(people.owner)
        client.post(CODE, {"code": code_of(secret, steps=-1)})
        assert is_signed_in(client)

    def test_other_codes_are_refused_and_recorded(self, people: People) -> None:
        secret = set_up_app(sign_in(people.owner))
        client = sign_in(people.owner)
        for code in (code_of(secret, steps=-9), code_of(secret, steps=9), "", "abc", "0" * 7):
            client.post(CODE, {"code": code})
        assert not is_signed_in(client)
        failed = list_events("sign_in.failed")
        assert {(event.person_id, (event.after or {})["way"]) for event in failed} == {
            (people.owner.pk, "second factor")
        }

    def test_guesses_are_slowed_down(self, people: People) -> None:
        secret = set_up_app(sign_in(people.owner))
        client = sign_in(people.owner, client=Client())
        client.cookies.pop("browser", None)
        pages = [client.post(CODE, {"code": "000000"}).content.decode() for _ in range(6)]
        assert "too many attempts" in pages[-1]
        client.post(CODE, {"code": code_of(secret)})
        assert not is_signed_in(client)

    def test_a_reset_password_does_not_replace_it(self, people: People) -> None:
        set_up_app(sign_in(people.owner))
        Client().post("/accounts/password/reset/", {"email": people.owner.email})
        client, new = Client(), "a new and long password"
        form = client.get(find_path(list_texts("password_reset", to=people.owner.email)[0]))["Location"]
        client.post(form, {"password1": new, "password2": new})
        assert not is_signed_in(client)
        assert sign_in(people.owner, new).get("/accounts/login/")["Location"] == CODE

    def test_who_has_typed_the_old_password_is_asked_for_the_new_one(self, people: People) -> None:
        secret = set_up_app(sign_in(people.owner))
        client = sign_in(people.owner)
        people.owner.set_password("a new and long password")
        people.owner.save()
        page = client.post(CODE, {"code": code_of(secret)}, follow=True)
        assert page.redirect_chain == [("/accounts/login/", 302)]
        assert "Your account has changed meanwhile" in page.content.decode()
        assert not is_signed_in(client)

    def test_who_was_deactivated_meanwhile_stays_out(self, people: People) -> None:
        secret = set_up_app(sign_in(people.owner))
        client = sign_in(people.owner)
        User.objects.filter(pk=people.owner.pk).update(is_active=False)
        before = len(list_events("sign_in.succeeded"))
        client.post(CODE, {"code": code_of(secret)})
        assert not is_signed_in(client)
        assert len(list_events("sign_in.succeeded")) == before
        assert len(list_events("sign_in.failed")) == 1

    def test_its_secret_is_encrypted_in_the_database(self, people: People) -> None:
        secret = set_up_app(sign_in(people.owner))
        stored = [str(row.data) for row in Authenticator.objects.all()]
        assert len(stored) == 2
        assert not any(secret in text for text in stored)

    def test_it_is_removed_after_a_recent_sign_in(self, people: People) -> None:
        client = sign_in(people.owner)
        set_up_app(client)
        let_pass(client, 360)
        assert client.post(f"{APP}remove/").status_code == 403
        confirm_by_password(client)
        client.post(f"{APP}remove/")
        assert not Authenticator.objects.exists()
        assert len(list_events("second_factor.removed")) == 1
        assert is_signed_in(sign_in(people.owner))

    def test_its_code_confirms_who_one_is(self, people: People) -> None:
        client = sign_in(people.owner)
        secret = set_up_app(client)
        let_pass(client, 360)
        sent = {"code": code_of(secret), "next": "/profile/email/"}
        assert client.post("/accounts/reauthenticate/code/", sent)["Location"] == "/profile/email/"
        assert client.get("/profile/email/").status_code == 200
        assert [event.after for event in list_events("sign_in.confirmed")] == [{"way": "totp"}]

    def test_setting_it_up_needs_a_recent_sign_in(self, people: People) -> None:
        client = sign_in(people.owner)
        let_pass(client, 360)
        assert client.get(APP)["Location"].startswith("/accounts/reauthenticate/")


class TestRecoveryCodes:
    def test_each_signs_in_once(self, people: People) -> None:
        client = sign_in(people.owner)
        set_up_app(client)
        codes = read_codes(client)
        assert len(codes) == len(set(codes)) == 10
        first, second = sign_in(people.owner), sign_in(people.owner)
        first.post(CODE, {"code": codes[0]})
        second.post(CODE, {"code": codes[0]})
        assert is_signed_in(first)
        assert not is_signed_in(second)
        assert len(read_codes(client)) == 9
        assert len(list_events("recovery_code.used")) == 1
        assert "A recovery code was used" in list_texts("security_changed", to=people.owner.email)[-1]

    def test_new_ones_replace_the_old_ones(self, people: People) -> None:
        client = sign_in(people.owner)
        set_up_app(client)
        old = read_codes(client)
        client.post(f"{CODES}new/")
        assert not set(old) & set(read_codes(client))
        other = sign_in(people.owner)
        other.post(CODE, {"code": old[0]})
        assert not is_signed_in(other)

    def test_they_are_shown_after_a_recent_sign_in_only(self, people: People) -> None:
        client = sign_in(people.owner)
        set_up_app(client)
        let_pass(client, 360)
        assert client.get(CODES).status_code == 302


class TestDemanded:
    """SECOND_FACTOR_FOR."""

    @pytest.mark.parametrize("who", ["operator", "owner"])
    def test_who_has_none_sets_one_up_before_anything_else(self, people: People, settings: Settings, who: str) -> None:
        settings.SECOND_FACTOR_FOR = frozenset({"operator", "owner"})
        client = sign_in(getattr(people, who))
        page = client.get("/find/", follow=True)
        assert page.redirect_chain == [("/profile/", 302)]
        assert "Set up a second factor first" in page.content.decode()
        assert client.get("/find/", **HTMX)["HX-Redirect"] == "/profile/"
        problem = client.get("/api/v1/customers/")
        assert (problem.status_code, problem["Content-Type"]) == (403, "application/problem+json")
        assert client.post("/profile/sessions/end/").status_code == 302
        set_up_app(client)
        assert client.get("/find/").status_code == 200

    def test_the_page_that_sets_one_up_has_its_brand(self, people: People, settings: Settings) -> None:
        """What it fetches by itself is open, and adds no message to it."""
        Brand.objects.create(is_default=True, name="Acme", accent="#123456")
        current.forget()
        settings.SECOND_FACTOR_FOR = frozenset({"owner"})
        client = sign_in(people.owner)
        page = client.get("/profile/").content.decode()
        fetched = re.findall(r'href="(/(?:brand|manifest)[^"]*)"', page)
        assert len(fetched) >= 2
        assert {client.get(path).status_code for path in fetched} == {200}
        assert "Set up a second factor first" not in client.get("/profile/").content.decode()

    def test_other_roles_are_not_asked(self, people: People, settings: Settings) -> None:
        settings.SECOND_FACTOR_FOR = frozenset({"operator", "owner"})
        assert sign_in(people.viewer).get("/find/").status_code == 200
        assert sign_in(people.support).get("/find/").status_code == 200

    @pytest.mark.parametrize("way", ["oidc", "hand_off"])
    def test_who_has_signed_in_elsewhere_is_not_asked(self, people: People, settings: Settings, way: str) -> None:
        settings.SECOND_FACTOR_FOR = frozenset({"owner"})
        client = sign_in(people.owner)
        session = client.session
        session[session_facts.WAY] = way
        session.save()
        assert client.get("/find/").status_code == 200

    def test_a_recovery_code_is_none(self, people: People, settings: Settings) -> None:
        settings.SECOND_FACTOR_FOR = frozenset({"owner"})
        client = sign_in(people.owner)
        set_up_app(client)
        client.post(f"{APP}remove/")
        assert client.get("/find/").status_code == 302


def test_without_a_password_the_second_factor_is_not_asked(people: People) -> None:
    """The page is for who has just typed the right password, and only in that browser."""
    set_up_app(sign_in(people.owner))
    client = sign_in(people.owner, "wrong")
    assert client.get(CODE)["Location"] == "/accounts/login/"


class TestLost:
    def test_operators_remove_them(self, people: People) -> None:
        session = sign_in(people.owner)
        set_up_app(session)
        client = sign_in(people.operator)
        path = f"/people/{people.owner.pk}/"
        assert "Remove second factors" in client.get(path).content.decode()
        assert client.post(f"{path}second-factors/").status_code == 303
        assert not Authenticator.objects.exists()
        assert not is_signed_in(session)
        assert is_signed_in(sign_in(people.owner))
        assert [event.person_id for event in list_events("person.second_factors_removed")] == [people.operator.pk]
        assert "A second factor was removed" in list_texts("security_changed", to=people.owner.email)[-1]

    def test_support_and_owners_can_t(self, people: People) -> None:
        set_up_app(sign_in(people.viewer))
        for user in (people.support, people.owner):
            sign_in(user).post(f"/people/{people.viewer.pk}/second-factors/")
        assert Authenticator.objects.exists()
