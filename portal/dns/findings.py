"""What can be found about a required record, or beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from portal.dns.advice import AdvisedRecord
from portal.dns.messages import MessageCode, Param
from portal.dns.observations import Found


class Finding(StrEnum):
    """CORRECT and FLATTENED are good. NO_ANSWER says nothing about the domain, UNDECIDED that both may be the case.

    HIDES_RECORDS: the record is right, but others beside it can't be seen.
    """

    CAA_FAILS = "caa_fails"
    CAA_FORBIDS = "caa_forbids"
    CAA_RESTRICTS = "caa_restricts"
    CAA_UNKNOWN = "caa_unknown"
    CONFLICT = "conflict"
    CORRECT = "correct"
    DNSSEC = "dnssec"
    EXTRA = "extra"
    FLATTENED = "flattened"
    HIDES_RECORDS = "hides_records"
    MISSING = "missing"
    NO_ANSWER = "no_answer"
    NO_ZONE = "no_zone"
    PARKED = "parked"
    PROPAGATING = "propagating"
    PROXIED = "proxied"
    SERVER_FAILS = "server_fails"
    SPLIT = "split"
    STALE_AAAA = "stale_aaaa"
    UNDECIDED = "undecided"
    UNRESOLVABLE = "unresolvable"
    WRONG = "wrong"

    @property
    def is_correct(self) -> bool:
        return self in (Finding.CORRECT, Finding.FLATTENED)

    @property
    def is_about_certificate(self) -> bool:
        return self in (Finding.CAA_FAILS, Finding.CAA_FORBIDS, Finding.CAA_RESTRICTS, Finding.CAA_UNKNOWN)

    @property
    def is_caution(self) -> bool:
        """Whether the domain may work all the same."""
        return self in (Finding.CAA_RESTRICTS, Finding.CAA_UNKNOWN, Finding.SERVER_FAILS)


@dataclass(frozen=True)
class Check:
    """`values` are those of the message beyond what the required record itself gives. `advised` is what to enter
    instead, if it is not what the record asks for.
    """

    finding: Finding
    code: MessageCode
    found: Found = ()
    values: dict[str, Param] = field(default_factory=dict)
    advised: tuple[AdvisedRecord, ...] = ()
