"""The door to MIOSA for all services: one client for the process, with the budget before each attempt and the connection told after."""

import functools

from django.conf import settings

from portal import miosa
from portal.services import budget, connection
from portal.services.budget import Purpose

READ_DEADLINE_S = 2.5
BACKGROUND_DEADLINE_S = 20.0


def client(
    purpose: Purpose, *, customer_id: int | None = None, request_id: str | None = None, deadline_s: float | None = None
) -> miosa.Client:
    """A client whose requests are paid from the budget as `purpose`, in people's reads on behalf of a customer."""

    def gate(_attempt: miosa.Attempt) -> None:
        budget.take(purpose, customer_id=customer_id)

    default = BACKGROUND_DEADLINE_S if purpose is Purpose.BACKGROUND else READ_DEADLINE_S
    return _shared(settings.MIOSA.base_url, settings.MIOSA.api_key, settings.MIOSA.tenant).bind(
        gate=gate, observer=connection.heard, deadline_s=deadline_s or default, request_id=request_id
    )


@functools.lru_cache(maxsize=4)
def _shared(base_url: str, api_key: str, tenant: str | None) -> miosa.Client:
    return miosa.Client(base_url=base_url, api_key=api_key, tenant=tenant)


def forget_client() -> None:
    """Drop the shared client with its breaker; for tests, which change where MIOSA is."""
    _shared.cache_clear()
