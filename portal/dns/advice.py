"""What to enter at the DNS provider for a required record, and what other records at its name are for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.dns import providers
from portal.dns.lookup import Lookup, Record
from portal.dns.messages import Message, MessageCode, Param
from portal.dns.records import RequiredRecord
from portal.dns.suffixes import is_delegated

# Without these, e-mail or the zone itself stops working, so nobody is advised to remove them.
KEPT_TYPES = ("MX", "NS", "SOA")
_PURPOSES = {
    "A": MessageCode.PURPOSE_WEBSITE,
    "AAAA": MessageCode.PURPOSE_WEBSITE,
    "CAA": MessageCode.PURPOSE_CERTIFICATES,
    "CNAME": MessageCode.PURPOSE_WEBSITE,
    "HTTPS": MessageCode.PURPOSE_WEBSITE,
    "MX": MessageCode.PURPOSE_MAIL,
    "NS": MessageCode.PURPOSE_ZONE,
    "SRV": MessageCode.PURPOSE_SERVICES,
    "TXT": MessageCode.PURPOSE_TEXT,
}


@dataclass(frozen=True)
class AdvisedRecord:
    """Type and value as the form of the DNS provider wants them."""

    type: str
    value: str


@dataclass(frozen=True)
class AliasTarget:
    """The addresses of the host that an alias should point to. `answered` are the types a resolver answered about."""

    a: frozenset[str]
    aaaa: frozenset[str]
    answered: frozenset[str]

    @classmethod
    def read(cls, lookup: Lookup, host: str) -> AliasTarget:
        answers = {each: list(lookup.iterate_resolver_answers(host, each)) for each in ("A", "AAAA")}
        values = {each: frozenset(value for answer in found for value in answer.values)
                  for each, found in answers.items()}  # fmt: skip
        return cls(values["A"], values["AAAA"], frozenset(each for each, found in answers.items() if found))

    @property
    def is_known(self) -> bool:
        return bool(self.a or self.aaaa)

    def knows(self, record_type: str) -> bool:
        return record_type in self.answered

    def get(self, record_type: str) -> frozenset[str]:
        return self.a if record_type == "A" else self.aaaa


def advise(record: RequiredRecord, lookup: Lookup | None) -> tuple[AdvisedRecord, ...]:
    """An alias at the apex of a zone can't be a CNAME record (RFC 1912, 2.4): it depends on the DNS provider."""
    if not record.is_alias or not record.is_at_apex(lookup.zone if lookup else None):
        return (AdvisedRecord(record.type, record.value),)
    if lookup is None:
        return (AdvisedRecord("ALIAS", record.value),)
    provider = providers.find_provider(lookup.name_servers)
    apex_type = provider.apex_type if provider else None
    if apex_type == "":
        return _list_addresses(record, lookup) or (AdvisedRecord("ALIAS", record.value),)
    return (AdvisedRecord(apex_type or "ALIAS", record.value),)


def advise_beside_others(record: RequiredRecord, lookup: Lookup) -> tuple[AdvisedRecord, ...]:
    """What can take the place of a CNAME record where other records have to stay."""
    if not record.is_alias:
        return (AdvisedRecord(record.type, record.value),)
    provider = providers.find_provider(lookup.name_servers)
    apex_type = provider.apex_type if provider else None
    is_alias_likely = apex_type is None and record.is_at_apex(lookup.zone)
    if apex_type in ("ALIAS", "ANAME") or is_alias_likely:
        return (AdvisedRecord(apex_type or "ALIAS", record.value),)
    return _list_addresses(record, lookup) or (AdvisedRecord("ALIAS", record.value),)


def locate_label(label: str, zone: str | None) -> Param:
    """In a zone below the domain, the label alone could be taken for that of another name of the domain."""
    return Message.build(MessageCode.LABEL_IN_ZONE, label=label, zone=zone) if zone and is_delegated(zone) else label


def get_values(advised: Iterable[AdvisedRecord]) -> dict[str, Param]:
    """The values of a message that says what to enter."""
    listed = list(advised)
    return {"type": listed[0].type, "value": ", ".join(each.value for each in listed)}


def describe_purposes(types: Iterable[str]) -> tuple[Message, ...]:
    """The types of records, each with what such records are for."""
    return tuple(
        Message.build(
            MessageCode.RECORD_AND_PURPOSE,
            type=each,
            purpose=Message(_PURPOSES.get(each, MessageCode.PURPOSE_OTHER)),
        )
        for each in dict.fromkeys(types)
    )


def list_types(records: Iterable[Record]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(record.type for record in records))


def _list_addresses(record: RequiredRecord, lookup: Lookup) -> tuple[AdvisedRecord, ...]:
    """The target's IPv4 addresses: one type is enough to reach it, and fewer records are easier to keep right."""
    target = AliasTarget.read(lookup, record.value)
    return tuple(AdvisedRecord("A", each) for each in sorted(target.a))
