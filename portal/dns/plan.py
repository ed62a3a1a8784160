"""Which questions a look consists of: the attached name, its zone, and the platform's own target. Nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.dns.records import Needed, host
from portal.dns.seen import Question
from portal.dns.suffixes import ancestors, is_below, registrable

MOST_NAMES = 4
MOST_TARGETS = 2
MOST_LEVELS = 6
MOST_SERVER_NAMES = 6
AT_A_NAME = ("A", "AAAA", "CNAME", "TXT", "MX", "NS")


class NotAskedError(ValueError):
    """A name that nobody may have looked up here."""


@dataclass(frozen=True)
class Plan:
    name: str
    top: str
    levels: tuple[str, ...]
    names: tuple[str, ...]
    kinds: tuple[Question, ...]
    targets: tuple[str, ...]

    @classmethod
    def of(cls, name: str, needed: Sequence[Needed]) -> Plan:
        base = name.removeprefix("*.")
        top = registrable(base)
        if top is None or host(base) != base:
            raise NotAskedError(name)
        inside = [record for record in needed if is_below(record.name, top)]
        names = tuple(dict.fromkeys([name, *(record.name for record in inside)]))[:MOST_NAMES]
        kinds = tuple(Question(record.name, record.type) for record in inside if not record.is_alias)
        targets = dict.fromkeys(record.value for record in inside if record.is_alias)
        return cls(name, top, ancestors(base)[-MOST_LEVELS:], names, kinds, tuple(targets)[:MOST_TARGETS])

    def zone_questions(self) -> tuple[Question, ...]:
        return tuple(Question(level, "NS") for level in self.levels)

    def for_resolvers(self) -> tuple[Question, ...]:
        return (
            *self.zone_questions(),
            *(Question(name, kind) for name in self.names for kind in ("A", "AAAA", "CNAME")),
            *self.kinds,
            *(Question(level, "CAA") for level in self.levels),
            *(Question(target, kind) for target in self.targets for kind in ("A", "AAAA")),
        )

    def essential(self) -> tuple[Question, ...]:
        """What a first verdict can't do without."""
        return (*(Question(name, kind) for name in self.names for kind in ("A", "CNAME")), *self.kinds)

    def for_authoritative(self, zone: str) -> tuple[Question, ...]:
        """Also whether a record was set at the name with the zone written twice, the commonest slip in DNS forms."""
        return (
            *(Question(name, kind) for name in self.names for kind in AT_A_NAME if is_below(name, zone)),
            *(kind for kind in self.kinds if is_below(kind.name, zone)),
            *(Question(level, "CAA") for level in self.levels if is_below(level, zone)),
            *(Question(twice, kind) for twice in self.doubled(zone) for kind in ("A", "CNAME")),
        )

    def doubled(self, zone: str) -> tuple[str, ...]:
        """The slip can only happen where a name before the zone was asked for, and where the result is still a name."""
        return tuple(
            f"{name}.{zone}"
            for name in self.names
            if is_below(name, zone) and "*" not in name and len(name) + len(zone) < 253
        )
