"""A required A, AAAA, TXT or other record checked against what one server answers about its name."""

from __future__ import annotations

import re

from portal.dns.alias_checks import (
    Facts,
    check_unknown_addresses,
    report_apex_cname,
    report_correct,
    report_missing,
    report_wrong_cname,
)
from portal.dns.findings import Check, Finding
from portal.dns.lookup import Answer
from portal.dns.messages import MessageCode, Param
from portal.dns.observations import Observation, describe_records
from portal.dns.records import RequiredRecord
from portal.dns.wildcards import has_own_records

MAX_SHOWN_LENGTH = 120
_QUOTES = re.compile('["\'`“”„‟‘’‚«»]|\\\\(?=")')


def check_address(record: RequiredRecord, observed: Observation, facts: Facts) -> Check:
    """Check an A or AAAA record. The addresses of all required records of the name are expected."""
    expected = {each.value for each in facts.required if each.name == record.name and each.type in ("A", "AAAA")}
    if observed.cname:
        return _check_cname(record, observed, facts, expected)
    present = observed.a if record.type == "A" else observed.aaaa
    values = {each.value for each in present if not each.is_private}
    if observed.is_from_wildcard and not {each.value for each in observed.addresses} <= expected:
        return report_missing(record, observed, facts)
    if record.value in values:
        return report_correct(observed)
    unknown = [each for each in present if each.value not in expected]
    # Each unknown record is replaced by one of the missing ones, so that each is to be replaced only once.
    missing = [each for each in facts.required if (each.name, each.type) == (record.name, record.type)]
    missing = [each for each in missing if each.value not in values]
    replaced = describe_records(unknown[missing.index(record) :: len(missing)])
    if not replaced:
        return report_missing(record, observed, facts)
    wrong = Check(Finding.WRONG, MessageCode.WRONG_VALUE, observed.found, {"found": replaced})
    return check_unknown_addresses(unknown, observed, facts) or wrong


def _check_cname(record: RequiredRecord, observed: Observation, facts: Facts, expected: set[str]) -> Check:
    if record.is_at_apex(facts.zone):
        return report_apex_cname(record, observed, facts)
    ends = {each.value for each in observed.end.addresses if not each.is_private}
    if ends & expected and (ends <= expected or not observed.is_from_wildcard):
        return report_correct(observed, through=observed.cname)
    if observed.is_from_wildcard:
        return report_missing(record, observed, facts)
    if not observed.end.is_known:
        return Check(Finding.NO_ANSWER, MessageCode.NO_ANSWER_CNAME, observed.found, {"found": observed.cname or ""})
    return report_wrong_cname(observed, MessageCode.WRONG_IS_CNAME)


def check_text(record: RequiredRecord, observed: Observation, facts: Facts) -> Check | None:
    """Check a TXT record or any other type with several values at a name. None if the server gave no answer."""
    answer = observed.server.find_answered(record.name, record.type)
    if answer is None:
        return None
    if observed.server.is_authoritative and observed.cname:
        # The name's own server does not know the records of another zone.
        through = facts.lookup.iterate_resolver_answers(record.name, record.type)
        answer = next((each for each in through if each.chain[:1] == (observed.cname,)), None)
        if answer is None:
            return Check(Finding.NO_ANSWER, MessageCode.NO_ANSWER_CNAME, observed.found, {"found": observed.cname})
    found = tuple(f"{each.type} {each.value[:MAX_SHOWN_LENGTH]}" for each in answer.records)
    # TXT values are tokens; the others hold host names.
    normalize = str if record.type == "TXT" else str.casefold
    if normalize(record.value) in {normalize(each.value) for each in answer.records}:
        return _report_text(record, observed)
    probe = facts.lookup.probe
    is_own = not observed.is_from_wildcard and has_own_records(observed.server, record.name, record.type, probe)
    if observed.cname and not observed.is_from_wildcard:
        return Check(Finding.WRONG, MessageCode.WRONG_IS_CNAME, observed.found, {"found": observed.cname})
    if is_own and (difference := _find_difference(record, answer)) is not None:
        code, near = difference
        return Check(Finding.WRONG, code, found, {"found": near})
    if answer.records and record.name.startswith("_") and is_own:
        return Check(Finding.WRONG, MessageCode.WRONG_VALUE, found, {"found": found})
    return report_missing(record, observed, facts)


def _report_text(record: RequiredRecord, observed: Observation) -> Check:
    found = (f"{record.type} {record.value[:MAX_SHOWN_LENGTH]}",)
    if observed.cname:
        values: dict[str, Param] = {"through": observed.cname}
        return Check(Finding.CORRECT, MessageCode.CORRECT_TEXT_THROUGH, found, values)
    return Check(Finding.CORRECT, MessageCode.CORRECT, found)


def _find_difference(record: RequiredRecord, answer: Answer) -> tuple[MessageCode, str] | None:
    """The value that is meant to be the required one, and how it differs: quotes, spaces, or capital letters."""

    def simplify(value: str) -> str:
        return "".join(_QUOTES.sub("", value).split()).casefold()

    for each in answer.records:
        if record.type != "TXT" or simplify(each.value) != simplify(record.value):
            continue
        shown = f'{each.type} "{each.value[:MAX_SHOWN_LENGTH]}"'
        if _QUOTES.sub("", each.value).strip() == _QUOTES.sub("", record.value).strip():
            has_quotes = _QUOTES.sub("", each.value) != each.value
            return (MessageCode.WRONG_QUOTES if has_quotes else MessageCode.WRONG_SPACES), shown
        is_spaced = "".join(each.value.split()) == "".join(record.value.split())
        return (MessageCode.WRONG_SPACES if is_spaced else MessageCode.WRONG_CASE), shown
    return None
