"""A required CNAME, ALIAS or ANAME record checked against what one server answers about its name.

At the apex of a zone the type can't be seen in DNS, so such a record is judged by where it leads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.dns import advice, cdns, parking, providers
from portal.dns.advice import AliasTarget
from portal.dns.findings import Check, Finding
from portal.dns.lookup import Lookup, Record
from portal.dns.messages import MessageCode, Param
from portal.dns.observations import Observation, describe_records
from portal.dns.records import RequiredRecord
from portal.dns.suffixes import find_registrable, is_delegated, is_within
from portal.dns.wildcards import has_own_records


@dataclass(frozen=True)
class Facts:
    """What a check knows beyond one server's answers.

    `may_be_flattened`: the platform has verified the domain, and a CNAME record was never seen at it. Then the DNS
    provider may fill in the target's addresses, which can change from one moment and place to the next.
    """

    lookup: Lookup
    required: tuple[RequiredRecord, ...]
    may_be_flattened: bool

    @property
    def zone(self) -> str | None:
        return self.lookup.zone


def check_alias(record: RequiredRecord, observed: Observation, facts: Facts) -> Check:
    if observed.cname:
        return _check_cname(record, observed, facts)
    if observed.addresses:
        return _check_flattened(record, observed, facts)
    if observed.others and not record.is_at_apex(facts.zone):
        return _report_conflict(record, observed, facts)
    return report_missing(record, observed, facts)


def _check_cname(record: RequiredRecord, observed: Observation, facts: Facts) -> Check:
    leads_there = record.value in observed.end.chain or _ends_at_target(record, observed, facts)
    if not leads_there:
        return _check_wrong_cname(record, observed, facts)
    if record.is_at_apex(facts.zone):
        return report_apex_cname(record, observed, facts)
    if observed.others:
        return _report_hidden(record, observed, facts)
    return report_correct(observed, through=observed.cname if observed.cname != record.value else None)


def _ends_at_target(record: RequiredRecord, observed: Observation, facts: Facts) -> bool:
    """Whether the CNAME leads to addresses of the target, but not by way of another app on the platform."""
    target = AliasTarget.read(facts.lookup, record.value)
    platform = find_registrable(record.value) or record.value
    is_other_app = any(is_within(host, platform) for host in observed.end.chain)
    addresses = {each.value for each in observed.end.addresses if not each.is_private}
    return not is_other_app and not observed.end.is_loop and bool(addresses & target.a)


def _check_wrong_cname(record: RequiredRecord, observed: Observation, facts: Facts) -> Check:
    if facts.zone and observed.cname == f"{record.value}.{facts.zone}":
        return Check(Finding.WRONG, MessageCode.WRONG_CNAME_ZONE, observed.found)
    if observed.is_from_wildcard:
        return report_missing(record, observed, facts)
    if not observed.end.is_known:
        return Check(Finding.NO_ANSWER, MessageCode.NO_ANSWER_CNAME, observed.found, {"found": observed.cname or ""})
    if record.is_at_apex(facts.zone):
        return report_apex_cname(record, observed, facts)
    if observed.has_other(*advice.KEPT_TYPES):
        return _report_conflict(record, observed, facts)
    is_own = any(facts.zone and is_within(host, facts.zone) for host in observed.end.chain[-1:])
    if facts.may_be_flattened and is_own and observed.end.addresses and not observed.end.is_loop:
        return _report_undecided(record, observed, observed.end.addresses)
    return report_wrong_cname(observed, MessageCode.WRONG_CNAME)


def _check_flattened(record: RequiredRecord, observed: Observation, facts: Facts) -> Check:
    target = AliasTarget.read(facts.lookup, record.value)
    found_a, found_aaaa = _list_values(observed.a), _list_values(observed.aaaa)
    if found_a & target.a or (not found_a and found_aaaa & target.aaaa):
        is_whole = found_a <= target.a and found_aaaa <= target.aaaa
        if is_whole or not observed.is_from_wildcard:
            return Check(Finding.FLATTENED, MessageCode.FLATTENED, observed.found)
    if observed.is_from_wildcard:
        return report_missing(record, observed, facts)
    if (check := check_unknown_addresses(observed.addresses, observed, facts)) is not None:
        return check
    if not target.is_known:
        return Check(Finding.NO_ANSWER, MessageCode.NO_ANSWER_TARGET, observed.found)
    if facts.may_be_flattened and _can_be_flattened(record, facts):
        return _report_undecided(record, observed, observed.addresses)
    if observed.others and not record.is_at_apex(facts.zone):
        return _report_conflict(record, observed, facts)
    is_by_address = advice.advise(record, facts.lookup)[0].type == "A"
    code = MessageCode.WRONG_VALUE if is_by_address else MessageCode.WRONG_ADDRESSES
    return Check(Finding.WRONG, code, observed.found, {"found": observed.found})


def _can_be_flattened(record: RequiredRecord, facts: Facts) -> bool:
    """Whether the DNS provider may fill in addresses itself: at least a known one is known not to, below an apex."""
    provider = providers.find_provider(facts.lookup.name_servers)
    return record.is_at_apex(facts.zone) or provider is None or provider.apex_type != ""


def _report_undecided(record: RequiredRecord, observed: Observation, addresses: Sequence[Record]) -> Check:
    values: dict[str, Param] = {"found": describe_records(addresses), "target": record.value}
    return Check(Finding.UNDECIDED, MessageCode.UNDECIDED_ADDRESSES, observed.found, values)


def _report_conflict(record: RequiredRecord, observed: Observation, facts: Facts) -> Check:
    """Other records are where a CNAME should be: those that have to stay decide what is possible."""
    records = (*observed.addresses, *observed.others)
    types = (*(("CNAME",) if observed.cname else ()), *advice.list_types(records))
    kept = tuple(each for each in types if each in advice.KEPT_TYPES)
    removable = tuple(each for each in types if each in ("A", "AAAA", "CNAME", "HTTPS"))
    found = (*(observed.found if observed.cname else ()), *describe_records(records))
    values: dict[str, Param] = {"others": advice.describe_purposes(types), "types": types, "kept": kept}
    if not kept:
        return Check(Finding.CONFLICT, MessageCode.CONFLICT_BEFORE, found, values)
    advised = advice.advise_beside_others(record, facts.lookup)
    code = MessageCode.CONFLICT_KEPT_BESIDE if removable else MessageCode.CONFLICT_KEPT
    return Check(Finding.CONFLICT, code, found, values | {"removed": removable}, advised)


def _report_hidden(record: RequiredRecord, observed: Observation, facts: Facts) -> Check:
    """The CNAME is right, but not alone."""
    types = advice.list_types(observed.others)
    found = (*observed.found, *describe_records(observed.others))
    kept = tuple(each for each in types if each in advice.KEPT_TYPES)
    values: dict[str, Param] = {"others": advice.describe_purposes(types), "types": types, "kept": kept}
    if not kept:
        return Check(Finding.HIDES_RECORDS, MessageCode.CONFLICT_BESIDE, found, values)
    advised = advice.advise_beside_others(record, facts.lookup)
    return Check(Finding.HIDES_RECORDS, MessageCode.CONFLICT_BESIDE_KEPT, found, values, advised)


def report_apex_cname(record: RequiredRecord, observed: Observation, facts: Facts) -> Check:
    """A CNAME at the apex hides at least SOA and NS, and e-mail gets lost (RFC 1912, 2.4)."""
    types = advice.list_types(observed.others)
    values: dict[str, Param] = {
        "found": observed.cname or "",
        "others": advice.describe_purposes(types),
        "kept": tuple(dict.fromkeys((*(each for each in types if each in advice.KEPT_TYPES), "NS", "SOA"))),
    }
    found = (*observed.found, *describe_records(observed.others))
    code = MessageCode.APEX_CNAME_MAIL if observed.has_other("MX") else MessageCode.APEX_CNAME
    expected = {each.value for each in facts.required if each.name == record.name}
    ends = {each.value for each in observed.end.addresses} | set(observed.end.chain)
    leads_there = bool(ends & expected) or _ends_at_target(record, observed, facts)
    advised = advice.advise_beside_others(record, facts.lookup)
    return Check(Finding.HIDES_RECORDS if leads_there else Finding.WRONG, code, found, values, advised)


def check_unknown_addresses(records: Sequence[Record], observed: Observation, facts: Facts) -> Check | None:
    """Addresses that are not the platform's, but known ones."""
    if (parked := parking.find_by_records(records)) is not None:
        values: dict[str, Param] = {"found": describe_records(records), "registrar": parked.registrar}
        return Check(Finding.PARKED, MessageCode.PARKED, observed.found, values | {"feature": parked.feature})
    names = {cdns.find_by_address(record.value) for record in records}
    if len(names) == 1 and (cdn := names.pop()) is not None:
        # Many hosts are behind such a network; only those whose DNS is there have a proxy to turn off.
        provider = providers.find_provider(facts.lookup.name_servers)
        is_own = provider is not None and provider.name == cdn
        code = MessageCode.PROXIED if is_own else MessageCode.PROXIED_ELSEWHERE
        return Check(Finding.PROXIED, code, observed.found, {"cdn": cdn, "found": describe_records(records)})
    if all(record.is_private for record in records):
        return Check(Finding.WRONG, MessageCode.WRONG_PRIVATE, observed.found)
    return None


def report_correct(observed: Observation, *, through: str | None = None) -> Check:
    if through is None:
        return Check(Finding.CORRECT, MessageCode.CORRECT, observed.found)
    return Check(Finding.CORRECT, MessageCode.CORRECT_THROUGH, observed.found, {"through": through})


def report_wrong_cname(observed: Observation, code: MessageCode) -> Check:
    if observed.end.is_loop:
        return Check(Finding.WRONG, MessageCode.WRONG_LOOP, observed.found)
    found = observed.cname or ""
    parked = parking.find_by_hosts(observed.end.chain)
    if parked is not None:
        values: dict[str, Param] = {"found": observed.found, "registrar": parked.registrar, "feature": parked.feature}
        return Check(Finding.PARKED, MessageCode.PARKED, observed.found, values)
    cdn = next((name for host in observed.end.chain if (name := cdns.find_by_host(host))), None)
    if cdn is not None:
        return Check(Finding.PROXIED, MessageCode.PROXIED_CNAME, observed.found, {"cdn": cdn, "found": found})
    return Check(Finding.WRONG, code, observed.found, {"found": found})


def report_missing(record: RequiredRecord, observed: Observation, facts: Facts) -> Check:
    """Missing, or set at the name with the zone appended twice, or a wildcard answers in its place."""
    if facts.zone and is_within(record.name, facts.zone):
        doubled = f"{record.name}.{facts.zone}"
        # A CNAME record can't be moved to the apex, nor is a record of another value the one that is missing.
        addresses = ("A", "AAAA") if record.is_at_apex(facts.zone) else ("CNAME", "A", "AAAA")
        types = addresses if record.is_alias else (record.type,)
        for each in types:
            answer = observed.server.find_answered(doubled, each)
            is_meant = answer and not answer.chain and (record.is_alias or record.value in answer.values)
            if answer and is_meant and has_own_records(observed.server, doubled, each, facts.lookup.probe):
                shown = describe_records(answer.records)
                return Check(Finding.MISSING, MessageCode.MISSING_ZONE_TWICE, shown, {"twice": doubled})
    if observed.is_from_wildcard and (observed.cname or observed.addresses):
        return Check(Finding.MISSING, MessageCode.MISSING_WILDCARD, observed.found, {"found": observed.found})
    code = MessageCode.MISSING_DELEGATED if is_delegated(facts.zone) else MessageCode.MISSING
    return Check(Finding.MISSING, code, observed.found)


def _list_values(records: Sequence[Record]) -> frozenset[str]:
    return frozenset(record.value for record in records if not record.is_private)
