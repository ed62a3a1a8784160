"""Refusals of the simulated platform, and the many shapes in which they may be written."""

from __future__ import annotations

from typing import Any

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}

USUAL_CODES = {
    400: "INVALID_PARAM",
    401: "invalid_token",
    402: "INSUFFICIENT_CREDITS",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    409: "CONFLICT",
    410: "GONE",
    413: "TOO_LARGE",
    422: "VALIDATION_ERROR",
    429: "rate_limit_exceeded",
    500: "INTERNAL_ERROR",
    501: "NOT_IMPLEMENTED",
    502: "BAD_GATEWAY",
    503: "no_ready_machine",
    504: "GATEWAY_TIMEOUT",
}


class Refusal(Exception):
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
        self.code = code or USUAL_CODES.get(status, "ERROR")
        self.details = details
        self.retry_after = retry_after
        self.extra = extra or {}


def not_found(noun: str) -> Refusal:
    return Refusal(404, f"{noun} not found")


def invalid(field: str, problem: str) -> Refusal:
    return Refusal(422, f"{field} {problem}", details={field: [problem]})


def body_of(refusal: Refusal, shape: str, request_id: str) -> tuple[object, str | None]:
    """The body and, where it is not JSON, its content type."""
    code, message = refusal.code, refusal.message
    if shape == "text":
        return message, "text/plain; charset=utf-8"
    if shape == "html":
        title = f"{refusal.status} {TITLES.get(refusal.status, 'Error')}"
        page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
        return page, "text/html; charset=utf-8"
    details = refusal.details or {}
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
        return shapes[shape], None
    error: dict[str, Any] = {"code": code, "message": message, "request_id": request_id, **refusal.extra}
    if refusal.details:
        error["details"] = refusal.details
    if refusal.retry_after is not None:
        error["retry_after"] = refusal.retry_after
    if shape == "retry_hints":
        error["retryable"] = refusal.status in (429, 502, 503, 504)
        error["retry_after_ms"] = 1500
    return {"error": error}, None
