"""First answers, kept under the Idempotency-Key that the caller chose and replayed (section 5)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from msgspec import Struct
from werkzeug.wrappers import Request, Response

from portal.simulator.errors import ApiError

WINDOW = timedelta(hours=24)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class StoredAnswer(Struct, kw_only=True):
    """`status` is None until the first request has been executed, `in_flight` True until it has been answered."""

    name: str
    fingerprint: str
    at: datetime
    status: int | None = None
    body: str = ""
    content_type: str = ""
    in_flight: bool = True

    def as_response(self) -> Response:
        response = Response(self.body, self.status, content_type=self.content_type)
        if not self.content_type:
            del response.headers["Content-Type"]
        response.headers["idempotency-replayed"] = "true"
        return response


class IdempotencyStore:
    """The caller holds the state's lock."""

    def __init__(self, answers: list[StoredAnswer] | None = None) -> None:
        self._answers = {answer.name: answer for answer in answers or []}

    def find_or_begin(
        self, tenant_id: str, request: Request, now: datetime
    ) -> tuple[StoredAnswer | None, Response | None]:
        """A new entry to fill in, or the response to replay; neither if no key was sent.

        Raises ApiError 409 if the key was used with another body or its first request still runs.
        """
        key = request.headers.get("Idempotency-Key")
        if not key or request.method in SAFE_METHODS:
            return None, None
        name = f"{tenant_id} {request.method} {request.path} {key}"
        fingerprint = hashlib.sha256(request.get_data()).hexdigest()
        known = self._answers.get(name)
        if known is None or known.at + WINDOW < now:
            answer = self._answers[name] = StoredAnswer(name=name, fingerprint=fingerprint, at=now)
            return answer, None
        if known.fingerprint != fingerprint:
            raise ApiError(409, "the key was used with another body", code="IDEMPOTENCY_PAYLOAD_MISMATCH")
        if known.in_flight or known.status is None:
            raise ApiError(409, "the first request with this key is still running", code="IDEMPOTENCY_IN_FLIGHT")
        return None, known.as_response()

    def store(self, answer: StoredAnswer, response: Response) -> None:
        """Server errors are not kept, so that a retry executes."""
        if response.status_code >= 500:
            self.forget(answer)
            return
        answer.status = response.status_code
        answer.body = response.get_data(as_text=True)
        answer.content_type = response.headers.get("Content-Type", "")

    def forget(self, answer: StoredAnswer) -> None:
        self._answers.pop(answer.name, None)

    def list_executed(self) -> list[StoredAnswer]:
        return [answer for answer in self._answers.values() if answer.status is not None]
