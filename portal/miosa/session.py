"""One request from end to end: breaker, gate, transport, observer, retries."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec

from portal.miosa.breaker import Breaker
from portal.miosa.deadline import CHANGE_DEADLINE_S, READ_DEADLINE_S, Deadline
from portal.miosa.errors import BreakerOpen, BudgetSpent, MiosaError
from portal.miosa.messages import Request, Response, to_request_id
from portal.miosa.retry import RetryPolicy
from portal.miosa.transport import Transport

_logger = logging.getLogger("portal.miosa")


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate gets before each request. `path` is a template; `number` is 2 or 3 for a retried read."""

    method: str
    path: str
    number: int = 1
    mutation: bool = False
    request_id: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an observer gets after each request. `error` is a class name of the error tree."""

    method: str
    path: str
    number: int = 1
    status: int | None = None
    error: str | None = None
    elapsed_ms: float = 0.0
    request_id: str = ""
    upstream_request_id: str | None = None
    retry_after_s: float | None = None


Gate = Callable[[Attempt], None]
Observer = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What each bound copy of a client may have of its own. `deadline_s` is for reads and changes alike."""

    gate: Gate | None = None
    observer: Observer | None = None
    deadline_s: float | None = None
    request_id: str | None = None


class _Result:
    response: Response


@dataclass(frozen=True, slots=True)
class Session:
    """Sends requests. Bound copies share transport, breaker and retry budget."""

    transport: Transport
    read_deadline_s: float = READ_DEADLINE_S
    options: Options = field(default_factory=Options)
    breaker: Breaker = field(default_factory=Breaker)
    retries: RetryPolicy = field(default_factory=RetryPolicy)

    def request(self, request: Request) -> Response:
        """Send `request` and return its response. Raises MiosaError.

        A read is retried within its deadline. A change is sent once, since only its operation knows whether it may be
        repeated (docs/rules.md, 4).
        """
        default_s = CHANGE_DEADLINE_S if request.is_change else self.read_deadline_s
        deadline = Deadline(self.options.deadline_s or request.deadline_s or default_s)
        request_id = to_request_id(self.options.request_id) or uuid.uuid4().hex
        if not request.is_change:
            self.retries.budget.deposit()
        number = 1
        error: MiosaError | None = None
        while True:
            try:
                with self._attempt(request, request_id, number) as result:
                    result.response = self.transport.send(request, request_id=request_id, deadline=deadline)
                return result.response
            except (BudgetSpent, BreakerOpen) as unsent:
                error = error or unsent
                break
            except MiosaError as failed:
                error = failed
            number += 1
            delay_s = None if request.is_change else self.retries.get_delay_s(number, error, deadline.left_s)
            if delay_s is None:
                break
            self.retries.sleep(delay_s)
        error.method, error.path = request.method, request.endpoint.template
        raise error

    @contextmanager
    def _attempt(self, request: Request, request_id: str, number: int) -> Iterator[_Result]:
        """Around one sending: breaker and gate may stop it, breaker and observer get its result."""
        attempt = Attempt(
            method=request.method,
            path=request.endpoint.template,
            number=number,
            mutation=request.is_change,
            request_id=request_id,
        )
        result = _Result()
        error: MiosaError | None = None
        with self.breaker.permit() as permit:
            if self.options.gate is not None:
                self.options.gate(attempt)
            started_at = time.monotonic()
            try:
                yield result
            except MiosaError as failed:
                error = failed
            permit.record(error)
        if self.options.observer is not None:
            self._notify(attempt, error or result.response, time.monotonic() - started_at)
        if error is not None:
            raise error

    def _notify(self, attempt: Attempt, result: Response | MiosaError, elapsed_s: float) -> None:
        outcome = Outcome(
            method=attempt.method,
            path=attempt.path,
            number=attempt.number,
            status=result.status,
            error=type(result).__name__ if isinstance(result, MiosaError) else None,
            elapsed_ms=round(elapsed_s * 1000, 1),
            request_id=attempt.request_id,
            upstream_request_id=result.request_id,
            retry_after_s=result.retry_after_s if isinstance(result, MiosaError) else None,
        )
        try:
            if self.options.observer is not None:
                self.options.observer(outcome)
        except Exception:  # the response to a change must not be lost because it could not be noted
            _logger.exception("the observer of %s %s failed", attempt.method, attempt.path)
