"""From a response that is not a success to an error of the tree. MIOSA's texts go to the log only.

The shapes of error bodies are those of miosa-api.md 4.1.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from portal.miosa import errors, parsing
from portal.miosa.messages import Response, to_request_id

MAX_RETRY_AFTER_S = 3600.0
MAX_FIELDS = 20

_MAX_FIELD_CHARACTERS = 64
_MAX_TEXT_BYTES = 2000
_UPPER_CODE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,64}\Z")

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


class ErrorBody(NamedTuple):
    """What an error's body contains, in any of its shapes. `code` is in lower case."""

    message: str = ""
    code: str | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    retryable: bool | None = None
    fields: tuple[str, ...] = ()
    is_json: bool = False


def parse_error(response: Response) -> errors.MiosaError:
    """The error for a status other than 2xx (miosa-api.md 4.2)."""
    status, body = response.status, parse_body(response.body)
    header_s = parse_retry_after(response.headers.get("retry-after"))
    facts: errors.Facts = {
        "status": status,
        "request_id": response.request_id or body.request_id,
        "upstream_code": body.code,
        "retry_after_s": body.retry_after_s if header_s is None else header_s,
        "sent": True,
    }
    message = "text withheld" if response.request and response.request.hide_error_text else body.message
    kind = _REFUSALS.get(status, errors.Refused)
    if 300 <= status < 400:
        return errors.Redirected("a redirect, not followed", **facts)
    if not 400 <= status < 600:
        return errors.BadAnswer(f"status {status}", **facts)
    if status == 408 or (status >= 500 and kind is errors.Refused):
        outage = errors.ServerError(message, **facts)
        outage.may_retry = body.retryable is not False
        return outage
    refusal = kind(message, from_gateway=not body.is_json, fields=body.fields, **facts)
    refusal.sent = isinstance(refusal, errors.Conflict) and refusal.in_flight
    return refusal


def parse_body(body: bytes) -> ErrorBody:
    try:
        document = parsing.clean(parsing.load(body).value)
    except (parsing.BadJsonError, RecursionError):
        return ErrorBody(message=_read_text(body))
    if not isinstance(document, dict):
        return ErrorBody(message=document if isinstance(document, str) else "", is_json=True)
    error = document.get("error")
    inner: dict[str, Any] = error if isinstance(error, dict) else {}
    wait_s = _find_wait_s(inner)
    return ErrorBody(
        message=_find_message(document, inner),
        code=_find_code(document, inner),
        request_id=to_request_id(inner.get("request_id")) or to_request_id(document.get("request_id")),
        retry_after_s=_find_wait_s(document) if wait_s is None else wait_s,
        retryable=next((o["retryable"] for o in (inner, document) if isinstance(o.get("retryable"), bool)), None),
        fields=_find_fields(document, inner),
        is_json=True,
    )


def parse_retry_after(header: str | None) -> float | None:
    """Seconds, from seconds or a date, capped at an hour. None for anything else."""
    text = (header or "").strip()
    if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text, re.ASCII):
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        wait_s = parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)


def _read_text(body: bytes) -> str:
    text = body[:_MAX_TEXT_BYTES].decode("utf-8", "replace")
    return "HTML" if text.lstrip()[:1] == "<" else text


def _find_message(document: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    error, items = document.get("error"), document.get("errors")
    is_code = isinstance(error, str) and _UPPER_CODE.match(error)
    first = items[0] if isinstance(items, list) and items else None
    candidates = (
        inner.get("message"),
        document.get("detail") if is_code else None,
        document.get("message"),
        document.get("detail"),
        document.get("reason"),
        error,
        first.get("message") if isinstance(first, dict) else first,
    )
    return next((text for text in candidates if isinstance(text, str) and text), "")


def _find_code(document: Mapping[str, Any], inner: Mapping[str, Any]) -> str | None:
    error, items = document.get("error"), document.get("errors")
    first = items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else {}
    marker = error if isinstance(error, str) and error.replace("_", "").isalnum() and "_" in error else None
    upper = error if isinstance(error, str) and _UPPER_CODE.match(error) else None
    for value in (inner.get("code"), document.get("code"), upper, marker, first.get("code")):
        if isinstance(value, str) and _CODE.match(value):
            return value.lower()
    return None


def _find_fields(document: Mapping[str, Any], inner: Mapping[str, Any]) -> tuple[str, ...]:
    names: list[str] = []
    for value in (inner.get("details"), document.get("details"), document.get("errors")):
        if isinstance(value, dict):
            names += value
        elif isinstance(value, list):
            names += [row["field"] for row in value if isinstance(row, dict) and isinstance(row.get("field"), str)]
    return tuple(dict.fromkeys(errors.to_one_line(name, _MAX_FIELD_CHARACTERS) for name in names[:MAX_FIELDS]))


def _find_wait_s(document: Mapping[str, Any]) -> float | None:
    milliseconds = _to_number(document.get("retry_after_ms"))
    wait_s = _to_number(document.get("retry_after")) if milliseconds is None else milliseconds / 1000
    return None if wait_s is None else min(wait_s, MAX_RETRY_AFTER_S)


def _to_number(value: object) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e12 and math.isfinite(value):
        return float(value)
    return None
