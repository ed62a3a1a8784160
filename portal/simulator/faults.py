"""Faults on purpose: which requests they hit, how often, and their effects.

Effects, as sent to `POST /_control/faults` under "effect":

    status          answers with this without executing; with "after": true it executes first
    body            this text instead of the real body; without status the request is executed
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
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from portal.simulator.errors import ApiError

Effect = dict[str, Any]
NUMBER = (int, float)
EFFECT_TYPES: Mapping[str, tuple[type, ...]] = {
    "status": (int,),
    "after": (bool,),
    "body": (str,),
    "content_type": (str,),
    "headers": (dict,),
    "retry_after": (int, float, str),
    "delay_s": NUMBER,
    "delay_before_s": NUMBER,
    "drop_before": (bool,),
    "drop_after": (bool,),
    "drip_s": NUMBER,
    "cut_after": (int,),
    "body_bytes": (int,),
    "endless": (bool,),
}
DELAYS = ("delay_s", "delay_before_s", "drip_s")
MAX_DELAY_S = 600


@dataclass
class Fault:
    """`method` None matches every method; `times_left` None means until deleted."""

    method: str | None
    path: str
    times_left: int | None
    effect: Effect
    hits: int = 0

    def matches(self, method: str, path: str) -> bool:
        return self.times_left != 0 and self.method in (None, method) and fnmatchcase(path, self.path)

    def as_json(self) -> dict[str, Any]:
        match = {"path": self.path} | ({"method": self.method} if self.method else {})
        return {"match": match, "times_left": self.times_left, "hits": self.hits, "effect": self.effect}


class Faults:
    """Tried in the order they were added; the first that matches is used."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, body: Mapping[str, Any]) -> None:
        fault = parse_fault(body)
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, method: str, path: str) -> Effect:
        """The effect for this request, empty if no fault matches. Counts as one use."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path):
                    fault.hits += 1
                    if fault.times_left is not None:
                        fault.times_left -= 1
                    return fault.effect
        return {}

    def as_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.as_json() for fault in self._faults]


def parse_fault(body: Mapping[str, Any]) -> Fault:
    match, times, effect = body.get("match") or {}, body.get("times"), body.get("effect")
    if not isinstance(match, dict) or set(match) - {"method", "path"}:
        raise ApiError(400, "match has method and path")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise ApiError(400, "times must be a positive number")
    if not isinstance(effect, dict) or not effect:
        raise ApiError(400, f"effect is missing; choices: {', '.join(EFFECT_TYPES)}")
    for name, value in effect.items():
        require_effect(name, value)
    method = match.get("method")
    return Fault(str(method).upper() if method else None, str(match.get("path", "*")), times, dict(effect))


def require_effect(name: str, value: object) -> None:
    types = EFFECT_TYPES.get(name)
    if types is None:
        raise ApiError(400, f"unknown effect {name!r}; choices: {', '.join(EFFECT_TYPES)}")
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise ApiError(400, f"{name} must be of type {' or '.join(each.__name__ for each in types)}")
    if name == "status" and not 200 <= int(str(value)) <= 599:
        raise ApiError(400, "status must be between 200 and 599")
    if name in DELAYS and not 0 <= float(str(value)) <= MAX_DELAY_S:
        raise ApiError(400, f"{name} must be between 0 and {MAX_DELAY_S}")
