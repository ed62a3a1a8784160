"""The records that a domain needs, from every form in which the platform returns them."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import dns
from tests.dns.network import TARGET, ZONE

WWW = f"www.{ZONE}"
CNAME = [("CNAME", WWW, TARGET)]


class Row(NamedTuple):
    type: str
    name: str | None
    value: str
    ttl: int | None = None


def parse(domain: str = WWW, **forms: Any) -> list[tuple[str, str, str]]:
    return [(each.type, each.name, each.value) for each in dns.parse_required_records(domain, **forms)]


@pytest.mark.parametrize(
    "forms",
    [
        {"dns_records": [{"type": "CNAME", "name": "www", "value": TARGET}]},
        {"dns_records": [{"type": "cname", "name": WWW, "value": f"{TARGET.upper()}."}]},
        {"dns_records": [{"type": "CNAME", "host": f"{WWW}.", "target": TARGET}]},
        {"dns_records": (Row("CNAME", "www", TARGET),)},
        {"dns_records": [None, 7, {}, {"type": "CNAME"}, {"type": "CNAME", "value": TARGET}]},
        {"dns_instructions": {"type": "CNAME", "value": TARGET}},
        {"dns_instructions": {"records": [{"type": "CNAME", "name": "www", "value": TARGET}]}},
        {"instructions": {"type": "CNAME", "name": "www", "value": TARGET}},
        {"verification_target": TARGET},
        {"verification_target": TARGET, "instructions": "Nothing of use."},
        {"instructions": f"At your DNS provider create CNAME www → {TARGET}; the certificate follows."},
        {"instructions": f"A CNAME record must point {WWW} to {TARGET}."},
        {"dns_instructions": f"Please add a CNAME for www with the value `{TARGET}` (see docs.host.example)."},
    ],
)
def test_every_form_gives_the_same_record(forms: dict[str, Any]) -> None:
    assert parse(**forms) == CNAME


@pytest.mark.parametrize(
    ("domain", "forms", "found"),
    [
        (ZONE, {"dns_records": [{"type": "A", "name": "@", "value": "192.0.2.44"}]}, [("A", ZONE, "192.0.2.44")]),
        (
            ZONE,
            {"instructions": "Create A @ → 192.0.2.44 and A @ → 198.51.100.44; all else follows."},
            [("A", ZONE, "192.0.2.44"), ("A", ZONE, "198.51.100.44")],
        ),
        (
            WWW,
            {"instructions": f'CNAME www → {TARGET} and TXT _check.www "token=abc123".'},
            [*CNAME, ("TXT", f"_check.{WWW}", "token=abc123")],
        ),
        (
            f"app.shop.{ZONE}",
            {"dns_records": [{"type": "CNAME", "name": "app", "value": TARGET}]},
            [("CNAME", f"app.shop.{ZONE}", TARGET)],
        ),
        (
            f"app.shop.{ZONE}",
            {"dns_records": [{"type": "TXT", "name": "_check.app.shop", "value": '"a b"'}]},
            [("TXT", f"_check.app.shop.{ZONE}", "a b")],
        ),
        (ZONE, {"dns_records": [{"type": "AAAA", "value": "2001:DB8:0::44"}]}, [("AAAA", ZONE, "2001:db8::44")]),
        (WWW, {"dns_records": [{"type": "A", "value": "2001:db8::44"}], "verification_target": TARGET}, CNAME),
        (WWW, {"dns_records": [{"type": "CNAME", "name": "www.elsewhere.example.", "value": TARGET}]}, []),
        (WWW, {"dns_records": [{"type": "CNAME", "value": "not a host"}]}, []),
        (WWW, {"verification_target": "zähne.host.example"}, [("CNAME", WWW, "xn--zhne-loa.host.example")]),
        (
            f"*.{ZONE}",
            {"dns_records": [{"type": "CNAME", "name": "*", "value": TARGET}]},
            [("CNAME", f"*.{ZONE}", TARGET)],
        ),
        (WWW, {}, []),
    ],
)
def test_names_and_values_are_normalized(domain: str, forms: dict[str, Any], found: list[tuple[str, str, str]]) -> None:
    assert parse(domain, **forms) == found


def test_label_full_name_and_ttl() -> None:
    (record,) = dns.parse_required_records(
        "www.brightsmile.co.uk", dns_records=[{"type": "CNAME", "name": "www", "value": TARGET, "ttl": 60}]
    )
    assert (record.get_label(), record.name, record.ttl) == ("www", "www.brightsmile.co.uk", 60)
    assert record.get_label("www.brightsmile.co.uk") == "@"  # where the subdomain is a zone of its own
    (apex,) = dns.parse_required_records(ZONE, verification_target=TARGET)
    assert (apex.get_label(), apex.is_at_apex(), apex.ttl) == ("@", True, 300)


def test_the_number_of_records_is_bounded() -> None:
    rows = [{"type": "A", "name": "@", "value": f"192.0.2.{number}"} for number in range(100)]
    assert len(dns.parse_required_records(ZONE, dns_records=rows)) == 10


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=40)
    | st.sampled_from(["CNAME", "A", "TXT", "@", TARGET]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "name", "value", "ttl", "records", "host", "target"]), inner, max_size=5
        )
    ),
    max_leaves=12,
)


@given(rows=st.lists(ANYTHING, max_size=4), one=ANYTHING, sentence=ANYTHING, target=st.none() | st.text(max_size=40))
@settings(max_examples=400)
def test_any_input_gives_valid_records_or_none(rows: list[Any], one: Any, sentence: Any, target: str | None) -> None:
    found = dns.parse_required_records(
        WWW, dns_records=rows, dns_instructions=one, instructions=sentence, verification_target=target
    )
    for record in found:
        assert record.name == ZONE or record.name.endswith(f".{ZONE}")
        assert record.name.isascii()
        assert record.value.strip()
        assert 0 < record.ttl < 2**31
