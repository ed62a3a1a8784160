"""An answer that is no success, as an error of the tree. Texts of MIOSA's go to the log only."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from portal.miosa import errors, wire

LONGEST_WAIT_S = 3600.0

_UPPER_CODE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,64}\Z")
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}\Z")

_REFUSALS: Mapping[int, type[errors.Refused]] = {
    400: errors.Invalid,
    401: errors.Unauthorized,
    402: errors.PaymentRequired,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.NotSupported,
    406: errors.NotSupported,
    409: errors.Conflict,
    410: errors.Gone,
    413: errors.TooLarge,
    415: errors.NotSupported,
    422: errors.Invalid,
    429: errors.RateLimited,
    501: errors.NotSupported,
}


class Told(NamedTuple):
    """What an error's body says, in whichever of its shapes."""

    message: str = ""
    code: str | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    retryable: bool | None = None
    fields: tuple[str, ...] = ()
    is_json: bool = False


def error_of(status: int, headers: Mapping[str, str], body: bytes, *, quiet: bool = False) -> errors.MiosaError:
    """`quiet` leaves MIOSA's text out: it may repeat what was sent."""
    told = read_body(body)
    facts: dict[str, Any] = {
        "status": status,
        "request_id": request_id_of(headers) or told.request_id,
        "upstream_code": told.code,
        "retry_after_s": _first(retry_after_s(headers.get("retry-after")), told.retry_after_s),
    }
    message = "text withheld" if quiet else told.message
    kind = _REFUSALS.get(status, errors.Refused)
    if 300 <= status < 400:
        return errors.Redirected("a redirect, not followed", **facts, sent=True)
    if not 400 <= status < 600:
        return errors.BadAnswer(f"status {status}", **facts, sent=True)
    if status == 408 or (status >= 500 and kind is errors.Refused):
        outage = errors.ServerError(message, **facts, sent=True)
        outage.may_retry = told.retryable is not False
        return outage
    refusal = kind(message, **facts, from_gateway=not told.is_json, fields=told.fields)
    refusal.sent = isinstance(refusal, errors.Conflict) and refusal.in_flight
    return refusal


def request_id_of(headers: Mapping[str, str]) -> str | None:
    return fit_request_id(headers.get("x-request-id"))


def fit_request_id(value: object) -> str | None:
    return value if isinstance(value, str) and _REQUEST_ID.match(value) else None


def read_body(body: bytes) -> Told:
    try:
        document = wire.clean(wire.load(body).value)
    except (wire.BadJsonError, RecursionError):
        return Told(message=_plain_text(body))
    if not isinstance(document, dict):
        return Told(message=document if isinstance(document, str) else "", is_json=True)
    error = document.get("error")
    inner: dict[str, Any] = error if isinstance(error, dict) else {}
    return Told(
        message=_message(document, inner),
        code=_code(document, inner),
        request_id=fit_request_id(inner.get("request_id")) or fit_request_id(document.get("request_id")),
        retry_after_s=_first(_wait(inner), _wait(document)),
        retryable=next((p["retryable"] for p in (inner, document) if isinstance(p.get("retryable"), bool)), None),
        fields=_fields(document, inner),
        is_json=True,
    )


def _plain_text(body: bytes) -> str:
    text = body[:2000].decode("utf-8", "replace")
    return "HTML" if text.lstrip()[:1] == "<" else text


def _message(document: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    error, listed = document.get("error"), document.get("errors")
    coded = isinstance(error, str) and _UPPER_CODE.match(error)
    first = listed[0] if isinstance(listed, list) and listed else None
    candidates = (
        inner.get("message"),
        document.get("detail") if coded else None,
        document.get("message"),
        document.get("detail"),
        document.get("reason"),
        error,
        first.get("message") if isinstance(first, dict) else first,
    )
    return next((text for text in candidates if isinstance(text, str) and text), "")


def _code(document: Mapping[str, Any], inner: Mapping[str, Any]) -> str | None:
    error, listed = document.get("error"), document.get("errors")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    marker = error if isinstance(error, str) and error.replace("_", "").isalnum() and "_" in error else None
    upper = error if isinstance(error, str) and _UPPER_CODE.match(error) else None
    for value in (inner.get("code"), document.get("code"), upper, marker, first.get("code")):
        if isinstance(value, str) and _CODE.match(value):
            return value.lower()
    return None


def _fields(document: Mapping[str, Any], inner: Mapping[str, Any]) -> tuple[str, ...]:
    names: list[str] = []
    for value in (inner.get("details"), document.get("details"), document.get("errors")):
        if isinstance(value, dict):
            names += value
        elif isinstance(value, list):
            names += [row["field"] for row in value if isinstance(row, dict) and isinstance(row.get("field"), str)]
    return tuple(dict.fromkeys(errors.one_line(name, 64) for name in names))[:20]


def _wait(place: Mapping[str, Any]) -> float | None:
    milliseconds = _seconds(place.get("retry_after_ms"))
    return milliseconds / 1000 if milliseconds is not None else _seconds(place.get("retry_after"))


def _seconds(value: object) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e12 and math.isfinite(value):
        return float(value)
    return None


def retry_after_s(header: str | None) -> float | None:
    """Seconds or a date, between 0 and an hour; None for anything else."""
    text = (header or "").strip()
    if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text, re.ASCII):
        return min(float(text), LONGEST_WAIT_S)
    try:
        wait = parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(wait, 0.0), LONGEST_WAIT_S)


def _first(*waits: float | None) -> float | None:
    known = next((wait for wait in waits if wait is not None), None)
    return None if known is None else min(known, LONGEST_WAIT_S)
