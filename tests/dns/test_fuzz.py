"""Strangers write what we read: record values, messages, whole zones."""

from __future__ import annotations

import time

import dns.message
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import dns as portal_dns
from portal.dns import caa, reading, wire
from portal.dns.seen import Answer, Look, Outcome, Question, Record, Source
from tests.dns.net import APEX, ASKED_AT, TARGET, WWW, ZONE, Net

KINDS = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "TXT")
VALUES = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "CAA": st.builds('{} {} "{}"'.format, st.integers(0, 255), st.from_regex(r"[a-z]{1,12}", fullmatch=True),
                     st.text("abc.;= -", max_size=30)),
    "CNAME": st.from_regex(r"([a-z0-9_-]{1,20}\.){1,6}[a-z]{2,8}", fullmatch=True) | st.just(TARGET),
    "MX": st.just("10 mail.elsewhere.example"),
    "NS": st.just(f"ns1.{ZONE}"),
    "TXT": st.text(max_size=700),
}  # fmt: skip
RECORDS = st.sampled_from(KINDS).flatmap(
    lambda kind: st.builds(lambda value: {"type": kind, "value": value}, VALUES[kind] | st.text(max_size=60))
)
NEEDED = (*WWW, *APEX, *portal_dns.needed(f"www.{ZONE}", dns_records=[{"type": "TXT", "name": "_x.www", "value": "y"}]))


def require_told(report: portal_dns.Report) -> None:
    for verdict in report.all_verdicts:
        assert verdict.sentence.english
        assert verdict.is_right or verdict.action is not None
        for text in (verdict.sentence, verdict.action, verdict.see):
            assert text is None or str(text).isprintable()
    for status in ("pending", "active", "failed", "?"):
        for light in vars(portal_dns.lights(status, report)).values():
            assert light.cause.english


@given(www=st.lists(RECORDS, max_size=5), apex=st.lists(RECORDS, max_size=5), text=st.lists(RECORDS, max_size=3))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_zone_is_explained(
    net: Net, www: list[dict[str, str]], apex: list[dict[str, str]], text: list[dict[str, str]]
) -> None:
    net.clear()
    net.lay("")
    for book in (net.public, net.first, net.second):
        book.set(f"www.{ZONE}", www, None)
        book.set(f"_x.www.{ZONE}", text, None)
        served = [{"type": "NS", "value": f"ns{number}.{ZONE}"} for number in (1, 2)]
        book.set(ZONE, [*(each for each in apex if each["type"] not in ("NS", "CNAME")), *served], None)
    begun = time.monotonic()
    require_told(net.report(NEEDED, f"www.{ZONE}"))
    assert time.monotonic() - begun < 6


ANSWERS = st.builds(
    Answer,
    name=st.sampled_from([ZONE, f"www.{ZONE}", TARGET]),
    type=st.sampled_from(KINDS),
    outcome=st.sampled_from(Outcome),
    records=st.lists(
        st.builds(
            Record,
            st.sampled_from(KINDS),
            st.text(max_size=20).filter(str.isprintable) | VALUES["A"],
            st.integers(0, 9),
            st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    chain=st.lists(st.sampled_from([TARGET, "a.example", f"www.{ZONE}"]), max_size=3).map(tuple),
    is_loop=st.booleans(),
)  # fmt: skip
SOURCES = st.builds(
    Source, st.just("ns1.example"), st.just("192.0.2.1"), st.booleans(), st.lists(ANSWERS, max_size=12).map(tuple)
)


@given(
    sources=st.lists(SOURCES, max_size=4).map(tuple),
    zone=st.sampled_from([None, ZONE, f"www.{ZONE}"]),
    outcome=st.sampled_from(Outcome),
    leads=st.lists(ANSWERS, max_size=2).map(tuple),
)
@settings(max_examples=120)
def test_any_look_is_explained(
    sources: tuple[Source, ...], zone: str | None, outcome: Outcome, leads: tuple[Answer, ...]
) -> None:
    look = Look(f"www.{ZONE}", ASKED_AT, 1, zone, outcome, (), (), sources, leads)
    report = portal_dns.explain(look, NEEDED, now=ASKED_AT)
    require_told(report)
    told = [answer for source in sources for answer in source.answers if answer.outcome.is_told]
    if not told and outcome is not Outcome.NXDOMAIN:
        light = portal_dns.lights("active", report).points_here
        assert light.state is portal_dns.State.UNKNOWN  # nobody told anything: never off


@given(noise=st.binary(max_size=200), kind=st.sampled_from(KINDS), places=st.lists(st.integers(0, 400), max_size=8))
@settings(max_examples=400)
def test_any_bytes_are_read_or_passed_over(noise: bytes, kind: str, places: list[int]) -> None:
    query = dns.message.make_query(f"www.{ZONE}", kind)
    whole = bytearray(dns.message.make_response(query).to_wire() + noise)
    whole[6:8] = len(noise).to_bytes(2, "big")
    for place in places:
        whole[2 + place % (len(whole) - 2)] ^= 0x55
    try:
        message = dns.message.from_wire(bytes(whole), ignore_trailing=True)
    except wire._UNREADABLE:
        return
    found = reading.read(message, Question(f"www.{ZONE}", kind), recursive=True)
    assert all(record.value.isprintable() for record in found.records)


@given(values=st.lists(st.text(max_size=40) | VALUES["CAA"], max_size=5))
def test_any_caa_is_read(values: list[str]) -> None:
    found = caa.policy(caa_look(values), ZONE)
    assert (found is None) == (not values)


def caa_look(values: list[str]) -> Look:
    records = tuple(Record("CAA", value) for value in values)
    source = Source("ns1", "192.0.2.1", True, (Answer(ZONE, "CAA", Outcome.ANSWER, records),))
    return Look(ZONE, ASKED_AT, 1, ZONE, Outcome.ANSWER, (), (), (source,))


LETS_ENCRYPT, OTHER = '0 issue "letsencrypt.org"', '0 issue "digicert.com"'


@pytest.mark.parametrize(
    ("name", "values", "allowed"),
    [
        ("www", [LETS_ENCRYPT], True),
        ("www", [OTHER], False),
        ("www", [OTHER, LETS_ENCRYPT], True),
        ("www", ['0 ISSUE "LetsEncrypt.org."'], True),
        ("www", ['0 issue " letsencrypt.org ; accounturi=x"'], True),
        ("www", ['0 issue ";"'], False),
        ("www", ['0 iodef "mailto:a@b.example"'], True),
        ("www", ['0 issuewild "digicert.com"'], True),
        ("www", ['128 iodef "mailto:a@b.example"'], True),
        ("www", ['128 future "x"', LETS_ENCRYPT], False),
        ("www", ['0 future "x"', LETS_ENCRYPT], True),
        ("*", ['0 issuewild "digicert.com"', LETS_ENCRYPT], False),
        ("*", ['0 issuewild "letsencrypt.org"', OTHER], True),
        ("*", [LETS_ENCRYPT], True),
    ],
)
def test_caa(name: str, values: list[str], allowed: bool) -> None:
    found = caa.policy(caa_look(values), f"{name}.{ZONE}")
    assert found is not None
    assert found.has_permission(["letsencrypt.org"]) is allowed
