"""The client through which all services ask MIOSA: one for the process, over one pool and one breaker.

Each attempt is paid from the budget before it is sent, and its outcome is noted in the connection.
"""

import functools
import time
from datetime import timedelta

from django.conf import settings
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Connection
from portal.services import connection, durability, errors
from portal.services.sync import budget
from portal.services.sync.budget import Purpose
from portal.services.sync.leases import LeaseLost
from portal.services.sync.limits import BACKGROUND_DEADLINE_S

_OK_WRITTEN_EVERY = timedelta(seconds=30)
_SHORTEST_PAUSE_S = 0.05


def client(
    purpose: Purpose,
    *,
    customer_id: int | None = None,
    request_id: str | None = None,
    deadline_s: float | None = None,
    within_s: float | None = None,
    patience_s: float = 0.0,
) -> miosa.Client:
    """A client whose requests are paid as `purpose`, people's reads also from the customer's share.

    `deadline_s`: of a whole call, retries included. `within_s`: since a person is waiting, no request begins later than
    this (it raises miosa.BudgetSpent). `patience_s`: how long each request waits for the budget, in the worker.
    """
    until = None if within_s is None else time.monotonic() + within_s

    def gate(_attempt: miosa.Attempt) -> None:
        if until is not None and time.monotonic() > until:
            raise miosa.BudgetSpent("no time left", retry_after_s=0)
        _pay_patiently(purpose, customer_id, patience_s)

    is_background = purpose in {Purpose.BACKGROUND, Purpose.FILL}
    default = BACKGROUND_DEADLINE_S if is_background else miosa.READ_DEADLINE_S
    return bind(gate, deadline_s=deadline_s or default, request_id=request_id)


def bind(gate: miosa.Gate, *, deadline_s: float, request_id: str | None) -> miosa.Client:
    """A client with a gate of its own, which pays for each attempt. `deadline_s`: of a whole call, retries included."""
    return _get_shared_client(settings.MIOSA.base_url, settings.MIOSA.api_key, settings.MIOSA.tenant).bind(
        gate=gate, observer=_Observer(), deadline_s=deadline_s, request_id=request_id
    )


def _pay_patiently(purpose: Purpose, customer_id: int | None, patience_s: float) -> None:
    """As `_pay`, but waits for the budget for `patience_s` at most."""
    until = time.monotonic() + patience_s
    while True:
        try:
            _pay(purpose, customer_id)
        except miosa.BudgetSpent as spent:
            pause_s = max(spent.retry_after_s or 0.0, _SHORTEST_PAUSE_S)
            if time.monotonic() + pause_s > until:
                raise
            time.sleep(pause_s)
        else:
            return


def _pay(purpose: Purpose, customer_id: int | None) -> None:
    """Raises miosa.BudgetSpent; for people's reads also if the database takes no writes for 0.2 s."""
    if purpose not in {Purpose.READ, Purpose.PROGRESS}:
        budget.take(purpose, customer_id=customer_id)
        return
    try:
        with durability.lock_wait(durability.PAGE_WAIT_MS):
            budget.take(purpose, customer_id=customer_id)
    except OperationalError as error:
        raise miosa.BudgetSpent("the database is busy", retry_after_s=1) from error


@functools.lru_cache(maxsize=4)
def _get_shared_client(base_url: str, api_key: str, tenant: str | None) -> miosa.Client:
    return miosa.Client(base_url=base_url, api_key=api_key, tenant=tenant)


def reset_client() -> None:
    """Drop the shared client with its breaker; for tests, which change where MIOSA is."""
    _get_shared_client.cache_clear()


def to_unavailable(error: Exception) -> errors.Unavailable:
    """The error for people of a failed read."""
    if isinstance(error, miosa.BudgetSpent | miosa.RateLimited):
        seconds = round(error.retry_after_s or 10) or 1
        text = _("There are too many requests right now. Try again in %(seconds)s seconds.")
        return errors.Unavailable(text % {"seconds": seconds}, retry_after_s=seconds)
    if isinstance(error, LeaseLost):
        return errors.Unavailable(_("This has just been refreshed by someone else. Reload the page."), retry_after_s=1)
    if isinstance(error, miosa.Refused):
        return errors.Unavailable(_("The hosting service refused the request. You see the last known state."))
    return errors.Unavailable(_("The hosting service can't be reached. You see the last known state."))


class _Observer:
    """Notes how the requests of one client end; written only when something changed, so a healthy minute costs little.

    Of several good answers in a row, the first is compared with what is stored.
    """

    def __init__(self) -> None:
        self._is_good = False

    def __call__(self, outcome: miosa.Outcome) -> None:
        with durability.optional_write("connection"):
            if outcome.error:
                self._is_good = False
                _note_error(outcome, getattr(miosa, outcome.error))
            elif not self._is_good:
                _note_answer()
                self._is_good = True


def _note_error(outcome: miosa.Outcome, kind: type[miosa.MiosaError]) -> None:
    if issubclass(kind, miosa.RateLimited):
        budget.block(outcome.retry_after_s or 10.0)
    elif issubclass(kind, miosa.Unauthorized | miosa.Forbidden | miosa.PaymentRequired) and outcome.method == "GET":
        # A refused change concerns that change alone, so only refused reads count.
        _note_problem("refused_since", kind.code)
    elif issubclass(kind, miosa.Outage) and not issubclass(kind, miosa.BreakerOpen):
        _note_problem("unreachable_since", kind.code)


def _note_answer() -> None:
    row, now = connection.get_connection(), timezone.now()
    is_noted = row.last_ok_at is not None and now - row.last_ok_at < _OK_WRITTEN_EVERY
    if row.unreachable_since or row.refused_since or not is_noted:
        Connection.objects.filter(pk=1).update(last_ok_at=now, unreachable_since=None, refused_since=None, error="")


def _note_problem(column: str, code: str) -> None:
    if getattr(connection.get_connection(), column) is None:
        other = "refused_since" if column == "unreachable_since" else "unreachable_since"
        Connection.objects.filter(pk=1, **{column: None}).update(**{column: timezone.now(), other: None, "error": code})
