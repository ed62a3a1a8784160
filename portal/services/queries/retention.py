"""Whether a version can still be restored (contract 11.4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal.models import Version

# "At least 30 days by default"; the platform's contract with MIOSA may say longer, so this is a warning, never a
# refusal.
KEPT_FOR = timedelta(days=30)
_BOOTABLE = frozenset({"ready", "archived"})


class Keeping(StrEnum):
    """Whether a version can still be restored."""

    COLLECTED = "collected"
    KEPT = "kept"
    NEVER = "never"
    UNTIL = "until"


@dataclass(frozen=True, slots=True)
class Retention:
    """UNTIL: it can be restored at least until `at`. COLLECTED: its files are probably deleted since `at`.

    KEPT: no end is known. NEVER: it failed, could not be parsed or is not built.
    """

    keeping: Keeping
    at: datetime | None


def get_retention(version: Version, *, is_live: bool, now: datetime) -> Retention:
    if version.gone_at is not None:
        return Retention(Keeping.COLLECTED, version.gone_at)
    if is_live:
        return Retention(Keeping.KEPT, None)
    if not version.is_readable or version.state not in _BOOTABLE:
        return Retention(Keeping.NEVER, None)
    if version.archived_at is None:
        return Retention(Keeping.KEPT, None)
    end = version.archived_at + KEPT_FOR
    return Retention(Keeping.UNTIL if now < end else Keeping.COLLECTED, end)


def is_restorable(version: Version, *, now: datetime) -> bool:
    return get_retention(version, is_live=False, now=now).keeping in {Keeping.KEPT, Keeping.UNTIL}
