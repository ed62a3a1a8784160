"""Hand-offs from the platform's own app: forged tokens, forged requests, and sessions of other people."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from portal.models import AuditEvent, HandOffIdentity, User
from portal.services.hand_off import accept
from portal.services.hand_off.errors import Refused
from portal.services.people import can_sign_in
from tests.hand_off.app import CONTINUE, ISSUER, PATH, hand_over, make_settings, send, sign
from tests.people import People

Change = tuple[str, int, int, str]
CHANGES = st.tuples(
    st.sampled_from(["replace", "leave out", "insert", "repeat", "move"]),
    st.integers(0, 1_000),
    st.integers(1, 8),
    st.text("ABCXYZabcxyz0189-_.=+/ \0é", min_size=1, max_size=8),
)
SESSION = configured.SESSION_COOKIE_NAME
GRANT = "hand_off"


@pytest.fixture(autouse=True)
def hand_off(settings: Settings, people: People) -> None:
    settings.HAND_OFF = make_settings()


def get_user_id(client: Client) -> int:
    """0 if nobody is signed in."""
    return int(client.session.get("_auth_user_id", 0))


class TestMutatedTokens:
    @settings(max_examples=1000, suppress_health_check=list(HealthCheck))
    @given(changes=st.lists(CHANGES, min_size=1, max_size=3))
    def test_none_is_accepted_and_all_are_recorded(self, changes: list[Change]) -> None:
        """Each is a valid token with some characters replaced, left out, added, repeated or moved."""
        refused = AuditEvent.objects.filter(kind="hand_off.refused")
        before = refused.count()
        with pytest.raises(Refused):
            accept.accept(change_token(sign(), changes), network=str(before), is_from_app=True, now=timezone.now())
        assert refused.count() == before + 1
        assert not HandOffIdentity.objects.exists()

    def test_an_unchanged_one_is(self) -> None:
        assert send(Client(), sign()).status_code == 303


def change_token(token: str, changes: list[Change]) -> str:
    """Never the token itself."""
    changed = token
    for kind, place, length, letters in changes:
        start = place % (len(changed) + 1)
        left_out = changed[start : start + length]
        middle = {"replace": letters, "leave out": "", "insert": letters + left_out, "repeat": left_out * 2}
        changed = changed[:start] + middle.get(kind, "") + changed[start + length :]
        if kind == "move":
            changed = changed[length:] + left_out + changed[:length]
    return f"{changed}A" if changed == token else changed


class TestRefusals:
    def test_they_are_all_the_same_page(self) -> None:
        """Nobody learns from it what was wrong, or whether somebody exists."""
        User.objects.filter(pk=get_user_id(hand_over_client())).update(is_active=False)
        used = sign(external_user_id="u-18")
        hand_over(Client(), used)
        tokens = ["", "x", sign(iss="other"), sign(role="operator"), sign(exp=1), sign(), used, "x" * 1_000_000]
        pages = [send(Client(), token) for token in tokens]
        assert {page.status_code for page in pages} == {400}
        assert len({page.content for page in pages}) == 1
        assert "contact its support" in pages[0].content.decode()
        assert f'href="{make_settings().url}"' in pages[0].content.decode()

    def test_neither_the_page_nor_the_audit_log_has_the_token(self) -> None:
        token = sign(iss="https://evil.example", name="PLANTED")
        page = send(Client(), token)
        (event,) = AuditEvent.objects.filter(kind="hand_off.refused")
        shown = f"{page.content.decode()} {page.headers} {event.target} {event.after} {event.person_name}"
        assert token not in shown
        assert token.split(".")[2] not in shown
        assert "PLANTED" not in shown
        assert (event.outcome, event.person_id, event.after) == ("refused", None, None)

    def test_one_address_is_slowed_down(self) -> None:
        client = Client()
        statuses = (send(client, "x", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}").status_code for number in range(300))
        assert next(statuses) == 400
        assert 503 in statuses  # after about sixty, and later on a machine that is slow
        assert send(client, "x", REMOTE_ADDR="192.0.2.99").status_code == 400

    def test_without_an_issuer_the_pages_do_not_exist(self, settings: Settings) -> None:
        settings.HAND_OFF = make_settings(issuer="", public_key="")
        for path in (PATH, CONTINUE):
            assert Client().get(path).status_code == 404
            assert Client().post(path, {"token": sign()}).status_code == 404

    def test_responses_may_not_be_stored_and_name_no_referrer(self) -> None:
        client = Client()
        token = sign()
        responses = [client.get(f"{PATH}?token={token}"), send(client, "x"), client.get(CONTINUE), send(client, token)]
        for response in responses:
            assert response["Cache-Control"] == "no-store"
            assert response["Referrer-Policy"] == "no-referrer"
        assert token not in str([response.headers for response in responses])


def hand_over_client(**changes: Any) -> Client:
    client = Client()
    hand_over(client, sign(**changes))
    return client


class TestLoginCsrf:
    """Another site sends a token of its own account: nobody works in that account without noticing."""

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "https://app.platform.test.evil.example"])
    def test_who_comes_from_another_page_is_asked(self, origin: str) -> None:
        client = Client()
        send(client, sign(), HTTP_ORIGIN=origin)
        page = client.get(CONTINUE).content.decode()
        assert "Continue only if you have just opened this portal from there." in page
        assert "data-hand-off" not in page
        assert get_user_id(client) == 0

    @pytest.mark.parametrize("url", [f"{ISSUER}/x/", "https://App.Platform.test:443/"])
    def test_who_comes_from_the_app_is_not(self, url: str, settings: Settings) -> None:
        settings.HAND_OFF = make_settings(url=url)
        client = Client()
        send(client, sign(), HTTP_ORIGIN=ISSUER)
        page = client.get(CONTINUE).content.decode()
        assert "data-hand-off" in page
        assert get_user_id(client) == 0  # a GET signs nobody in

    def test_without_the_page_of_the_app_in_the_settings_everybody_is_asked(self, settings: Settings) -> None:
        settings.HAND_OFF = make_settings(url="")
        client = Client()
        send(client, sign())
        assert "data-hand-off" not in client.get(CONTINUE).content.decode()

    def test_signing_in_needs_a_csrf_token(self) -> None:
        client = Client(enforce_csrf_checks=True)
        send(client, sign())
        assert client.post(CONTINUE, {"instead_of": ""}).status_code == 403
        assert client.post(CONTINUE, {"instead_of": ""}, HTTP_ORIGIN="https://evil.example").status_code == 403
        assert get_user_id(client) == 0
        page = client.get(CONTINUE).content.decode()
        token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        assert client.post(CONTINUE, {"instead_of": "", "csrfmiddlewaretoken": token}).status_code == 303
        assert get_user_id(client) > 0

    def test_a_token_that_another_site_sends_breaks_no_open_form(self) -> None:
        """It neither changes the CSRF token of somebody who is signed in, nor ends the session."""
        client = Client()
        response = send(client, sign())
        assert set(response.cookies) == {GRANT}

    def test_the_grant_is_of_one_browser_for_a_minute(self) -> None:
        client = Client()
        send(client, sign())
        cookie = client.cookies[GRANT]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (True, "Lax", PATH, 60)
        assert Client().post(CONTINUE, {"instead_of": ""}).status_code == 400

    def test_a_grant_works_once(self) -> None:
        client = Client()
        send(client, sign())
        stolen = client.cookies[GRANT].value
        client.post(CONTINUE, {"instead_of": ""})
        other = Client()
        other.cookies[GRANT] = stolen
        assert other.post(CONTINUE, {"instead_of": ""}).status_code == 400
        assert get_user_id(other) == 0

    @pytest.mark.parametrize("change", ["forged", "cut", "of another purpose", "old"])
    def test_a_forged_grant_is_refused(self, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
        client = Client()
        send(client, sign())
        value = client.cookies[GRANT].value
        if change == "forged":
            forged = base64.urlsafe_b64encode(b'{"id":"1","user":1,"next":"/","is_from_app":true}').decode().rstrip("=")
            value = f"{forged}:{value.partition(':')[2]}"
        elif change == "cut":
            value = value[:-1]
        elif change == "of another purpose":
            value = client.session.session_key or "x"
        else:
            monkeypatch.setattr(time, "time", lambda now=time.time: now() + 61)
        client.cookies[GRANT] = value
        assert client.post(CONTINUE, {"instead_of": ""}).status_code == 400
        assert client.get(CONTINUE)["Location"] == PATH


class TestOpenSessions:
    def test_somebody_else_s_session_is_asked_about_first(self, people: People) -> None:
        client = Client()
        client.force_login(people.owner)
        before = client.cookies[SESSION].value
        send(client, sign(name="Rita Rao"))
        page = client.get(CONTINUE).content.decode()
        assert "In this browser you are signed in as Dr Rao. If you continue, Dr Rao is signed out." in " ".join(
            page.split()
        )
        assert "data-hand-off" not in page
        assert client.post(CONTINUE, {"instead_of": ""})["Location"] == CONTINUE  # a page from before that sign-in
        assert get_user_id(client) == people.owner.pk
        assert client.post(CONTINUE, {"instead_of": str(people.owner.pk)}).status_code == 303
        assert get_user_id(client) == HandOffIdentity.objects.get().user_id
        thief = Client()
        thief.cookies[SESSION] = before
        assert thief.get("/find/").status_code == 302

    def test_one_s_own_session_is_renewed(self) -> None:
        client = hand_over_client()
        before = client.cookies[SESSION].value
        send(client, sign())
        assert "data-hand-off" in client.get(CONTINUE).content.decode()
        assert client.post(CONTINUE, {"instead_of": ""}).status_code == 303
        assert client.cookies[SESSION].value != before

    def test_a_session_id_that_somebody_else_has_chosen_is_not_used(self) -> None:
        client = Client()
        client.cookies[SESSION] = "chosen-by-somebody-else-0000000"
        hand_over(client, sign())
        assert client.cookies[SESSION].value != "chosen-by-somebody-else-0000000"
        attacker = Client()
        attacker.cookies[SESSION] = "chosen-by-somebody-else-0000000"
        assert attacker.get("/find/").status_code == 302

    def test_the_session_ends_when_the_person_is_deactivated(self) -> None:
        client = hand_over_client()
        user = User.objects.get(pk=get_user_id(client))
        assert can_sign_in(user)
        assert client.get("/find/").status_code == 200
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert client.get("/find/").status_code == 302

    def test_next_never_leads_to_another_site(self) -> None:
        for next_ in ("https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:1"):
            assert hand_over(Client(), sign(next=next_))["Location"] == "/c/brightsmile-dental/"
        assert hand_over(Client(), sign(next="/find/?q=1#top"))["Location"] == "/find/?q=1#top"


class TestPageThatPosts:
    def test_a_token_in_the_query_is_in_the_form(self) -> None:
        page = Client().get(PATH, {"token": 'x"><script>'}).content.decode()
        assert 'value="x&#34;&gt;&lt;script&gt;"' in page
        assert 'action="/handoff/"' in page
        assert "Continue" in page

    def test_without_a_token_it_says_what_to_do(self) -> None:
        page = Client().get(PATH).content.decode()
        assert "Go back to the app you came from" in page
        assert f'href="{make_settings().url}"' in page
