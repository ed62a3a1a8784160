"""Faults on purpose: which calls, how often, and what becomes of them.

effect:
    status          answers this without executing; with "after": true it executes first
    body            this text instead of the real body; without status the call is executed
    content_type    of that body
    headers         extra response headers
    retry_after     Retry-After, whatever it says
    delay_s         executes, then waits before answering
    delay_before_s  waits, then executes
    drop_before     connection reset, nothing executed
    drop_after      executed, then connection reset
    drip_s          body byte by byte with this pause
    cut_after       connection reset after so many bytes of the body
    body_bytes      body padded with spaces to at least so many bytes
    endless         body that never ends
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from portal.simulator.errors import Refusal

Effects = dict[str, Any]
_NUMBER, _TRUTH, _TEXT = (int, float), (bool,), (str,)
EFFECTS: dict[str, tuple[type, ...]] = {
    "status": (int,),
    "after": _TRUTH,
    "body": _TEXT,
    "content_type": _TEXT,
    "headers": (dict,),
    "retry_after": (int, float, str),
    "delay_s": _NUMBER,
    "delay_before_s": _NUMBER,
    "drop_before": _TRUTH,
    "drop_after": _TRUTH,
    "drip_s": _NUMBER,
    "cut_after": (int,),
    "body_bytes": (int,),
    "endless": _TRUTH,
}
LONGEST_DELAY_S = 600


class Fault:
    def __init__(self, method: str | None, path: str, times: int | None, do: Effects) -> None:
        self.method = method
        self.path = path
        self.left = times
        self.do = do
        self.hits = 0

    def matches(self, method: str, path: str) -> bool:
        return self.left != 0 and self.method in (None, method) and fnmatchcase(path, self.path)

    def described(self) -> dict[str, Any]:
        match = {"path": self.path} | ({"method": self.method} if self.method else {})
        return {"match": match, "times_left": self.left, "hits": self.hits, "effect": self.do}


class Faults:
    """In order of arrival; the first that matches and has turns left is used."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, body: Mapping[str, Any]) -> None:
        fault = read(body)
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, method: str, path: str) -> Effects:
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path):
                    fault.hits += 1
                    if fault.left is not None:
                        fault.left -= 1
                    return fault.do
        return {}

    def described(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.described() for fault in self._faults]


def read(body: Mapping[str, Any]) -> Fault:
    """Without `times` a fault lasts until it is deleted."""
    match, times, do = body.get("match") or {}, body.get("times"), body.get("effect")
    if not isinstance(match, dict) or set(match) - {"method", "path"}:
        raise Refusal(400, "match has method and path")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise Refusal(400, "times must be a positive number")
    if not isinstance(do, dict) or not do:
        raise Refusal(400, f"effect is missing; choices: {', '.join(EFFECTS)}")
    for name, value in do.items():
        require_effect(name, value)
    method = match.get("method")
    return Fault(str(method).upper() if method else None, str(match.get("path", "*")), times, dict(do))


def require_effect(name: str, value: object) -> None:
    kinds = EFFECTS.get(name)
    if kinds is None:
        raise Refusal(400, f"unknown effect {name!r}; choices: {', '.join(EFFECTS)}")
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise Refusal(400, f"{name} must be of type {' or '.join(kind.__name__ for kind in kinds)}")
    if name == "status" and not 200 <= int(str(value)) <= 599:
        raise Refusal(400, "status must be between 200 and 599")
    if name in ("delay_s", "delay_before_s", "drip_s") and not 0 <= float(str(value)) <= LONGEST_DELAY_S:
        raise Refusal(400, f"{name} must be between 0 and {LONGEST_DELAY_S}")
