"""Inviting many people at once: paste, check, confirm."""

from __future__ import annotations

import html
import re

from portal.models import Invitation, Mail
from tests.deployments_ui.conftest import SLUG, Browse
from tests.deployments_ui.page_rules import text_of
from tests.people import People

PATH, SEND = "/people/import/", "/people/import/send/"
TEXT = f"ana@x.test,{SLUG},owner\nana@x.test,pawsome-vets,viewer\n<b>,nowhere,owner\n"


def test_nothing_is_sent_before_the_confirmation(people: People, browse: Browse) -> None:
    client = browse(people.operator)
    assert "One person per line" in text_of(client, PATH)
    page = html.unescape(client.post(PATH, {"text": TEXT}).content.decode())
    assert "1 invitation will be sent" in page
    assert "1 line will be skipped." in page
    assert "There is no customer “nowhere”" in page
    assert TEXT in page
    assert not Mail.objects.exists()
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    for shown in ("1 invitation is being sent.", "0 invitations are being sent."):
        answer = client.post(SEND, {"text": TEXT, "key": key[1]})
        assert shown in text_of(client, answer["Location"])
    assert Invitation.objects.get().email == "ana@x.test"


def test_what_cannot_be_read_is_kept(people: People, browse: Browse) -> None:
    for path in (PATH, SEND):
        answer = browse(people.operator).post(path, {"text": 'ana@x.test,"half', "key": "0" * 32})
        assert answer.status_code == 422
        page = html.unescape(answer.content.decode())
        assert 'ana@x.test,"half' in page
        assert "Line 1 can’t be read. Check its quotes." in page


def test_without_a_key_nothing_is_sent(people: People, browse: Browse) -> None:
    for sent in ({"text": TEXT}, {"text": TEXT, "key": "no key"}):
        assert b"One person per line" in browse(people.operator).post(SEND, sent).content
    assert not Mail.objects.exists()


def test_only_operators_find_it(people: People, browse: Browse) -> None:
    for user in (people.support, people.owner):
        assert browse(user).get(PATH).status_code == 404
        assert browse(user).post(PATH, {"text": TEXT}).status_code == 404
        assert browse(user).post(SEND, {"text": TEXT, "key": "0" * 32}).status_code == 404
    assert browse(people.operator).get(SEND).status_code == 405
