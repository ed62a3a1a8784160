"""One call from end to end: breaker, gate, transport, observer, retries."""

from __future__ import annotations

import itertools
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from portal.miosa import address, errors, refusals
from portal.miosa.breaker import Breaker
from portal.miosa.retry import Retries
from portal.miosa.transport import Answer, Hidden, Request, Transport
from portal.miosa.types.base import Attempt, Outcome
from portal.miosa.wire import legible

Gate = Callable[[Attempt], None]
Observer = Callable[[Outcome], None]

READ_S = 2.5
CHANGE_S = 10.0
PUBLISH_S = 60.0

_logger = logging.getLogger("portal.miosa")


class Core(NamedTuple):
    """What all copies of a client share."""

    transport: Transport
    breaker: Breaker
    retries: Retries


class Bound(NamedTuple):
    """What each copy may have of its own."""

    gate: Gate | None = None
    observer: Observer | None = None
    deadline_s: float | None = None
    request_id: str | None = None


class Place(NamedTuple):
    """A path and its template: `("/deployments/{id}", {"id": "dep_1"})`. Logs and gates see the template."""

    template: str
    ids: Mapping[str, str] = {}

    def target(self, query: Mapping[str, str | int]) -> str:
        for name, value in self.ids.items():
            if legible(value) is None:
                raise errors.NotFound(f"{name} is no id", status=404)
        path = self.template.format(**{name: quote(value, safe="") for name, value in self.ids.items()})
        return f"{path}?{urlencode(query)}" if query else path


def hide(body: Mapping[str, Any]) -> Hidden:
    """The body as bytes that show in no traceback. Where it holds a secret, forget the plain one at once."""
    return Hidden(msgspec.json.encode(body))


class Caller:
    def __init__(self, core: Core, bound: Bound, read_s: float = READ_S) -> None:
        self.core = core
        self.bound = bound
        self.read_s = read_s

    def get(
        self,
        place: Place,
        query: Mapping[str, str | int] | None = None,
        *,
        accept: str = "application/json",
        may_be_cut: bool = False,
    ) -> Answer:
        request = Request("GET", place.target(query or {}), self._request_id(), accept=accept, may_be_cut=may_be_cut)
        ends_at = time.monotonic() + (self.bound.deadline_s or self.read_s)
        self.core.retries.allowance.earn()
        last: errors.MiosaError | None = None
        for number in itertools.count(1):
            try:
                return self._once(request, place, ends_at, number)
            except (errors.BudgetSpent, errors.BreakerOpen) as unsent:
                last = last or unsent
                break
            except errors.MiosaError as failed:
                last = failed
            pause = self.core.retries.pause_before(number + 1, last, ends_at - time.monotonic())
            if pause is None:
                break
            self.core.retries.sleep(pause)
        raise last or errors.Unreachable("not asked")

    def change(
        self,
        method: str,
        place: Place,
        *,
        idempotency_key: str,
        body: Mapping[str, Any] | Hidden | None = None,
        quiet: bool = False,
        deadline_s: float = CHANGE_S,
    ) -> Answer:
        """Sent once. `quiet`: nothing MIOSA says about the body reaches an error."""
        key = address.header_text(idempotency_key, "idempotency key")
        request = Request(
            method,
            place.target({}),
            self._request_id(),
            body=body if body is None or isinstance(body, Hidden) else hide(body),
            idempotency_key=key,
        )
        ends_at = time.monotonic() + (self.bound.deadline_s or deadline_s)
        return self._once(request, place, ends_at, 1, quiet=quiet)

    def _request_id(self) -> str:
        return refusals.fit_request_id(self.bound.request_id) or uuid.uuid4().hex

    def _once(self, request: Request, place: Place, ends_at: float, number: int, *, quiet: bool = False) -> Answer:
        with _named(request, place), self.core.breaker.permit() as permit:
            self._ask_gate(request, place, number)
            began = time.monotonic()
            answer, error = self._send(request, place, ends_at, quiet=quiet)
            if error is None or isinstance(error, errors.Refused | errors.BadAnswer):
                permit.succeed()
            elif not (isinstance(error, errors.DeadlineExceeded) and error.at_home):
                permit.fail()
        if error is not None:
            error.method, error.path = request.method, place.template
        elapsed_ms = round((time.monotonic() - began) * 1000, 1)
        self._tell(request, place, number, answer=answer, error=error, elapsed_ms=elapsed_ms)
        if error is not None:
            raise error
        if answer is None:
            raise errors.BadAnswer("nothing", sent=True)
        return answer

    def _send(
        self, request: Request, place: Place, ends_at: float, *, quiet: bool
    ) -> tuple[Answer | None, errors.MiosaError | None]:
        try:
            answer = self.core.transport.send(request, ends_at)
        except errors.MiosaError as error:
            return None, error
        if 200 <= answer.status < 300:
            return answer._replace(method=request.method, path=place.template), None
        told = self.core.transport.without_key(answer.body)
        return answer, refusals.error_of(answer.status, answer.headers, told, quiet=quiet)

    def _ask_gate(self, request: Request, place: Place, number: int) -> None:
        if self.bound.gate is not None:
            self.bound.gate(
                Attempt(
                    method=request.method,
                    path=place.template,
                    number=number,
                    mutation=request.method != "GET",
                    request_id=request.request_id,
                )
            )

    def _tell(
        self,
        request: Request,
        place: Place,
        number: int,
        *,
        answer: Answer | None,
        error: errors.MiosaError | None,
        elapsed_ms: float,
    ) -> None:
        if self.bound.observer is None:
            return
        outcome = Outcome(
            method=request.method,
            path=place.template,
            number=number,
            status=answer.status if answer else error.status if error else None,
            error=type(error).__name__ if error else None,
            elapsed_ms=elapsed_ms,
            request_id=request.request_id,
            upstream_request_id=_upstream_id(answer, error),
            retry_after_s=error.retry_after_s if error else None,
        )
        try:
            self.bound.observer(outcome)
        except Exception:  # the answer of a change must not be lost because somebody could not note it
            _logger.exception("the observer of %s %s failed", request.method, place.template)


@contextmanager
def _named(request: Request, place: Place) -> Iterator[None]:
    """Errors say which call they belong to."""
    try:
        yield
    except errors.MiosaError as error:
        error.method, error.path = request.method, place.template
        raise


def _upstream_id(answer: Answer | None, error: errors.MiosaError | None) -> str | None:
    if error is not None:
        return error.request_id
    return refusals.request_id_of(answer.headers) if answer is not None else None
