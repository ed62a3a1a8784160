"""What names answer, as set by /_control/dns. Domain checks read it; a DNS server can serve from it."""

from __future__ import annotations

from typing import Any, NamedTuple

from portal.simulator.errors import Refusal

RCODES = ("NXDOMAIN", "SERVFAIL", "REFUSED", "TIMEOUT")
TYPES = ("A", "AAAA", "ALIAS", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT")
LONGEST_CHAIN = 8


class Record(NamedTuple):
    type: str
    value: str
    ttl: int = 300


class Answer(NamedTuple):
    records: tuple[Record, ...] = ()
    rcode: str | None = None


def canonical(name: str) -> str:
    return name.strip().rstrip(".").lower()


class DnsBook:
    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}
        self.revision = 0

    def set(self, name: str, records: list[dict[str, Any]] | None, rcode: str | None) -> None:
        if not canonical(name):
            raise Refusal(400, "name is missing")
        if rcode is not None and str(rcode).upper() not in RCODES:
            raise Refusal(400, f"unknown rcode; choices: {', '.join(RCODES)}")
        self.revision += 1
        self._answers[canonical(name)] = Answer(
            tuple(read_record(record) for record in records or ()), str(rcode).upper() if rcode else None
        )

    def clear(self) -> None:
        self._answers.clear()
        self.revision += 1

    def find(self, name: str) -> Answer | None:
        """None when nobody has set this name."""
        return self._answers.get(canonical(name))

    def all(self) -> dict[str, Answer]:
        return dict(self._answers)

    def described(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "rcode": answer.rcode, "records": [record._asdict() for record in answer.records]}
            for name, answer in sorted(self._answers.items())
        ]

    def check(self, name: str, *, target: str, addresses: tuple[str, ...]) -> str | None:
        """None when the name leads to us, else the platform's code for why not."""
        wanted = canonical(target)
        for _ in range(LONGEST_CHAIN):
            answer = self.find(name)
            if answer is None or answer.rcode or not answer.records:
                return "DNS_LOOKUP_FAILED"
            aliases = [canonical(r.value) for r in answer.records if r.type in ("CNAME", "ALIAS")]
            if wanted in aliases:
                return None
            found = {r.value for r in answer.records if r.type in ("A", "AAAA")}
            if found:
                return None if found <= set(addresses) else "CNAME_MISMATCH"
            if not aliases or self.find(aliases[0]) is None:
                return "CNAME_MISMATCH"
            name = aliases[0]
        return "DNS_LOOKUP_FAILED"


def read_record(record: Any) -> Record:
    if not isinstance(record, dict) or set(record) - {"type", "value", "ttl"}:
        raise Refusal(400, "a record is {type, value, ttl?}")
    kind = str(record.get("type", "")).upper()
    value, ttl = record.get("value"), record.get("ttl", 300)
    if kind not in TYPES:
        raise Refusal(400, f"unknown record type {kind!r}; choices: {', '.join(TYPES)}")
    if not isinstance(value, str) or not isinstance(ttl, int) or ttl < 0:
        raise Refusal(400, "value must be text, ttl a number")
    return Record(kind, value, ttl)
