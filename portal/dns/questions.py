"""The questions of a lookup: about the domain, its zone and the platform's target. Nothing else is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.dns.lookup import Question
from portal.dns.records import RequiredRecord, normalize_host
from portal.dns.suffixes import find_registrable, is_within, list_levels

MAX_NAMES = 4
MAX_TARGETS = 2
MAX_LEVELS = 6
MAX_NAME_LENGTH = 253
TYPES_AT_A_NAME = ("A", "AAAA", "CNAME", "TXT", "MX", "NS")


class LookupRefused(ValueError):
    """The name is not a domain, so it is not looked up."""


@dataclass(frozen=True)
class Questions:
    """`levels` are the names at which the zone may begin, `names` the domain and the names of its required records,
    `records` the questions for required records other than aliases, `targets` the hosts of the aliases.
    """

    name: str
    registrable: str
    levels: tuple[str, ...]
    names: tuple[str, ...]
    records: tuple[Question, ...]
    targets: tuple[str, ...]

    @classmethod
    def plan(cls, name: str, required: Sequence[RequiredRecord]) -> Questions:
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
            names=tuple(dict.fromkeys([name, *(record.name for record in inside)]))[:MAX_NAMES],
            records=tuple(Question(record.name, record.type) for record in inside if not record.is_alias),
            targets=tuple(dict.fromkeys(record.value for record in inside if record.is_alias))[:MAX_TARGETS],
        )

    def about_zone(self) -> tuple[Question, ...]:
        return tuple(Question(level, "NS") for level in self.levels)

    def for_resolvers(self) -> tuple[Question, ...]:
        return (
            *self.about_zone(),
            *(Question(name, each) for name in self.names for each in ("A", "AAAA", "CNAME")),
            *self.records,
            *(Question(level, "CAA") for level in self.levels),
            *(Question(target, each) for target in self.targets for each in ("A", "AAAA")),
        )

    def for_name_servers(self, zone: str) -> tuple[Question, ...]:
        return (
            *(Question(name, each) for name in self.names for each in TYPES_AT_A_NAME if is_within(name, zone)),
            *(question for question in self.records if is_within(question.name, zone)),
            *(Question(level, "CAA") for level in self.levels if is_within(level, zone)),
            *(Question(name, each) for name in self.list_doubled(zone) for each in ("A", "CNAME")),
        )

    def about_essentials(self) -> tuple[Question, ...]:
        """The questions that must be answered before any record can be diagnosed."""
        return (*(Question(name, each) for name in self.names for each in ("A", "CNAME")), *self.records)

    def list_doubled(self, zone: str) -> tuple[str, ...]:
        """The names with the zone appended twice, the most common mistake in DNS providers' forms."""
        return tuple(
            f"{name}.{zone}"
            for name in self.names
            if is_within(name, zone) and "*" not in name and len(name) + len(zone) < MAX_NAME_LENGTH
        )
