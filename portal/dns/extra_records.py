"""Other addresses beside the required ones, at any of the name servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.dns.advice import AliasTarget, locate_label
from portal.dns.alias_checks import Facts
from portal.dns.findings import Finding
from portal.dns.lookup import Lookup, Record
from portal.dns.messages import Message, MessageCode
from portal.dns.observations import Found, Observation, describe_records, list_observations
from portal.dns.suffixes import is_within, relative_name


@dataclass(frozen=True)
class ExtraRecords:
    finding: Finding
    message: Message
    found: Found
    host: str


def list_extra_records(facts: Facts) -> list[ExtraRecords]:
    extras, lookup = [], facts.lookup
    for name in dict.fromkeys(record.name for record in facts.required):
        observations = list_observations(lookup, lookup.authoritative, name)
        observations = observations or list_observations(lookup, lookup.resolvers, name)[:1]
        for finding, code, code_at in (
            (Finding.EXTRA, MessageCode.EXTRA, MessageCode.EXTRA_AT),
            (Finding.STALE_AAAA, MessageCode.STALE_AAAA, MessageCode.STALE_AAAA_AT),
        ):
            having = [(each, extra) for each in observations if (extra := _list_extra(facts, each, finding))]
            if having:
                hosts = tuple(observed.server.host for observed, _ in having)
                is_everywhere = len(having) == len(observations)
                unique = {(each.type, each.value): each for _, extra in having for each in extra}
                found = describe_records(unique.values())
                owner = _get_owner(having[0][0])
                label = locate_label(relative_name(owner, lookup.zone or owner), lookup.zone)
                message = Message.build(
                    code if is_everywhere else code_at, name=owner, label=label, found=found, hosts=hosts
                )
                extras.append(ExtraRecords(finding, message, found, hosts[0]))
    return extras


def _list_extra(facts: Facts, observed: Observation, finding: Finding) -> list[Record]:
    """Only beside correct addresses: otherwise the diagnosis of the record that is missing says what to replace."""
    if observed.is_from_wildcard:
        return []
    record_type = "A" if finding is Finding.EXTRA else "AAAA"
    records = [record for record in facts.required if record.name == observed.name]
    targets = [AliasTarget.read(facts.lookup, record.value) for record in records if record.is_alias]
    if any(not each.knows(record_type) for each in targets):
        return []
    if facts.may_be_flattened and any(each.get(record_type) for each in targets):
        # The DNS provider may have filled in addresses that the target has elsewhere, or had a moment ago.
        return []
    expected = {record.value for record in records if record.type in ("A", "AAAA")}
    expected = expected.union(*(each.a | each.aaaa for each in targets))
    addresses = list(_list_addresses(facts.lookup, observed))
    values = {record.value for record in addresses}
    missing = {each.type for each in records if each.value not in values} if observed.cname is None else set()
    if record_type in missing or not ({each.value for each in addresses if each.type == "A"} or values) & expected:
        return []
    return [each for each in addresses if each.type == record_type and each.value not in expected]


def _list_addresses(lookup: Lookup, observed: Observation) -> Iterator[Record]:
    """Of the name itself, or of the name in the same zone to which its CNAME leads."""
    if observed.cname is None:
        yield from observed.addresses
    elif observed.end.chain and lookup.zone and is_within(observed.end.chain[-1], lookup.zone):
        yield from observed.end.addresses


def _get_owner(observed: Observation) -> str:
    return observed.end.chain[-1] if observed.cname else observed.name
