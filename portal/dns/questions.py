"""The questions of a lookup: about the domain, its zone and the platform's target. Nothing else is looked up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.dns import wildcards
from portal.dns.lookup import Question
from portal.dns.records import RequiredRecord, normalize_host
from portal.dns.suffixes import find_registrable, is_within, list_levels, list_parents

MAX_NAMES = 4
MAX_TARGETS = 2
MAX_LEVELS = 12  # Let's Encrypt, for one, issues certificates for names of at most 10 labels.
MAX_NAME_LENGTH = 253
WEB_TYPES = ("A", "AAAA", "CNAME")
# What else a name may have. None of them can exist beside a CNAME record (RFC 1034, 3.6.2).
OTHER_TYPES = ("CAA", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SRV", "SSHFP", "TXT")


class LookupRefused(ValueError):
    """The name is not a domain, so it is not looked up."""


@dataclass(frozen=True)
class Questions:
    """`levels` are the names at which the zone may begin, `caa_levels` those whose CAA records may apply, up to the
    top-level domain; `names` the domain and the names of its required records; `records` the questions for required
    records other than aliases, `targets` the hosts of the aliases; `probe` a random label.
    """

    name: str
    registrable: str
    levels: tuple[str, ...]
    caa_levels: tuple[str, ...]
    names: tuple[str, ...]
    records: tuple[Question, ...]
    targets: tuple[str, ...]
    probe: str

    @classmethod
    def plan(cls, name: str, required: Sequence[RequiredRecord], *, probe: str) -> Questions:
        """Raises LookupRefused."""
        base = name.removeprefix("*.")
        registrable = find_registrable(base)
        if registrable is None or normalize_host(base) != base:
            raise LookupRefused(name)
        inside = [record for record in required if is_within(record.name, registrable)]
        return cls(
            name=name,
            registrable=registrable,
            levels=list_levels(base)[-MAX_LEVELS:],
            caa_levels=list_parents(base)[-MAX_LEVELS:],
            names=tuple(dict.fromkeys([name, *(record.name for record in inside)]))[:MAX_NAMES],
            records=tuple(Question(record.name, record.type) for record in inside if not record.is_alias),
            targets=tuple(dict.fromkeys(record.value for record in inside if record.is_alias))[:MAX_TARGETS],
            probe=probe,
        )

    def about_zone(self) -> tuple[Question, ...]:
        return tuple(Question(level, "NS") for level in self.levels)

    def for_resolvers(self) -> tuple[Question, ...]:
        return (
            *self.about_zone(),
            *(Question(name, each) for name in self.names for each in WEB_TYPES),
            *self.records,
            *self.about_caa(),
            *(Question(level, "DS") for level in self.levels),
            *(Question(target, each) for target in self.targets for each in ("A", "AAAA")),
            *self._list_probes(self.registrable, WEB_TYPES),
        )

    def for_name_servers(self, zone: str) -> tuple[Question, ...]:
        names = [name for name in self.names if is_within(name, zone)]
        return (
            *(Question(name, each) for name in names for each in (*WEB_TYPES, *OTHER_TYPES)),
            *(Question(zone, each) for each in WEB_TYPES),
            *(question for question in self.records if is_within(question.name, zone)),
            *(question for question in self.about_caa() if is_within(question.name, zone)),
            Question(zone, "SOA"),
            *self._list_probes(zone, (*WEB_TYPES, *OTHER_TYPES)),
            *self._list_doubled(zone),
        )

    def about_essentials(self) -> tuple[Question, ...]:
        """The questions that must be answered before any record can be diagnosed."""
        return (*(Question(name, each) for name in self.names for each in ("A", "CNAME")), *self.records)

    def about_caa(self) -> tuple[Question, ...]:
        return tuple(Question(level, "CAA") for level in self.caa_levels)

    def _list_probes(self, zone: str, types: Sequence[str]) -> Iterator[Question]:
        """What tells a record of a name from that of a wildcard."""
        for name in self.names:
            sibling = wildcards.get_sibling(name, self.probe)
            if name != zone and is_within(sibling, zone):
                yield from (Question(sibling, each) for each in types)
                yield Question(wildcards.get_child(name, self.probe), "A")

    def _list_doubled(self, zone: str) -> Iterator[Question]:
        """The names with the zone appended twice, the most common mistake in DNS providers' forms."""
        for name in self.names:
            doubled = f"{name}.{zone}"
            if is_within(name, zone) and "*" not in name and len(doubled) < MAX_NAME_LENGTH - len(self.probe):
                types = {*WEB_TYPES, *(question.type for question in self.records if question.name == name)}
                for each in sorted(types):
                    yield Question(doubled, each)
                    yield Question(wildcards.get_sibling(doubled, self.probe), each)
