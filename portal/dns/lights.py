"""Three lights: yours, points here, secure. From the platform's status of the domain and our own look.

What could not be asked is unknown, never off.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.dns.findings import Judgement
from portal.dns.texts import Text, text
from portal.dns.verdicts import Report, Verdict

IN_USE = ("verified", "active")
WAITING = ("pending", "verifying")
LOOKUP_FAILED = "dns_lookup_failed"
MISMATCH = "cname_mismatch"


class State(StrEnum):
    OFF = "off"
    ON = "on"
    UNKNOWN = "unknown"
    WAITING = "waiting"


@dataclass(frozen=True)
class Light:
    state: State
    cause: Text


@dataclass(frozen=True)
class Lights:
    yours: Light
    points_here: Light
    secure: Light


def lights(status: str, report: Report | None, *, code: str | None = None) -> Lights:
    """`code` is the platform's for a failed check, in lower case or not; `report` None means not looked yet."""
    status, code = status.strip().lower(), (code or "").lower()
    return Lights(_yours(status, code, report), _points_here(status, report), _secure(status, report))


def has_drifted(status: str, report: Report | None) -> bool:
    """A domain that worked, and that by our own look does not lead here any more."""
    return _points_here(status.lower(), report).state is State.OFF and status.lower() in IN_USE


def _yours(status: str, code: str, report: Report | None) -> Light:
    if status in IN_USE:
        return Light(State.ON, text("yours_confirmed"))
    if status in WAITING:
        is_ready = report is not None and report.can_pass
        return Light(State.WAITING, text("yours_ready" if is_ready else "yours_waiting"))
    if status == "failed":
        return _yours_failed(code, report)
    if status == "removed":
        return Light(State.OFF, text("removed"))
    return Light(State.UNKNOWN, text("status_unknown"))


def _yours_failed(code: str, report: Report | None) -> Light:
    if report is not None and report.can_pass:
        return Light(State.WAITING, text("yours_ready"))
    if code == LOOKUP_FAILED:
        return Light(State.UNKNOWN, text("yours_lookup_failed"))
    return Light(State.OFF, text("yours_mismatch" if code == MISMATCH else "yours_failed"))


def _points_here(status: str, report: Report | None) -> Light:
    if status == "removed":
        return Light(State.OFF, text("removed"))
    if report is None:
        return Light(State.UNKNOWN, text("not_looked"))
    if not report.records:
        return Light(State.UNKNOWN, text("nothing_needed"))
    for verdict in sorted(report.all_verdicts, key=_weight):
        if not verdict.is_right and verdict.judgement is not Judgement.CAA_FORBIDS:
            return Light(_state_of(verdict, status), verdict.sentence)
    seen = [each.is_right for each in report.spread if each.is_right is not None]
    if seen and not any(seen):
        return Light(State.WAITING, text("points_here_soon"))
    return Light(State.ON, text("points_here"))


_ORDER = (
    Judgement.NO_ZONE,
    Judgement.WRONG,
    Judgement.CONFLICT,
    Judgement.PROXIED,
    Judgement.EXTRA,
    Judgement.STALE_AAAA,
    Judgement.MISSING,
    Judgement.UNRESOLVABLE,
    Judgement.SPREADING,
)


def _weight(verdict: Verdict) -> int:
    return _ORDER.index(verdict.judgement) if verdict.judgement in _ORDER else len(_ORDER)


def _state_of(verdict: Verdict, status: str) -> State:
    if verdict.judgement is Judgement.COULD_NOT_ASK:
        return State.UNKNOWN
    if verdict.judgement in (Judgement.SPREADING, Judgement.UNRESOLVABLE):
        return State.WAITING
    if verdict.judgement is Judgement.MISSING and status in WAITING:
        return State.WAITING
    if verdict.judgement is Judgement.PROXIED and status in IN_USE:
        return State.WAITING
    return State.OFF


def _secure(status: str, report: Report | None) -> Light:
    forbidden = report.find(Judgement.CAA_FORBIDS) if report else None
    if status == "active":
        return Light(State.ON, text("secure_until_renewal") if forbidden else text("secure"))
    if status == "removed":
        return Light(State.OFF, text("removed"))
    if forbidden:
        return Light(State.OFF, forbidden.sentence)
    if status == "verified":
        return Light(State.WAITING, text("secure_soon"))
    if status in (*WAITING, "failed"):
        return Light(State.WAITING, text("secure_waits"))
    return Light(State.UNKNOWN, text("status_unknown"))
