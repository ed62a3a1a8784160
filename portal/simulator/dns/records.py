"""DNS answers by name, as set by the seed and by /_control/dns. Domain checks and the DNS server read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from portal.simulator.defaults import APEX_ADDRESSES
from portal.simulator.errors import ApiError

# BOGUS: a resolver finds the DNSSEC signatures invalid, so it answers only queries with the CD bit.
# DELEGATED: the name and those below belong to the servers in its NS records, which do not answer.
RCODES = ("BOGUS", "DELEGATED", "NOTIMP", "NXDOMAIN", "REFUSED", "SERVFAIL", "TIMEOUT")
TYPES = (
    *("A", "AAAA", "ALIAS", "CAA", "CNAME", "DNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SRV", "SSHFP"),
    "TXT",
)
DEFAULT_TTL = 300
MAX_CHAIN = 20  # of CNAMEs


class Record(NamedTuple):
    type: str
    value: str
    ttl: int = DEFAULT_TTL


class Answer(NamedTuple):
    """`rcode` None means NOERROR. It is for queries of `types` only, if there are any; `ede` is sent with it."""

    records: tuple[Record, ...] = ()
    rcode: str | None = None
    types: tuple[str, ...] = ()
    ede: int | None = None

    def fails(self, record_type: str) -> bool:
        return self.rcode is not None and (not self.types or record_type in self.types)


def canonical(name: str) -> str:
    return name.strip().rstrip(".").lower()


class DnsRecords:
    """`revision` grows with each change; it becomes the serial of the SOA records."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}
        self.revision = 0

    def set(
        self,
        name: str,
        records: Sequence[object] | None,
        rcode: str | None,
        *,
        types: Sequence[str] = (),
        ede: int | None = None,
    ) -> None:
        """Replaces whatever the name answered. Raises ApiError 400."""
        if not canonical(name):
            raise ApiError(400, "name is missing")
        if rcode is not None and str(rcode).upper() not in RCODES:
            raise ApiError(400, f"unknown rcode; choices: {', '.join(RCODES)}")
        self.revision += 1
        self._answers[canonical(name)] = Answer(
            tuple(parse_record(record) for record in records or ()),
            str(rcode).upper() if rcode else None,
            tuple(str(each).upper() for each in types),
            ede,
        )

    def clear(self) -> None:
        self._answers.clear()
        self.revision += 1

    def find(self, name: str) -> Answer | None:
        """None if the name was never set."""
        return self._answers.get(canonical(name))

    def all(self) -> dict[str, Answer]:
        return dict(self._answers)

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "rcode": answer.rcode, "records": [record._asdict() for record in answer.records]}
            | ({"types": list(answer.types)} if answer.types else {})
            | ({"ede": answer.ede} if answer.ede is not None else {})
            for name, answer in sorted(self._answers.items())
        ]

    def verify(self, name: str, target: str) -> str | None:
        """None if the name leads to the target or to our addresses, else the platform's code (section 4.2)."""
        for _ in range(MAX_CHAIN):
            answer = self.find(name)
            if answer is None or answer.fails("A") or not answer.records:
                return "DNS_LOOKUP_FAILED"
            aliases = [canonical(r.value) for r in answer.records if r.type in ("CNAME", "ALIAS")]
            if canonical(target) in aliases:
                return None
            addresses = {r.value for r in answer.records if r.type in ("A", "AAAA")}
            if addresses:
                return None if addresses <= set(APEX_ADDRESSES) else "CNAME_MISMATCH"
            if not aliases or self.find(aliases[0]) is None:
                return "CNAME_MISMATCH"
            name = aliases[0]
        return "DNS_LOOKUP_FAILED"


def parse_record(record: object) -> Record:
    if not isinstance(record, dict) or set(record) - {"type", "value", "ttl"}:
        raise ApiError(400, "a record is {type, value, ttl?}")
    kind = str(record.get("type", "")).upper()
    value, ttl = record.get("value"), record.get("ttl", DEFAULT_TTL)
    if kind not in TYPES:
        raise ApiError(400, f"unknown record type {kind!r}; choices: {', '.join(TYPES)}")
    if not isinstance(value, str) or not isinstance(ttl, int) or ttl < 0:
        raise ApiError(400, "value must be text, ttl a number")
    return Record(kind, value, ttl)
