from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import dns

PLATFORM = ("apps.host.example", "Host.example.")
PORTAL = ("deploys.brand.example",)


def read(typed: str, *, allow_wildcard: bool = True) -> dns.DomainName:
    return dns.read(typed, platform_hosts=PLATFORM, portal_hosts=PORTAL, allow_wildcard=allow_wildcard)


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
        ("pаypal.example", "xn--pypal-4ve.example", ["cleaned_idn", "mixed_alphabets"]),
        ("*.brightsmile.example", "*.brightsmile.example", []),
        ("مثال.example", "xn--mgbh0fb.example", ["cleaned_idn"]),
    ],
)
def test_cleaned(typed: str, name: str, notes: list[str]) -> None:
    found = read(typed)
    assert found.ascii == name
    assert [note.code for note in found.notes] == notes
    assert all(note.english for note in found.notes)


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
        ("acme.apps.host.example", "name_platforms"),
        ("apps.host.example", "name_platforms"),
        ("*.host.example", "name_platforms"),
        ("deploys.brand.example", "name_portals"),
        ("x.deploys.brand.example", "name_portals"),
        ("my shop.example", "name_space"),
        ("my_shop.example", "name_underscore"),
        ("a..example", "name_double_dot"),
        ("-a.example", "name_hyphen"),
        ("a*.example", "name_star"),
        ("a.*.example", "name_star"),
        ("a" * 64 + ".example", "name_too_long"),
        (".".join(["a" * 60] * 5) + ".example", "name_too_long"),
        ("x" * 5_000, "name_too_long"),
        ("shop!.example", "name_letters"),
        ("xn--a.example", "name_letters"),
        ("☃\ufe0f\ud800.example", "name_letters"),
    ],
)
def test_refused_with_why(typed: str, why: str) -> None:
    with pytest.raises(dns.NotADomain) as refused:
        read(typed)
    assert refused.value.why.code == why
    assert refused.value.why.english


def test_a_star_may_be_switched_off() -> None:
    with pytest.raises(dns.NotADomain, match="star"):
        read("*.brightsmile.example", allow_wildcard=False)


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
    found = read(typed)
    assert (found.is_apex, found.label, found.twin) == (is_apex, label, twin)


def test_the_ascii_form_stands_beside_the_letters() -> None:
    found = read("Zähne.example")
    assert (found.shown, found.ascii, found.is_idn) == ("zähne.example", "xn--zhne-loa.example", True)


@given(st.text(max_size=120) | st.from_regex(r"(https?://)?[\w.*@: /-]{0,80}", fullmatch=True))
@settings(max_examples=500)
def test_any_input_is_cleaned_or_refused(typed: str) -> None:
    found = found_or_refused(typed)
    if isinstance(found, str):
        assert found
        return
    assert found.ascii.isascii()
    assert found.ascii == found.ascii.lower().strip(".")
    assert len(found.ascii) <= 253
    assert "." in found.ascii
    again = read(found.ascii)
    assert (again.ascii, again.shown) == (found.ascii, found.shown)
    assert read(found.shown).ascii == found.ascii


def found_or_refused(typed: str) -> dns.DomainName | str:
    try:
        return read(typed)
    except dns.NotADomain as refused:
        return refused.why.english
