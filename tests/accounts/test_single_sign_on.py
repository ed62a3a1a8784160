"""Sign-in of staff with an OpenID provider: a real one, on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from pytest_django import Settings

from portal.models import User
from tests.accounts import provider as openid
from tests.accounts.browser import is_signed_in, let_pass, list_events, sign_in
from tests.accounts.provider import Provider
from tests.people import People
from tests.ports import pick_port

pytestmark = pytest.mark.postgres

CONFIRM = "/accounts/single-sign-on/confirm/"


@pytest.fixture(scope="module")
def running_provider() -> Iterator[Provider]:
    with openid.run_provider() as provider:
        yield provider


@pytest.fixture
def provider(running_provider: Provider, settings: Settings) -> Provider:
    openid.configure(settings, running_provider.url)
    return running_provider


def come_in(provider: Provider, sub: str, *, client: Client | None = None, **claims: Any) -> tuple[Client, str]:
    """The browser, and the page that it has in the end."""
    provider.set_person(sub, **claims)
    client = client or Client()
    page = client.get(provider.agree(openid.start(client), sub), follow=True)
    return client, page.content.decode()


def person(email: str, *groups: str, **more: Any) -> dict[str, Any]:
    return {"email": email, "email_verified": True, "name": "Nia New", "groups": list(groups), **more}


class TestRoles:
    @pytest.mark.parametrize(("group", "role", "sees_all"), [("ops", "operator", False), ("help", "support", True)])
    def test_groups_give_somebody_new_a_role(
        self, people: People, provider: Provider, group: str, role: str, sees_all: bool
    ) -> None:
        client, _page = come_in(provider, "new-1", **person("nia@portal.test", group, "others"))
        user = User.objects.get(email="nia@portal.test")
        assert (user.staff_role, user.sees_all_customers, user.name) == (role, sees_all, "Nia New")
        assert not user.has_usable_password()
        assert is_signed_in(client)
        assert [(event.after or {})["way"] for event in list_events("sign_in.succeeded")] == ["oidc"]

    @pytest.mark.parametrize("groups", [["others"], [], ["OPS"], ["ops "], "other", None, {"ops2": 1}])
    def test_without_a_group_nobody_gets_in(self, people: People, provider: Provider, groups: Any) -> None:
        client, page = come_in(provider, "new-2", **{**person("nia@portal.test"), "groups": groups})
        assert "in a group that may use this portal" in page
        assert not is_signed_in(client)
        assert not User.objects.filter(email="nia@portal.test").exists()
        assert [event.outcome for event in list_events("sign_in.failed")] == ["refused"]

    def test_a_role_follows_the_groups(self, people: People, provider: Provider) -> None:
        come_in(provider, "new-3", **person("nia@portal.test", "ops"))
        come_in(provider, "new-3", **person("nia@portal.test", "help"))
        assert User.objects.get(email="nia@portal.test").staff_role == "support"
        changed = list_events("person.role_changed")
        assert [((event.before or {})["role"], (event.after or {})["role"]) for event in changed] == [
            ("operator", "support")
        ]

    def test_who_leaves_all_groups_loses_role_and_sessions(self, people: People, provider: Provider) -> None:
        client, _page = come_in(provider, "new-4", **person("nia@portal.test", "ops"))
        _other, page = come_in(provider, "new-4", **person("nia@portal.test"))
        assert "in a group that may use this portal" in page
        assert User.objects.get(email="nia@portal.test").staff_role == ""
        assert not is_signed_in(client)

    def test_the_last_operator_stays_one(self, people: People, provider: Provider) -> None:
        come_in(provider, "new-5", **person("nia@portal.test", "ops"))
        User.objects.filter(pk=people.operator.pk).update(is_active=False)
        client, _page = come_in(provider, "new-5", **person("nia@portal.test"))
        assert User.objects.get(email="nia@portal.test").staff_role == "operator"
        assert not is_signed_in(client)


class TestIdentity:
    def test_the_first_time_a_verified_address_finds_an_account_of_staff(
        self, people: People, provider: Provider
    ) -> None:
        client, _page = come_in(provider, "ana", **person("SUPPORT@portal.test", "help"))
        assert client.session["_auth_user_id"] == str(people.support.pk)
        assert User.objects.get(pk=people.support.pk).has_usable_password()

    def test_later_the_identity_counts_and_not_the_address(self, people: People, provider: Provider) -> None:
        come_in(provider, "ana-2", **person(people.support.email, "help"))
        client, _page = come_in(provider, "ana-2", **person(people.operator.email, "help"))
        assert client.session["_auth_user_id"] == str(people.support.pk)

    def test_an_address_that_is_not_verified_finds_nobody(self, people: People, provider: Provider) -> None:
        for verified in (False, None, "true", 1):
            claims = person(people.operator.email, "ops", email_verified=verified)
            client, _page = come_in(provider, f"mallory-{verified}", **claims)
            assert client.session["_auth_user_id"] != str(people.operator.pk)
        assert set(User.objects.filter(name="Nia New").values_list("email", flat=True)) == {""}

    def test_a_second_identity_with_the_same_address_is_refused(self, people: People, provider: Provider) -> None:
        come_in(provider, "ana-3", **person(people.support.email, "help"))
        client, page = come_in(provider, "successor", **person(people.support.email, "ops"))
        assert "someone else at Login Ltd signs in to" in page
        assert not is_signed_in(client)

    def test_the_same_number_at_another_provider_is_somebody_else(
        self, people: People, provider: Provider, settings: Settings
    ) -> None:
        come_in(provider, "1001", **person("nia@portal.test", "ops"))
        with openid.run_provider() as other:
            openid.configure(settings, other.url)
            client, _page = come_in(other, "1001", **person("eve@portal.test", "help"))
        assert client.session["_auth_user_id"] == str(User.objects.get(email="eve@portal.test").pk)

    def test_customers_people_are_refused(self, people: People, provider: Provider) -> None:
        client, page = come_in(provider, "rao", **person(people.owner.email, "ops"))
        assert "belongs to a customer" in page
        assert not is_signed_in(client)
        assert User.objects.get(pk=people.owner.pk).staff_role == ""
        assert not SocialAccount.objects.exists()

    def test_who_was_deactivated_stays_out(self, people: People, provider: Provider) -> None:
        come_in(provider, "ana-4", **person(people.support.email, "help"))
        User.objects.filter(pk=people.support.pk).update(is_active=False)
        client, page = come_in(provider, "ana-4", **person(people.support.email, "ops"))
        assert "Your account here is deactivated" in page
        assert not is_signed_in(client)
        assert User.objects.get(pk=people.support.pk).staff_role == "support"


class TestProtocol:
    def test_the_request_has_state_nonce_and_a_challenge(self, people: People, provider: Provider) -> None:
        asked = parse_qs(urlsplit(openid.start(Client())).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert all(len(asked[name][0]) >= 16 for name in ("state", "nonce", "code_challenge"))
        assert asked["redirect_uri"] == ["http://testserver/accounts/single-sign-on/callback/"]

    def test_an_answer_is_for_the_browser_that_asked(self, people: People, provider: Provider) -> None:
        """Else somebody could sign others in to an account of theirs."""
        provider.set_person("mallory", **person("mallory@portal.test", "ops"))
        way_back = provider.agree(openid.start(Client()), "mallory")
        victim = Client()
        page = victim.get(way_back, follow=True).content.decode()
        assert "Sign-in with Login Ltd failed. Try again" in page
        assert not is_signed_in(victim)

    def test_an_answer_counts_once(self, people: People, provider: Provider) -> None:
        provider.set_person("nia", **person("nia@portal.test", "ops"))
        client = Client()
        way_back = provider.agree(openid.start(client), "nia")
        client.get(way_back)
        client.post("/accounts/logout/")
        client.get(way_back)
        assert not is_signed_in(client)

    def test_a_token_for_another_request_is_refused(self, people: People, provider: Provider) -> None:
        """The nonce of the token is not the one that this browser has sent."""
        provider.set_person("nia", **person("nia@portal.test", "ops"))
        client = Client()
        address = openid.start(client)
        nonce = parse_qs(urlsplit(address).query)["nonce"][0]
        page = client.get(provider.agree(address.replace(nonce, "another"), "nia"), follow=True)
        assert "match this sign-in" in page.content.decode()
        assert not is_signed_in(client)

    def test_who_declines_comes_back_to_the_password(self, people: People, provider: Provider) -> None:
        client = Client()
        page = client.get(provider.agree(openid.start(client), "nia", action="deny"), follow=True)
        assert "failed. Try again" in page.content.decode()
        assert 'name="password"' in page.content.decode()

    @pytest.mark.parametrize("query", ["", "?error=server_error", "?code=x", "?code=x&state=y", "?state=%00"])
    def test_made_up_answers_are_answered_in_words(self, people: People, provider: Provider, query: str) -> None:
        page = Client().get(f"/accounts/single-sign-on/callback/{query}", follow=True)
        assert page.status_code == 200
        assert "failed. Try again" in page.content.decode()

    def test_it_leads_back_to_pages_of_this_site_only(self, people: People, provider: Provider) -> None:
        provider.set_person("nia", **person("nia@portal.test", "ops"))
        for next_, expected in (("/find/?q=a", "/find/?q=a"), ("//evil.example/", "/"), ("https://evil.example/", "/")):
            client = Client()
            assert client.get(provider.agree(openid.start(client, next_), "nia"))["Location"] == expected

    def test_while_the_provider_is_down_the_password_works(self, people: People, settings: Settings) -> None:
        openid.configure(settings, f"http://localhost:{pick_port()}")
        page = Client().post("/accounts/single-sign-on/", {"next": "/"})
        assert page.status_code == 503
        assert "The sign-in provider can&#39;t be reached" in page.content.decode()
        assert "Sign in with Login Ltd" in Client().get("/accounts/login/").content.decode()
        assert is_signed_in(sign_in(people.support))

    def test_without_a_setting_it_does_not_exist(self, people: People) -> None:
        assert Client().post("/accounts/single-sign-on/").status_code == 404
        assert "single-sign-on" not in Client().get("/accounts/login/").content.decode()


class TestConfirmation:
    def test_the_provider_asks_for_the_password_again(self, people: People, provider: Provider) -> None:
        client, _page = come_in(provider, "nia", **person("nia@portal.test", "ops"))
        let_pass(client, 360)
        assert client.get("/profile/email/", follow=True).redirect_chain[-1][0].startswith("/accounts/reauthenticate/e")
        address = openid.start(client, "/profile/email/", path=CONFIRM)
        assert {"prompt": ["login"], "max_age": ["0"]}.items() <= parse_qs(urlsplit(address).query).items()
        key = client.session.session_key
        assert client.get(provider.agree(address, "nia"))["Location"] == "/profile/email/"
        assert client.session.session_key == key
        assert client.get("/profile/email/").status_code == 200

    def test_somebody_else_confirms_nothing(self, people: People, provider: Provider) -> None:
        client, _page = come_in(provider, "nia", **person("nia@portal.test", "ops"))
        provider.set_person("bob", **person("bob@portal.test", "ops"))
        let_pass(client, 360)
        client.get(provider.agree(openid.start(client, path=CONFIRM), "bob"))
        assert client.get("/profile/email/").status_code == 302
        assert is_signed_in(client)
