"""Every message has a wording, and every wording uses the values that its message carries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils.functional import Promise

from portal import dns
from portal.dns import Message, MessageCode
from portal.services.domains.fixes import FIXES
from portal.services.domains.messages import word_fix, word_message
from portal.services.domains.texts import TEXTS
from tests.dns.network import WWW, ZONE, Network


def list_placeholders(text: object) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", str(text)))


@pytest.mark.parametrize("code", MessageCode)
def test_a_message_has_a_wording_for_exactly_its_values(code: MessageCode) -> None:
    assert list_placeholders(TEXTS[code]) | list_placeholders(FIXES.get(code, "")) == set(code.params)


@pytest.mark.parametrize("code", MessageCode)
def test_a_wording_is_translated_when_it_is_shown(code: MessageCode) -> None:
    assert isinstance(TEXTS[code], Promise)
    assert isinstance(FIXES.get(code, TEXTS[code]), Promise)


def test_messages_inside_a_message_are_worded_too(network: Network) -> None:
    network.publish("www A 10.0.0.7")
    found_at = network.diagnose().records[0].found_at
    assert found_at is not None
    assert isinstance(found_at.params["age"], Message)
    text = f"a private address (A), on ns1.{ZONE}, 12 s ago"
    assert word_message(found_at) == text


@pytest.mark.parametrize("code", MessageCode)
def test_a_message_is_worded_as_one_text_without_placeholders(code: MessageCode) -> None:
    message = Message.build(code, **dict.fromkeys(code.params, "value"))
    for text in (word_message(message), word_fix(message)):
        assert "%" not in text
        assert "miosa" not in text.lower()


def test_a_message_needs_all_its_values() -> None:
    with pytest.raises(KeyError, match="name"):
        Message.build(MessageCode.CORRECT, type="A")


def test_every_code_is_used() -> None:
    folder = Path(dns.__file__).parent
    code = "".join(path.read_text() for path in folder.glob("*.py"))
    unused = [each.name for each in MessageCode if f"MessageCode.{each.name}" not in code]
    assert not unused


def test_nothing_to_say_is_an_empty_text() -> None:
    assert word_message(None) == word_fix(None) == ""
    assert word_fix(Message(MessageCode.DNS_CORRECT)) == ""


def test_a_percent_sign_in_a_record_is_not_a_placeholder(network: Network) -> None:
    txt = dns.parse_required_records(WWW[0].name, dns_records=[{"type": "TXT", "name": "_a.www", "value": "1%s %(x)s"}])
    network.publish("_a.www TXT 50%d %(name)s")
    assert "50%d %(name)s" in word_message(network.diagnose((*WWW, *txt)).records[1].message)
