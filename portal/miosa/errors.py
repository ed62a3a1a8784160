"""What can go wrong with a call of MIOSA's API.

MiosaError
├── Refused            4xx: MIOSA understood, did nothing, and gave a reason
│   ├── Unauthorized       401
│   ├── PaymentRequired    402
│   ├── Forbidden          403
│   ├── NotFound           404
│   ├── NotSupported       405, 406, 415, 501
│   ├── Conflict           409
│   ├── Gone               410
│   ├── TooLarge           413
│   ├── Invalid            400, 422
│   └── RateLimited        429
├── Outage             no usable answer; never evidence that something does not exist
│   ├── Unreachable        no byte was sent
│   ├── BreakerOpen        no byte was sent, because recent requests failed
│   ├── AnswerLost         sent, then the connection broke
│   ├── DeadlineExceeded   out of time; `sent` is whether that was after sending
│   ├── ServerError        5xx, 408
│   └── BadAnswer          an answer that can't be read: HTML, half of a JSON text, too long
│       └── Redirected         3xx: the key goes to one host only
└── BudgetSpent        raised by a `gate`: nothing was sent
"""

from __future__ import annotations

import re
from typing import ClassVar, TypedDict, Unpack

MAX_LOG_CHARACTERS = 300

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def to_one_line(text: str, limit: int = MAX_LOG_CHARACTERS) -> str:
    """`text` for a log line: at most `limit` characters, without control characters or line breaks."""
    line = _CONTROL.sub(" ", text[: limit * 4]).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


class Facts(TypedDict, total=False):
    """`request_id` is MIOSA's (x-request-id). `upstream_code` is its machine code, in lower case (miosa-api.md 4.2)."""

    status: int | None
    request_id: str | None
    upstream_code: str | None
    retry_after_s: float | None
    sent: bool


class MiosaError(Exception):
    """Has two texts: `for_log` has all but secrets, `for_people` names no vendor. `code` is stable.

    `sent`: MIOSA may have executed the request, or be executing it. False after a refusal.
    `may_retry`: the same request may succeed a little later.
    """

    code: ClassVar[str] = "error"
    for_people: ClassVar[str] = "Something went wrong."
    may_retry: bool = False

    def __init__(self, reason: str = "", **facts: Unpack[Facts]) -> None:
        super().__init__(reason)
        self.reason = to_one_line(reason)
        self.status = facts.get("status")
        self.request_id = facts.get("request_id")
        self.upstream_code = facts.get("upstream_code")
        self.retry_after_s = facts.get("retry_after_s")
        self.sent = facts.get("sent", False)
        self.method: str | None = None
        self.path: str | None = None

    @property
    def for_log(self) -> str:
        facts = {
            "status": self.status,
            "code": self.upstream_code,
            "request_id": self.request_id,
            "retry_after_s": self.retry_after_s,
            "sent": self.sent,
        }
        known = " ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
        call = f" {self.method} {self.path}" if self.method else ""
        return f"{type(self).__name__}{call} {known}" + (f": {self.reason}" if self.reason else "")

    def __str__(self) -> str:
        return self.for_log

    def __repr__(self) -> str:
        return f"<{self.for_log}>"


class Refused(MiosaError):
    """`from_gateway`: the answer was not JSON, so it may be a gateway's in front of MIOSA.

    `fields` names what MIOSA did not accept. Only names: its texts may repeat what was entered.
    """

    code = "refused"
    for_people = "This was refused."

    def __init__(
        self, reason: str = "", *, from_gateway: bool = False, fields: tuple[str, ...] = (), **facts: Unpack[Facts]
    ) -> None:
        super().__init__(reason, **facts)
        self.from_gateway = from_gateway
        self.fields = fields


class Unauthorized(Refused):
    code = "unauthorized"
    for_people = "The hosting service did not accept this portal's key."


class PaymentRequired(Refused):
    code = "payment_required"
    for_people = "The hosting account needs attention before this can be done."


class Forbidden(Refused):
    code = "forbidden"
    for_people = "This portal's key is not allowed to do that."


class NotFound(Refused):
    code = "not_found"
    for_people = "This does not exist, or no longer exists."


class NotSupported(Refused):
    code = "not_supported"
    for_people = "The hosting service does not offer this."


class Conflict(Refused):
    """`in_flight`: the first request with this key is still running, so its outcome is unknown (`sent` is True)."""

    code = "conflict"
    for_people = "This is not possible in the current state."

    @property
    def in_flight(self) -> bool:
        return any(word in (self.upstream_code or "") for word in ("in_flight", "in_progress", "inflight"))

    @property
    def key_mismatch(self) -> bool:
        """The idempotency key was used before, with another body (miosa-api.md 5)."""
        return self.upstream_code == "idempotency_payload_mismatch"


class Gone(Refused):
    code = "gone"
    for_people = "This was kept for a limited time and has been deleted."


class TooLarge(Refused):
    code = "too_large"
    for_people = "This is too large."


class Invalid(Refused):
    code = "invalid"
    for_people = "Something you entered was not accepted."


class RateLimited(Refused):
    code = "rate_limited"
    for_people = "Too many requests in a short time. Try again in a moment."
    may_retry = True


class Outage(MiosaError):
    code = "outage"
    for_people = "The hosting service is not working as it should."
    may_retry = True


class Unreachable(Outage):
    code = "unreachable"
    for_people = "The hosting service can't be reached. Nothing was changed."


class BreakerOpen(Outage):
    code = "breaker_open"
    for_people = "The hosting service has not been answering, so this was not sent. Nothing was changed."


class AnswerLost(Outage):
    code = "answer_lost"
    for_people = "The request was sent, but the hosting service's answer was lost."


class DeadlineExceeded(Outage):
    """`is_local`: time ran out on our side, waiting for the gate or a free connection."""

    code = "deadline_exceeded"
    for_people = "The hosting service took too long to answer."

    def __init__(self, reason: str = "", *, is_local: bool = False, **facts: Unpack[Facts]) -> None:
        super().__init__(reason, **facts)
        self.is_local = is_local


class ServerError(Outage):
    code = "server_error"
    for_people = "The hosting service reported an error."


class BadAnswer(Outage):
    code = "bad_answer"
    for_people = "The hosting service's answer could not be read."
    may_retry = False


class Redirected(BadAnswer):
    code = "redirected"


class BudgetSpent(MiosaError):
    code = "budget_spent"
    for_people = "Too many requests in a short time. Try again in a moment."
    may_retry = True
