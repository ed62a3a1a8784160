"""The status of a domain: Ownership, DNS and Certificate, from the platform's status and from our own lookup.

What could not be looked up is unknown, never failed (docs/rules.md, 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.dns.diagnosis import Diagnosis, Report
from portal.dns.findings import Finding
from portal.dns.messages import Message, MessageCode

# The platform's words (contract 9.4).
WORKING = ("verified", "active")
WAITING = ("pending", "verifying")
LOOKUP_FAILED = "dns_lookup_failed"
MISMATCH = "cname_mismatch"


class State(StrEnum):
    FAILED = "failed"
    OK = "ok"
    UNKNOWN = "unknown"
    WAITING = "waiting"


@dataclass(frozen=True)
class StatusItem:
    state: State
    message: Message

    @classmethod
    def build(cls, state: State, code: MessageCode) -> StatusItem:
        return cls(state, Message(code))


@dataclass(frozen=True)
class DomainStatus:
    ownership: StatusItem
    dns: StatusItem
    certificate: StatusItem


def get_status(platform_status: str, report: Report | None, *, error_code: str | None = None) -> DomainStatus:
    """`error_code` is the platform's, for a failed verification. `report` None: not looked up yet."""
    platform_status, error_code = platform_status.strip().lower(), (error_code or "").lower()
    return DomainStatus(
        ownership=_get_ownership(platform_status, error_code, report),
        dns=_get_dns(platform_status, report),
        certificate=_get_certificate(platform_status, report),
    )


def has_drifted(platform_status: str, report: Report | None) -> bool:
    """Whether the DNS of a working domain has become wrong."""
    platform_status = platform_status.strip().lower()
    return platform_status in WORKING and _get_dns(platform_status, report).state is State.FAILED


def leads_elsewhere(report: Report) -> bool:
    """Whether visitors may reach another server, or none. Otherwise the records are right, but have another problem."""
    return any(each.finding in _LEADS_ELSEWHERE for each in report.diagnoses)


def _get_ownership(platform_status: str, error_code: str, report: Report | None) -> StatusItem:
    if platform_status in WORKING:
        return StatusItem.build(State.OK, MessageCode.OWNERSHIP_CONFIRMED)
    if platform_status == "removed":
        return StatusItem.build(State.FAILED, MessageCode.DETACHED)
    if platform_status not in (*WAITING, "failed"):
        return StatusItem.build(State.UNKNOWN, MessageCode.STATUS_UNKNOWN)
    if report is not None and report.can_pass:
        return StatusItem.build(State.WAITING, MessageCode.OWNERSHIP_READY)
    if platform_status in WAITING:
        return StatusItem.build(State.WAITING, MessageCode.OWNERSHIP_WAITING)
    if error_code == LOOKUP_FAILED:
        return StatusItem.build(State.UNKNOWN, MessageCode.OWNERSHIP_LOOKUP_FAILED)
    is_mismatch = error_code == MISMATCH
    return StatusItem.build(
        State.FAILED, MessageCode.OWNERSHIP_MISMATCH if is_mismatch else MessageCode.OWNERSHIP_FAILED
    )


def _get_dns(platform_status: str, report: Report | None) -> StatusItem:
    if platform_status == "removed":
        return StatusItem.build(State.FAILED, MessageCode.DETACHED)
    if report is None:
        return StatusItem.build(State.UNKNOWN, MessageCode.DNS_NOT_CHECKED)
    if not report.records:
        return StatusItem.build(State.UNKNOWN, MessageCode.DNS_RECORDS_UNKNOWN)
    problems = [each for each in report.diagnoses if each.finding in _WORST_FIRST]
    if problems:
        worst = min(problems, key=lambda diagnosis: _WORST_FIRST.index(diagnosis.finding))
        return StatusItem(_get_state(worst, platform_status), worst.message)
    known = [each.is_correct for each in report.resolvers if each.is_correct is not None]
    if known and not any(known):
        return StatusItem.build(State.WAITING, MessageCode.DNS_PROPAGATING)
    return StatusItem.build(State.OK, MessageCode.DNS_CORRECT)


_WORST_FIRST = (
    Finding.NO_ZONE,
    Finding.DNSSEC,
    Finding.PARKED,
    Finding.WRONG,
    Finding.CONFLICT,
    Finding.SPLIT,
    Finding.HIDES_RECORDS,
    Finding.PROXIED,
    Finding.EXTRA,
    Finding.STALE_AAAA,
    Finding.MISSING,
    Finding.UNRESOLVABLE,
    Finding.PROPAGATING,
    Finding.UNDECIDED,
    Finding.NO_ANSWER,
)


_LEADS_ELSEWHERE = frozenset(_WORST_FIRST) - {
    Finding.DNSSEC,
    Finding.HIDES_RECORDS,
    Finding.NO_ANSWER,
    Finding.UNDECIDED,
}


def _get_state(diagnosis: Diagnosis, platform_status: str) -> State:
    match diagnosis.finding:
        case Finding.NO_ANSWER | Finding.UNDECIDED:
            return State.UNKNOWN
        case Finding.PROPAGATING | Finding.UNRESOLVABLE:
            return State.WAITING
        case Finding.MISSING if platform_status in WAITING:
            return State.WAITING
        case Finding.PROXIED if platform_status in WORKING:
            return State.WAITING
    return State.FAILED


def _get_certificate(platform_status: str, report: Report | None) -> StatusItem:
    caa = (report.find(Finding.CAA_FORBIDS) or report.find(Finding.CAA_FAILS)) if report else None
    is_uncertain = bool(report and (report.find(Finding.CAA_RESTRICTS) or report.find(Finding.CAA_UNKNOWN)))
    if platform_status == "active":
        code = MessageCode.CERTIFICATE_RENEWAL_BLOCKED if caa else MessageCode.CERTIFICATE_ACTIVE
        return StatusItem.build(State.OK, code)
    if platform_status == "removed":
        return StatusItem.build(State.FAILED, MessageCode.DETACHED)
    if caa is not None:
        return StatusItem(State.FAILED, caa.message)
    if is_uncertain and platform_status in (*WAITING, "failed", "verified"):
        return StatusItem.build(State.WAITING, MessageCode.CERTIFICATE_MAY_BE_REFUSED)
    if platform_status == "verified":
        return StatusItem.build(State.WAITING, MessageCode.CERTIFICATE_ISSUING)
    if platform_status in (*WAITING, "failed"):
        return StatusItem.build(State.WAITING, MessageCode.CERTIFICATE_WAITING)
    return StatusItem.build(State.UNKNOWN, MessageCode.STATUS_UNKNOWN)
