"""Domain names as people type and paste them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import dns
from portal.services.domains.messages import word_message

PLATFORM = ("apps.host.example", "Host.example.")
PORTAL = ("deploys.brand.example",)


def parse(typed: str, *, allow_wildcard: bool = True) -> dns.DomainName:
    return dns.parse_domain(typed, platform_hosts=PLATFORM, portal_hosts=PORTAL, allow_wildcard=allow_wildcard)


@pytest.mark.parametrize(
    ("typed", "name", "notes"),
    [
        ("www.brightsmile.example", "www.brightsmile.example", []),
        ("  WWW.BrightSmile.Example\n", "www.brightsmile.example", []),
        ("https://www.brightsmile.example", "www.brightsmile.example", ["cleaned_scheme"]),
        ("HTTP://www.brightsmile.example/", "www.brightsmile.example", ["cleaned_scheme"]),
        ("//brightsmile.example", "brightsmile.example", ["cleaned_scheme"]),
        ("https:brightsmile.example", "brightsmile.example", ["cleaned_scheme"]),
        ("brightsmile.example/team?x=1#y", "brightsmile.example", ["cleaned_path"]),
        ("brightsmile.example:8080", "brightsmile.example", ["cleaned_port"]),
        (
            "https://brightsmile.example:443/a",
            "brightsmile.example",
            ["cleaned_scheme", "cleaned_path", "cleaned_port"],
        ),
        ("brightsmile.example.", "brightsmile.example", ["cleaned_dot"]),
        ("info@brightsmile.example", "brightsmile.example", ["cleaned_user"]),
        ("https://me:secret@brightsmile.example/", "brightsmile.example", ["cleaned_scheme", "cleaned_user"]),
        ("www . brightsmile . example", "www.brightsmile.example", []),
        ("“brightsmile.example”,", "brightsmile.example", []),
        ("<brightsmile.example>", "brightsmile.example", []),
        ("bright\u200bsmile.example", "brightsmile.example", []),
        ("faß.de", "xn--fa-hia.de", ["cleaned_idn"]),
        ("Zähne。example", "xn--zhne-loa.example", ["cleaned_idn"]),
        ("xn--zhne-loa.example", "xn--zhne-loa.example", ["cleaned_idn"]),
        ("pаypal.example", "xn--pypal-4ve.example", ["cleaned_idn", "mixed_scripts"]),
        ("*.brightsmile.example", "*.brightsmile.example", []),
        ("مثال.example", "xn--mgbh0fb.example", ["cleaned_idn"]),
        ("http://https://brightsmile.example", "brightsmile.example", ["cleaned_scheme"]),
        ("https//brightsmile.example", "brightsmile.example", ["cleaned_scheme"]),
        ("http;//brightsmile.example", "brightsmile.example", ["cleaned_scheme"]),
        ("\u2068brightsmile.example\u2069", "brightsmile.example", []),
        ("http:/brightsmile.example", "brightsmile.example", ["cleaned_scheme"]),
        ("https:\\\\brightsmile.example\\team", "brightsmile.example", ["cleaned_scheme", "cleaned_path"]),
        ("mailto:info@brightsmile.example", "brightsmile.example", ["cleaned_scheme", "cleaned_user"]),
        ("bright%73mile.example", "brightsmile.example", []),
        ("brightsmile.example：443", "brightsmile.example", ["cleaned_port"]),
        ("qa--shop.brightsmile.example", "qa--shop.brightsmile.example", ["reserved_hyphens"]),
        ("shop--qa.brightsmile.example", "shop--qa.brightsmile.example", []),
        ("💩.example", "xn--ls8h.example", ["cleaned_idn"]),
        ("xn--ls8h.example", "xn--ls8h.example", ["cleaned_idn"]),
        ("I❤️.example", "xn--i-7iq.example", ["cleaned_idn"]),
        ("*.☕.example", "*.xn--53h.example", ["cleaned_idn"]),
        ("ΒΌΛΟΣ.example", "xn--nxasmq6b.example", ["cleaned_idn"]),
        ("نامه\u200cای.example", "xn--mgba3gch31f060k.example", ["cleaned_idn"]),
        ("bright\u200dsmile.example", "brightsmile.example", []),
    ],
)
def test_pasted_names_are_cleaned(typed: str, name: str, notes: list[str]) -> None:
    found = parse(typed)
    assert found.ascii == name
    assert [note.code for note in found.notes] == notes
    assert all(word_message(note) for note in found.notes)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "name_empty"),
        ("   ", "name_empty"),
        ("https://", "name_empty"),
        ("...", "name_empty"),
        ("192.0.2.1", "name_is_address"),
        ("https://192.0.2.1:8080/", "name_is_address"),
        ("[2001:db8::1]:80", "name_is_address"),
        ("2001:db8::1", "name_is_address"),
        ("127.1", "name_is_address"),
        ("0x7f.1", "name_is_address"),
        ("2130706433", "name_is_address"),
        ("１２７.０.０.１", "name_is_address"),
        ("brightsmile", "name_single_label"),
        ("localhost", "name_single_label"),
        ("printer.local", "name_not_public"),
        ("db.internal", "name_not_public"),
        ("1.0.0.127.in-addr.arpa", "name_not_public"),
        ("com", "name_single_label"),
        ("co.uk", "name_public_suffix"),
        ("github.io", "name_public_suffix"),
        ("*.co.uk", "name_public_suffix"),
        ("acme.apps.host.example", "name_of_platform"),
        ("apps.host.example", "name_of_platform"),
        ("*.host.example", "name_of_platform"),
        ("deploys.brand.example", "name_of_portal"),
        ("x.deploys.brand.example", "name_of_portal"),
        ("my shop.example", "name_space"),
        ("my_shop.example", "name_underscore"),
        ("a..example", "name_empty_label"),
        ("-a.example", "name_hyphen"),
        ("a*.example", "name_star_position"),
        ("a.*.example", "name_star_position"),
        ("a" * 64 + ".example", "name_too_long"),
        (".".join(["a" * 60] * 5) + ".example", "name_too_long"),
        ("x" * 5_000, "name_too_long"),
        ("shop!.example", "name_invalid"),
        ("xn--a.example", "name_invalid"),
        ("xn--shop-.example", "name_hyphen"),
        ("xn--ASCII-only.example", "name_invalid"),
        ("a-.example", "name_hyphen"),
        ("👨\u200d👩.example", "name_invalid"),
        ("%ff.example", "name_invalid"),
        ("a%2Fb.example", "name_invalid"),
        ("ex℀mple.example", "name_invalid"),
        ("ä" * 60 + ".example", "name_too_long"),
        ("☃\ufe0f\ud800.example", "name_invalid"),
    ],
)
def test_what_is_no_domain_is_refused(typed: str, why: str) -> None:
    with pytest.raises(dns.InvalidDomain) as refused:
        parse(typed)
    assert refused.value.message.code == why
    assert word_message(refused.value.message)


def test_wildcards_can_be_refused() -> None:
    with pytest.raises(dns.InvalidDomain, match="name_wildcard"):
        parse("*.brightsmile.example", allow_wildcard=False)


@pytest.mark.parametrize(
    ("typed", "is_apex", "label", "twin"),
    [
        ("brightsmile.example", True, "@", "www.brightsmile.example"),
        ("www.brightsmile.example", False, "www", "brightsmile.example"),
        ("booking.brightsmile.example", False, "booking", None),
        ("brightsmile.co.uk", True, "@", "www.brightsmile.co.uk"),
        ("a.b.brightsmile.co.uk", False, "a.b", None),
        ("*.brightsmile.example", False, "*", None),
        ("practice.github.io", True, "@", "www.practice.github.io"),
    ],
)
def test_apex_label_and_twin(typed: str, is_apex: bool, label: str, twin: str | None) -> None:
    found = parse(typed)
    assert (found.is_apex, found.label, found.twin) == (is_apex, label, twin)


def test_internationalized_names_have_both_forms() -> None:
    found = parse("Zähne.example")
    assert (found.shown, found.ascii) == ("zähne.example", "xn--zhne-loa.example")


@given(st.text(max_size=120) | st.from_regex(r"(https?://)?[\w.*@: /-]{0,80}", fullmatch=True))
@settings(max_examples=500)
def test_any_input_is_parsed_or_refused(typed: str) -> None:
    try:
        found = parse(typed)
    except dns.InvalidDomain as refusal:
        word_message(refusal.message)  # raises KeyError where the message has no wording
        return
    assert found.ascii.isascii()
    assert found.ascii == found.ascii.lower().strip(".")
    assert len(found.ascii) <= 253
    assert "." in found.ascii
    again = parse(found.ascii)
    assert (again.ascii, again.shown) == (found.ascii, found.shown)
    assert parse(found.shown).ascii == found.ascii
