"""Anything may come back from DNS: any record values, any bytes, any zone."""

from __future__ import annotations

import dns.message
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import dns as portal_dns
from portal.dns import caa
from portal.dns.lookup import Answer, Lookup, Outcome, Question, Record, ServerAnswers
from portal.dns.queries import PARSE_ERRORS
from portal.dns.responses import parse_response
from portal.services.domains.messages import word_fix, word_message
from tests.dns.network import APEX, LOOKED_UP_AT, NOW, TARGET, WWW, ZONE, Network

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
TXT = portal_dns.parse_required_records(f"www.{ZONE}", dns_records=[{"type": "TXT", "name": "_x.www", "value": "y"}])
REQUIRED = (*WWW, *APEX, *TXT)


def require_wording(report: portal_dns.Report) -> None:
    for diagnosis in report.diagnoses:
        assert diagnosis.is_correct or word_fix(diagnosis.message)
        for text in (word_message(diagnosis.message), word_fix(diagnosis.message), word_message(diagnosis.found_at)):
            assert text.isprintable()
        assert word_message(diagnosis.message)
    for platform_status in ("pending", "active", "failed", "?"):
        status = portal_dns.get_status(platform_status, report)
        assert all(word_message(item.message) for item in (status.ownership, status.dns, status.certificate))


# A server that still answers the previous zone shuffles its records, which Hypothesis takes for a strategy's doing.
@pytest.mark.filterwarnings("ignore:Do not use the .random. module")
@given(www=st.lists(RECORDS, max_size=5), apex=st.lists(RECORDS, max_size=5), text=st.lists(RECORDS, max_size=3))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_zone_is_diagnosed(
    network: Network, www: list[dict[str, str]], apex: list[dict[str, str]], text: list[dict[str, str]]
) -> None:
    network.clear()
    network.publish("")
    for book in (network.public, network.first, network.second):
        book.set(f"www.{ZONE}", www, None)
        book.set(f"_x.www.{ZONE}", text, None)
        served = [{"type": "NS", "value": f"ns{number}.{ZONE}"} for number in (1, 2)]
        book.set(ZONE, [*(each for each in apex if each["type"] not in ("NS", "CNAME")), *served], None)
    require_wording(network.diagnose(REQUIRED, f"www.{ZONE}"))


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
SERVERS = st.builds(
    ServerAnswers,
    st.just("ns1.example"),
    st.just("192.0.2.1"),
    st.booleans(),
    st.lists(ANSWERS, max_size=12).map(tuple),
)


@given(
    servers=st.lists(SERVERS, max_size=4).map(tuple),
    zone=st.sampled_from([None, ZONE, f"www.{ZONE}"]),
    outcome=st.sampled_from(Outcome),
    cname_targets=st.lists(ANSWERS, max_size=2).map(tuple),
)
@settings(max_examples=120)
def test_any_lookup_is_diagnosed(
    servers: tuple[ServerAnswers, ...], zone: str | None, outcome: Outcome, cname_targets: tuple[Answer, ...]
) -> None:
    lookup = Lookup(f"www.{ZONE}", LOOKED_UP_AT, 1, zone, outcome, (), (), servers, cname_targets)
    report = portal_dns.diagnose(lookup, REQUIRED, now=NOW)
    require_wording(report)
    answers = [answer for server in servers for answer in server.answers if answer.outcome.is_answer]
    if not answers and outcome is not Outcome.NXDOMAIN:
        assert portal_dns.get_status("active", report).dns.state is portal_dns.State.UNKNOWN


@given(noise=st.binary(max_size=200), kind=st.sampled_from(KINDS), places=st.lists(st.integers(0, 400), max_size=8))
@settings(max_examples=400)
def test_any_bytes_are_parsed_or_ignored(noise: bytes, kind: str, places: list[int]) -> None:
    query = dns.message.make_query(f"www.{ZONE}", kind)
    whole = bytearray(dns.message.make_response(query).to_wire() + noise)
    whole[6:8] = len(noise).to_bytes(2, "big")
    for place in places:
        whole[2 + place % (len(whole) - 2)] ^= 0x55
    try:
        message = dns.message.from_wire(bytes(whole), ignore_trailing=True)
    except PARSE_ERRORS:
        return
    found = parse_response(message, Question(f"www.{ZONE}", kind), recursive=True)
    assert all(record.value.isprintable() for record in found.records)


@given(values=st.lists(st.text(max_size=40) | VALUES["CAA"], max_size=5))
def test_any_caa_record_is_parsed(values: list[str]) -> None:
    for problem in caa.list_problems(query_caa(ZONE, values), ["letsencrypt.org"]):
        assert word_message(problem.message)
        assert word_fix(problem.message)


def query_caa(name: str, values: list[str]) -> Lookup:
    records = tuple(Record("CAA", value) for value in values)
    server = ServerAnswers("ns1", "192.0.2.1", True, (Answer(ZONE, "CAA", Outcome.ANSWER, records),))
    return Lookup(name, LOOKED_UP_AT, 1, ZONE, Outcome.ANSWER, (), (), (server,))


OURS, OTHER = '0 issue "letsencrypt.org"', '0 issue "digicert.com"'
FORBIDDEN, RESTRICTED = ["caa_forbids"], ["caa_restricts"]


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("www", [OURS], []),
        ("www", [OTHER], FORBIDDEN),
        ("www", [OTHER, OURS], []),
        ("www", ['0 ISSUE "LetsEncrypt.org"'], []),
        ("www", ['1 issue " letsencrypt.org ;\t"'], []),
        ("www", ['128 issue "letsencrypt.org"'], []),
        ("www", ['0 issue "letsencrypt.org; policy=ev"'], []),
        ("www", ['0 issue "letsencrypt.org; accounturi=x"'], RESTRICTED),
        ("www", ['0 issue "letsencrypt.org;validationmethods=http-01;"'], RESTRICTED),
        ("www", ['0 issue "letsencrypt.org; accounturi=x"', OURS], []),
        ("www", ['0 issue "digicert.com; accounturi=x"'], FORBIDDEN),
        # A value that the grammar does not allow forbids all (RFC 8659, 4.2).
        ("www", ['0 issue "letsencrypt.org."'], FORBIDDEN),
        ("www", ['0 issue "letsencrypt.org digicert.com"'], FORBIDDEN),
        ("www", ['0 issue "\\"letsencrypt.org\\""'], FORBIDDEN),
        ("www", ['0 issue "letsencrypt.org; account uri=x"'], FORBIDDEN),
        ("www", ['0 issue ";"'], FORBIDDEN),
        ("www", ['0 issue ""'], FORBIDDEN),
        ("www", ['0 issue ";"', OURS], []),
        ("www", ['0 iodef "mailto:a@b.example"'], []),
        ("www", ['0 issuewild "digicert.com"'], []),
        ("www", ['128 iodef "mailto:a@b.example"'], []),
        ("www", ['128 future "x"', OURS], FORBIDDEN),
        ("www", ['0 future "x"', OURS], []),
        ("www", ['1 future "x"', OURS], []),
        ("*", ['0 issuewild "digicert.com"', OURS], FORBIDDEN),
        ("*", ['0 issuewild ";"', OURS], FORBIDDEN),
        ("*", ['0 issuewild "letsencrypt.org"', OTHER], []),
        ("*", [OURS], []),
        ("*", [OTHER], FORBIDDEN),
    ],
)
def test_caa(name: str, values: list[str], found: list[str]) -> None:
    problems = caa.list_problems(query_caa(f"{name}.{ZONE}", values), ["letsencrypt.org"])
    assert [problem.finding for problem in problems] == found
