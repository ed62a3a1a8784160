"""One required record checked against what one server answers about its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from portal.dns import cdns
from portal.dns.lookup import Lookup, Record
from portal.dns.messages import MessageCode, Param
from portal.dns.observations import Found, Observation, describe_records
from portal.dns.records import RequiredRecord
from portal.dns.suffixes import is_within

MAX_SHOWN_LENGTH = 120


class Finding(StrEnum):
    """CORRECT and FLATTENED are good. NO_ANSWER says nothing about the domain."""

    CAA_FORBIDS = "caa_forbids"
    CONFLICT = "conflict"
    CORRECT = "correct"
    EXTRA = "extra"
    FLATTENED = "flattened"
    MISSING = "missing"
    NO_ANSWER = "no_answer"
    NO_ZONE = "no_zone"
    PROPAGATING = "propagating"
    PROXIED = "proxied"
    STALE_AAAA = "stale_aaaa"
    UNRESOLVABLE = "unresolvable"
    WRONG = "wrong"

    @property
    def is_correct(self) -> bool:
        return self in (Finding.CORRECT, Finding.FLATTENED)


@dataclass(frozen=True)
class Check:
    """`values` are those of the message beyond what the required record itself gives."""

    finding: Finding
    code: MessageCode
    found: Found = ()
    values: dict[str, Param] = field(default_factory=dict)


@dataclass(frozen=True)
class AliasTarget:
    """The addresses of the host that an alias should point to. Not `is_known`: no resolver answered about it."""

    a: frozenset[str]
    aaaa: frozenset[str]
    is_known: bool

    @classmethod
    def read(cls, lookup: Lookup, host: str) -> AliasTarget:
        a, aaaa = (list(lookup.iterate_resolver_answers(host, each)) for each in ("A", "AAAA"))
        return cls(
            frozenset(value for answer in a for value in answer.values),
            frozenset(value for answer in aaaa for value in answer.values),
            bool(a),
        )


def check_alias(record: RequiredRecord, observed: Observation, lookup: Lookup) -> Check:
    """Check a CNAME, ALIAS or ANAME record, for which a DNS provider may return the target's addresses."""
    if observed.cname:
        return _check_cname(record, observed, lookup)
    if observed.addresses:
        return _check_flattened(record, observed, lookup)
    if observed.others and not record.is_at_apex(lookup.zone):
        return Check(Finding.CONFLICT, MessageCode.CONFLICT_BEFORE, observed.others, {"others": observed.others})
    return _report_missing(record, observed, lookup)


def _check_cname(record: RequiredRecord, observed: Observation, lookup: Lookup) -> Check:
    if record.value not in observed.chain:
        if lookup.zone and observed.cname == f"{record.value}.{lookup.zone}":
            return Check(Finding.WRONG, MessageCode.WRONG_CNAME_ZONE, observed.found)
        return _report_wrong_cname(observed, MessageCode.WRONG_CNAME)
    if observed.others:
        return Check(Finding.CONFLICT, MessageCode.CONFLICT_BESIDE, observed.found, {"others": observed.others})
    return _report_correct(observed, through=observed.cname if observed.cname != record.value else None)


def _check_flattened(record: RequiredRecord, observed: Observation, lookup: Lookup) -> Check:
    target = AliasTarget.read(lookup, record.value)
    if (_list_values(observed.a) & target.a) or (not observed.a and _list_values(observed.aaaa) & target.aaaa):
        return Check(Finding.FLATTENED, MessageCode.FLATTENED, observed.found)
    if (check := _check_unknown_addresses(observed.addresses, observed)) is not None:
        return check
    if not target.is_known:
        return Check(Finding.NO_ANSWER, MessageCode.NO_ANSWER_TARGET, observed.found)
    return Check(Finding.WRONG, MessageCode.WRONG_ADDRESSES, observed.found, {"found": observed.found})


def check_address(
    record: RequiredRecord, observed: Observation, lookup: Lookup, required: Sequence[RequiredRecord]
) -> Check:
    """Check an A or AAAA record. `required` are all records of the domain: their addresses are expected as well."""
    expected = {each.value for each in required if each.name == record.name and each.type in ("A", "AAAA")}
    if observed.cname:
        ends = _list_values(observed.chain_ends)
        if ends and ends <= expected:
            return _report_correct(observed, through=observed.cname)
        return _report_wrong_cname(observed, MessageCode.WRONG_IS_CNAME)
    present = observed.a if record.type == "A" else observed.aaaa
    if record.value in _list_values(present):
        return _report_correct(observed)
    unknown = [each for each in present if each.value not in expected]
    # Each unknown record is replaced by one of the missing ones, so that each is to be replaced only once.
    missing = [each for each in required if (each.name, each.type) == (record.name, record.type)]
    missing = [each for each in missing if each.value not in _list_values(present)]
    replaced = describe_records(unknown[missing.index(record) :: len(missing)])
    if not replaced:
        return _report_missing(record, observed, lookup)
    wrong = Check(Finding.WRONG, MessageCode.WRONG_VALUE, observed.found, {"found": replaced})
    return _check_unknown_addresses(unknown, observed) or wrong


def _check_unknown_addresses(records: Sequence[Record], observed: Observation) -> Check | None:
    names = {cdns.find_by_address(record.value) for record in records}
    if len(names) == 1 and (cdn := names.pop()) is not None:
        return Check(Finding.PROXIED, MessageCode.PROXIED, observed.found, {"cdn": cdn})
    if all(record.is_private for record in records):
        return Check(Finding.WRONG, MessageCode.WRONG_PRIVATE, observed.found)
    return None


def check_text(record: RequiredRecord, observed: Observation, lookup: Lookup) -> Check | None:
    """Check a TXT record or any other type with several values at a name. None if the server gave no answer."""
    answer = observed.server.find_answered(record.name, record.type)
    if answer is None:
        return None
    found = tuple(f"{each.type} {each.value[:MAX_SHOWN_LENGTH]}" for each in answer.records)
    # TXT values are tokens; the others hold host names.
    normalize = str if record.type == "TXT" else str.casefold
    if normalize(record.value) in {normalize(each.value) for each in answer.records}:
        return Check(Finding.CORRECT, MessageCode.CORRECT, (f"{record.type} {record.value[:MAX_SHOWN_LENGTH]}",))
    if answer.records and record.name.startswith("_"):
        return Check(Finding.WRONG, MessageCode.WRONG_VALUE, found, {"found": found})
    return _report_missing(record, observed, lookup, found)


def _report_correct(observed: Observation, *, through: str | None = None) -> Check:
    if through is None:
        return Check(Finding.CORRECT, MessageCode.CORRECT, observed.found)
    return Check(Finding.CORRECT, MessageCode.CORRECT_THROUGH, observed.found, {"through": through})


def _report_wrong_cname(observed: Observation, code: MessageCode) -> Check:
    if observed.is_loop:
        return Check(Finding.WRONG, MessageCode.WRONG_LOOP, observed.found)
    found = observed.cname or ""
    cdn = next((name for host in observed.chain if (name := cdns.find_by_host(host))), None)
    if cdn is not None:
        return Check(Finding.PROXIED, MessageCode.PROXIED_CNAME, observed.found, {"cdn": cdn, "found": found})
    return Check(Finding.WRONG, code, observed.found, {"found": found})


def _report_missing(record: RequiredRecord, observed: Observation, lookup: Lookup, found: Found = ()) -> Check:
    """Missing, or set at the name with the zone appended twice."""
    if lookup.zone and is_within(record.name, lookup.zone):
        twice = f"{record.name}.{lookup.zone}"
        for record_type in ("CNAME", "A"):
            answer = observed.server.find_answered(twice, record_type)
            if answer and answer.records:
                shown = describe_records(answer.records)
                return Check(Finding.MISSING, MessageCode.MISSING_ZONE_TWICE, shown, {"twice": twice})
    return Check(Finding.MISSING, MessageCode.MISSING, found or observed.found)


def _list_values(records: Sequence[Record]) -> frozenset[str]:
    return frozenset(record.value for record in records if not record.is_private)
