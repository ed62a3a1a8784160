"""Errors as the platform answers them, in the canonical shape and in every variant of section 4.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Status(NamedTuple):
    title: str
    code: str  # the machine code this status usually carries (section 4.2)


STATUSES: Mapping[int, Status] = {
    400: Status("Bad Request", "INVALID_PARAM"),
    401: Status("Unauthorized", "invalid_token"),
    402: Status("Payment Required", "INSUFFICIENT_CREDITS"),
    403: Status("Forbidden", "FORBIDDEN"),
    404: Status("Not Found", "NOT_FOUND"),
    405: Status("Method Not Allowed", "METHOD_NOT_ALLOWED"),
    406: Status("Not Acceptable", "NOT_ACCEPTABLE"),
    409: Status("Conflict", "CONFLICT"),
    410: Status("Gone", "GONE"),
    413: Status("Content Too Large", "TOO_LARGE"),
    422: Status("Unprocessable Content", "VALIDATION_ERROR"),
    429: Status("Too Many Requests", "rate_limit_exceeded"),
    500: Status("Internal Server Error", "INTERNAL_ERROR"),
    501: Status("Not Implemented", "NOT_IMPLEMENTED"),
    502: Status("Bad Gateway", "BAD_GATEWAY"),
    503: Status("Service Unavailable", "no_ready_machine"),
    504: Status("Gateway Timeout", "GATEWAY_TIMEOUT"),
}
UNKNOWN_STATUS = Status("Error", "ERROR")
RETRYABLE = (429, 502, 503, 504)
RETRY_AFTER_MS = 1500


class ApiError(Exception):
    """Ends a request with this status. `extra` is added to the canonical error object."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        details: dict[str, list[str]] | None = None,
        retry_after: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or status_of(status).code
        self.details = details
        self.retry_after = retry_after
        self.extra = extra or {}


def status_of(status: int) -> Status:
    return STATUSES.get(status, UNKNOWN_STATUS)


def not_found(noun: str) -> ApiError:
    return ApiError(404, f"{noun} not found")


def invalid(field: str, problem: str) -> ApiError:
    return ApiError(422, f"{field} {problem}", details={field: [problem]})


def unknown_route() -> ApiError:
    return ApiError(404, "The requested resource was not found")


def error_text(error: ApiError, shape: str) -> tuple[str, str] | None:
    """Text and content type if the shape is not JSON, as gateways answer."""
    if shape == "text":
        return error.message, "text/plain; charset=utf-8"
    if shape == "html":
        title = f"{error.status} {status_of(error.status).title}"
        page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
        return page, "text/html; charset=utf-8"
    return None


def error_json(error: ApiError, shape: str, request_id: str) -> object:
    code, message, details = error.code, error.message, error.details or {}
    shapes: dict[str, object] = {
        "flat": {"error": message, "code": code},
        "upper": {"error": code.upper(), "detail": message},
        "marker": {"error": code.lower()},
        "message": {"message": message, "code": code},
        "errors_map": {"errors": details or {"base": [message]}},
        "errors_list": {"errors": [{"code": code, "field": next(iter(details), None), "message": message}]},
        "errors_text": {"errors": [message]},
        "detail": {"detail": message},
        "reason": {"reason": message},
    }
    if shape in shapes:
        return shapes[shape]
    body: dict[str, Any] = {"code": code, "message": message, "request_id": request_id, **error.extra}
    if error.details:
        body["details"] = error.details
    if error.retry_after is not None:
        body["retry_after"] = error.retry_after
    if shape == "retry_hints":
        body["retryable"] = error.status in RETRYABLE
        body["retry_after_ms"] = RETRY_AFTER_MS
    return {"error": body}
