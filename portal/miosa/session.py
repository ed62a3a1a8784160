"""One request from end to end: breaker, gate, transport, observer, retries."""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from portal.miosa.breaker import Breaker
from portal.miosa.deadline import CHANGE_DEADLINE_S, READ_DEADLINE_S, Deadline
from portal.miosa.error_bodies import parse_error
from portal.miosa.errors import BreakerOpen, BudgetSpent, MiosaError, RateLimited
from portal.miosa.messages import Request, Response, to_request_id
from portal.miosa.transport import Transport

MAX_ATTEMPTS = 3
FIRST_DELAY_S = 0.1
MAX_DELAY_S = 1.0
MAX_OBEYED_RETRY_AFTER_S = 2.0  # a longer Retry-After is passed on to the caller instead

_logger = logging.getLogger("portal.miosa")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What a gate gets before each request. `path` is a template; `number` is 2 or 3 for a retried read."""

    method: str
    path: str
    number: int = 1
    is_change: bool = False
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
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


class RetryBudget:
    """Keeps retries below a tenth of requests: each request deposits 0.1 token, a retry takes a whole one."""

    def __init__(self, share: float = 0.1, capacity: float = 5.0, start: float = 3.0) -> None:
        self._share, self._capacity, self._tokens = share, capacity, start
        self._lock = threading.Lock()

    def deposit(self) -> None:
        with self._lock:
            self._tokens = min(self._capacity, self._tokens + self._share)

    def take(self) -> bool:
        """Take a token. False if there is none."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class RetryPolicy:
    """When a read is sent again: exponential backoff with full jitter. A change never is: its operation decides that.

    `Retry-After` wins, if it is short (miosa-api.md 4.3).
    """

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, jitter: Callable[[], float] = random.random
    ) -> None:
        self.budget = RetryBudget()
        self.sleep = sleep
        self._jitter = jitter

    def get_delay_s(self, attempt: int, error: MiosaError, left_s: float) -> float | None:
        """Seconds to wait before attempt number `attempt` (2 is the first retry). None: give up."""
        if attempt > MAX_ATTEMPTS or not error.may_retry:
            return None
        delay_s: float = self._jitter() * min(MAX_DELAY_S, FIRST_DELAY_S * 2 ** (attempt - 2))
        if error.retry_after_s is not None:
            if error.retry_after_s > MAX_OBEYED_RETRY_AFTER_S:
                return None
            delay_s = min(error.retry_after_s + delay_s / 4, MAX_OBEYED_RETRY_AFTER_S)
        elif isinstance(error, RateLimited):
            return None
        return delay_s if delay_s < left_s and self.budget.take() else None


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
        if not request.is_change:
            self.retries.budget.deposit()
        attempt = Attempt(
            method=request.method,
            path=request.endpoint.template,
            is_change=request.is_change,
            request_id=to_request_id(self.options.request_id) or uuid.uuid4().hex,
        )
        number = 1
        error: MiosaError | None = None
        while True:
            try:
                return self._send_once(request, replace(attempt, number=number), deadline)
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

    def _send_once(self, request: Request, attempt: Attempt, deadline: Deadline) -> Response:
        """Breaker and gate may stop it; breaker and observer get its result. Raises MiosaError."""
        result: Response | MiosaError
        with self.breaker.permit() as permit:
            if self.options.gate is not None:
                self.options.gate(attempt)
            started_at = time.monotonic()
            try:
                response = self.transport.send(request, request_id=attempt.request_id, deadline=deadline)
                result = response if response.is_success else parse_error(response)
            except MiosaError as error:
                result = error
            permit.record(result if isinstance(result, MiosaError) else None)
        if self.options.observer is not None:
            self._notify(attempt, result, time.monotonic() - started_at)
        if isinstance(result, MiosaError):
            raise result
        return result

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
