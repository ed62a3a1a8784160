"""What can go wrong when MIOSA is asked.

MiosaError
├── Refused            MIOSA answered 4xx: it understood, did nothing, and said why
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
├── Outage             no usable answer; never to be read as "it is not there"
│   ├── Unreachable        no byte was sent
│   ├── BreakerOpen        no byte was sent, since the last ones went badly
│   ├── AnswerLost         sent, and the connection broke
│   ├── DeadlineExceeded   out of time; `sent` tells whether before or after sending
│   ├── ServerError        5xx, 408
│   └── BadAnswer          an answer nobody can read: HTML, half JSON, too long
│       └── Redirected         3xx: the key goes to one host only
└── BudgetSpent        raised by a `gate`: nothing was sent
"""

from __future__ import annotations

import re
from typing import ClassVar

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_LOG_LIMIT = 300


def one_line(text: str, limit: int = _LOG_LIMIT) -> str:
    """`text` fit for one log line: no control characters, no line breaks, not long."""
    line = _CONTROL.sub(" ", text[: limit * 4]).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


class MiosaError(Exception):
    """Two texts: `for_log` names everything but secrets, `for_people` names no vendor. `code` is stable.

    `sent`: could MIOSA have executed (or be executing) the request? False after a refusal.
    `may_retry`: could the same request, a little later, go well?
    """

    code: ClassVar[str] = "error"
    for_people: ClassVar[str] = "Something went wrong."
    may_retry: bool = False

    def __init__(
        self,
        reason: str = "",
        *,
        status: int | None = None,
        request_id: str | None = None,
        upstream_code: str | None = None,
        retry_after_s: float | None = None,
        sent: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = one_line(reason)
        self.status = status
        self.request_id = request_id
        self.upstream_code = upstream_code
        self.retry_after_s = retry_after_s
        self.sent = sent
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
        told = " ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
        call = f" {self.method} {self.path}" if self.method else ""
        return f"{type(self).__name__}{call} {told}" + (f": {self.reason}" if self.reason else "")

    def __str__(self) -> str:
        return self.for_log

    def __repr__(self) -> str:
        return f"<{self.for_log}>"


class Refused(MiosaError):
    """`from_gateway`: the answer was no JSON, so something in front of MIOSA may have said it.

    `fields` names what MIOSA found wrong (names only: their texts may repeat what was entered).
    """

    code = "refused"
    for_people = "This was refused."

    def __init__(
        self,
        reason: str = "",
        *,
        status: int | None = None,
        request_id: str | None = None,
        upstream_code: str | None = None,
        retry_after_s: float | None = None,
        sent: bool = False,
        from_gateway: bool = False,
        fields: tuple[str, ...] = (),
    ) -> None:
        super().__init__(
            reason,
            status=status,
            request_id=request_id,
            upstream_code=upstream_code,
            retry_after_s=retry_after_s,
            sent=sent,
        )
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
    for_people = "This portal's key may not do that."


class NotFound(Refused):
    code = "not_found"
    for_people = "This does not exist, or not any more."


class NotSupported(Refused):
    code = "not_supported"
    for_people = "The hosting service does not offer this."


class Conflict(Refused):
    """`in_flight`: the first request with this key is still at work, so its outcome is unknown (`sent`)."""

    code = "conflict"
    for_people = "This does not fit the present state."

    @property
    def in_flight(self) -> bool:
        return any(word in (self.upstream_code or "") for word in ("in_flight", "in_progress", "inflight"))

    @property
    def key_mismatch(self) -> bool:
        """The key was used before, with another body."""
        return self.upstream_code == "idempotency_payload_mismatch"


class Gone(Refused):
    code = "gone"
    for_people = "This was kept for a while and is gone."


class TooLarge(Refused):
    code = "too_large"
    for_people = "This is too large."


class Invalid(Refused):
    code = "invalid"
    for_people = "Something in this was not accepted."


class RateLimited(Refused):
    code = "rate_limited"
    for_people = "Too much was asked in a short time. Try again in a moment."
    may_retry = True


class Outage(MiosaError):
    code = "outage"
    for_people = "The hosting service does not answer as it should."
    may_retry = True


class Unreachable(Outage):
    code = "unreachable"
    for_people = "The hosting service can't be reached. Nothing was changed."


class BreakerOpen(Outage):
    code = "breaker_open"
    for_people = "The hosting service has not been answering, so it was not asked again yet. Nothing was changed."


class AnswerLost(Outage):
    code = "answer_lost"
    for_people = "The hosting service was asked, and its answer was lost."


class DeadlineExceeded(Outage):
    """`at_home`: time ran out on our side, waiting for the gate or a free connection; MIOSA was not asked."""

    at_home = False
    code = "deadline_exceeded"
    for_people = "The hosting service took too long to answer."


class ServerError(Outage):
    code = "server_error"
    for_people = "The hosting service has a fault."


class BadAnswer(Outage):
    code = "bad_answer"
    for_people = "The hosting service gave an answer that can't be read."
    may_retry = False


class Redirected(BadAnswer):
    code = "redirected"


class BudgetSpent(MiosaError):
    code = "budget_spent"
    for_people = "Too much was asked in a short time. Try again in a moment."
    may_retry = True
