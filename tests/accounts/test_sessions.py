"""Sessions: how long they last, where they are listed, and how they end."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from portal.models import User
from portal.services import people as people_service
from portal.services.accounts import sessions
from portal.services.errors import NotFound
from tests.accounts.browser import is_signed_in, let_pass, list_events, sign_in
from tests.hand_off.app import CONTINUE, make_settings, send, sign
from tests.people import People

pytestmark = pytest.mark.postgres

HOUR = 3600
DAY = 24 * HOUR


@pytest.mark.parametrize(("who", "limit"), [("operator", 8 * HOUR), ("support", 8 * HOUR), ("owner", 14 * DAY)])
def test_a_session_that_is_not_used_ends(people: People, who: str, limit: int) -> None:
    client = sign_in(getattr(people, who))
    let_pass(client, limit - HOUR)
    assert is_signed_in(client)
    let_pass(client, limit)
    page = client.get("/profile/", follow=True)
    assert page.redirect_chain == [("/accounts/login/?next=/profile/", 302)]
    assert "this session was not used for a while" in page.content.decode()


def test_a_session_ends_however_much_it_is_used(people: People) -> None:
    client = sign_in(people.owner)
    for _day in range(30):
        let_pass(client, DAY - 60)
        assert is_signed_in(client)
    let_pass(client, HOUR)
    assert not is_signed_in(client)


def test_a_page_that_polls_does_not_keep_a_session(people: People) -> None:
    client = sign_in(people.operator)
    for _hour in range(8):
        let_pass(client, HOUR)
        client.get("/find/", headers={"HX-Request": "true", "X-Poll": "1"})
    assert not is_signed_in(client)


def test_the_api_answers_an_ended_session_with_401(people: People) -> None:
    client = sign_in(people.owner)
    let_pass(client, 15 * DAY)
    assert client.get("/api/v1/customers/").status_code == 401


def test_the_last_use_is_noted_once_a_minute(people: People) -> None:
    client = sign_in(people.owner)
    before = User.objects.get(pk=people.owner.pk).last_seen_at
    client.get("/profile/")
    assert User.objects.get(pk=people.owner.pk).last_seen_at == before
    let_pass(client, 61)
    client.get("/profile/")
    after = User.objects.get(pk=people.owner.pk).last_seen_at
    assert before is not None
    assert after is not None
    assert after > before


def test_signing_in_starts_another_session_than_the_one_before(people: People) -> None:
    """Whoever has planted a session id in a browser does not get in with it."""
    client = Client()
    client.get("/accounts/login/")
    planted = client.session
    planted["anything"] = 1
    planted.save()
    client.cookies["sessionid"] = planted.session_key or ""
    sign_in(people.owner, client=client)
    assert client.cookies["sessionid"].value != planted.session_key
    thief = Client()
    thief.cookies["sessionid"] = planted.session_key or ""
    assert not is_signed_in(thief)


def test_a_session_that_replaces_somebody_else_s_is_listed_and_can_be_ended(people: People, settings: Settings) -> None:
    settings.HAND_OFF = make_settings()
    client = sign_in(people.owner)
    send(client, sign())
    client.post(CONTINUE, {"instead_of": str(people.owner.pk)})
    newcomer = User.objects.get(hand_off_identities__external_user_id="u-17")
    assert is_signed_in(client)
    assert sessions.end_all(newcomer.pk) == 1
    assert not is_signed_in(client)


class TestOwnSessions:
    def test_they_are_listed_with_browser_address_and_last_use(self, people: People) -> None:
        client = sign_in(people.owner)
        sign_in(people.owner, client=Client(headers={"User-Agent": "curl/8"}, REMOTE_ADDR="198.51.100.7"))
        page = client.get("/profile/").content.decode()
        assert "Firefox on Linux" in page
        assert "this session" in page
        assert "198.51.100.7" in page

    def test_one_is_ended(self, people: People) -> None:
        client, other = sign_in(people.owner), sign_in(people.owner)
        listed = sessions.list_sessions(people.owner.pk, current_key=client.session.session_key or "")
        ended = next(session for session in listed if not session.is_current)
        assert client.post(f"/profile/sessions/{ended.id}/end/").status_code == 303
        assert is_signed_in(client)
        assert not is_signed_in(other)
        assert [event.person_id for event in list_events("session.ended")] == [people.owner.pk]

    def test_all_others_are_ended(self, people: People) -> None:
        client, others = sign_in(people.owner), [sign_in(people.owner) for _ in range(2)]
        client.post("/profile/sessions/end/")
        assert is_signed_in(client)
        assert not any(is_signed_in(other) for other in others)
        assert len(list_events("session.ended")) == 1

    def test_somebody_else_s_is_not_found(self, people: People) -> None:
        client, other = sign_in(people.viewer), sign_in(people.owner)
        foreign = sessions.list_sessions(people.owner.pk)[0]
        assert client.post(f"/profile/sessions/{foreign.id}/end/").status_code == 404
        assert is_signed_in(other)

    def test_signing_out_removes_it_from_the_list(self, people: People) -> None:
        client, other = sign_in(people.owner), sign_in(people.owner)
        other.post("/accounts/logout/")
        assert len(sessions.list_sessions(people.owner.pk)) == 1
        assert is_signed_in(client)
        assert len(list_events("sign_in.ended")) == 1


def test_operators_end_sessions_of_others(people: People) -> None:
    client = sign_in(people.owner)
    operator = people_service.get_person(people.operator)
    support = people_service.get_person(people.support)
    assert operator is not None
    assert support is not None
    session = sessions.list_sessions(people.owner.pk)[0]
    with pytest.raises(NotFound):
        sessions.end_session(session.id, user_id=people.owner.pk, by=support)
    sessions.end_session(session.id, user_id=people.owner.pk, by=operator)
    assert not is_signed_in(client)


def test_nobody_ends_all_sessions_of_others(people: People) -> None:
    client, viewer = sign_in(people.owner), people_service.get_person(people.viewer)
    assert viewer is not None
    assert sessions.end_other_sessions(current_key="", by=viewer) == 0
    assert is_signed_in(client)


def test_a_deactivated_person_is_out_at_once(people: People) -> None:
    client = sign_in(people.owner)
    User.objects.filter(pk=people.owner.pk).update(is_active=False)
    assert not is_signed_in(client)


def test_limits_are_settings(people: People, settings: Settings) -> None:
    settings.SESSION_IDLE_STAFF = settings.SESSION_IDLE_STAFF / 8
    client = sign_in(people.operator)
    let_pass(client, HOUR + 1)
    assert not is_signed_in(client)


def test_what_a_browser_says_of_itself_is_not_shown(people: People) -> None:
    client = sign_in(people.owner, client=Client(headers={"User-Agent": "<b>Your bank</b>"}))
    page = client.get("/profile/").content.decode()
    assert "Unknown browser" in page
    assert "Your bank" not in page
