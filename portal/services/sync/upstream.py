"""The door to MIOSA for all services.

One client for the process; the budget is asked before each attempt, and the connection told after.
"""

import functools
import time

from django.conf import settings

from portal import miosa
from portal.services import connection
from portal.services.sync import budget
from portal.services.sync.budget import Purpose

BACKGROUND_DEADLINE_S = 20.0


def client(
    purpose: Purpose,
    *,
    customer_id: int | None = None,
    request_id: str | None = None,
    deadline_s: float | None = None,
    within_s: float | None = None,
) -> miosa.Client:
    """A client whose requests are paid from the budget as `purpose`, in people's reads on behalf of a customer.

    `within_s`: after so many seconds it begins no other request (miosa.BudgetSpent), since a person is waiting.
    """
    until = None if within_s is None else time.monotonic() + within_s

    def gate(_attempt: miosa.Attempt) -> None:
        if until is not None and time.monotonic() > until:
            raise miosa.BudgetSpent("no time left", retry_after_s=0)
        budget.take(purpose, customer_id=customer_id)

    default = BACKGROUND_DEADLINE_S if purpose is Purpose.BACKGROUND else miosa.READ_DEADLINE_S
    return _shared(settings.MIOSA.base_url, settings.MIOSA.api_key, settings.MIOSA.tenant).bind(
        gate=gate, observer=connection.Observer(), deadline_s=deadline_s or default, request_id=request_id
    )


@functools.lru_cache(maxsize=4)
def _shared(base_url: str, api_key: str, tenant: str | None) -> miosa.Client:
    return miosa.Client(base_url=base_url, api_key=api_key, tenant=tenant)


def forget_client() -> None:
    """Drop the shared client with its breaker; for tests, which change where MIOSA is."""
    _shared.cache_clear()
