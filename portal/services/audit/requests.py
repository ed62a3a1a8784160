"""Events for requests that left none of their own: what was tried, and whether it was done."""

import logging
import time
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache

from portal.models import Customer
from portal.permissions import Person
from portal.services import durability
from portal.services.audit.record import Outcome, record, record_once_a_minute

logger = logging.getLogger(__name__)

KIND = "request"
# So that nobody fills the disk. It is as much as the JSON API answers one person.
MOST_A_MINUTE = 600
_MINUTE_S = 60
_REFUSED = {401, 403, 404, 405, 429}


@dataclass(frozen=True, slots=True)
class AnsweredRequest:
    """`path` holds no secret. `slug` is the customer's in the URL, or empty. `sender` is an account or a network.

    `is_part`: htmx sent it, which repeats what a page polls. `needs_sign_in`: it was answered with the sign-in page.
    """

    method: str
    path: str
    slug: str
    status: int
    sender: str
    is_part: bool
    needs_sign_in: bool

    @property
    def outcome(self) -> Outcome:
        if self.needs_sign_in or self.status in _REFUSED:
            return Outcome.REFUSED
        return Outcome.DONE if self.status < 400 else Outcome.FAILED


def record_request(request: AnsweredRequest, *, by: Person | None) -> None:
    """A request that can't be recorded is answered all the same; the log has a line about it."""
    with durability.optional_write("audit event"):
        customer = _find_customer(request.slug, by=by)
        if customer is not None and request.method in {"GET", "HEAD"} and request.status == 404:
            return  # something of their own that is gone
        facts: dict[str, Any] = {
            "by": by,
            "customer": customer,
            "target": f"{request.method} {request.path}",
            "outcome": request.outcome,
        }
        if request.status == 429:
            record_once_a_minute(KIND, about=request.sender, **facts)
        elif request.is_part and request.method == "GET":
            record_once_a_minute(KIND, about=f"{request.sender} {request.path}", **facts)
        elif _count(request.sender) <= MOST_A_MINUTE:
            record(KIND, **facts)
        else:
            logger.warning("not recorded: too many requests", extra={"sender": request.sender})


def _find_customer(slug: str, *, by: Person | None) -> Customer | None:
    """The customer of the URL, if this person has a role there: others' attempts are shown to staff only."""
    customer = Customer.objects.filter(slug=slug).first() if slug and by is not None else None
    return customer if customer is not None and by is not None and by.role_at(customer.pk) else None


def _count(sender: str) -> int:
    """The number of this request within this minute; 0 while the cache can't count."""
    key = f"audit:{int(time.time()) // _MINUTE_S}:{sender}"
    try:
        return 1 if cache.add(key, 1, 2 * _MINUTE_S) else cache.incr(key)
    except ValueError:
        return 0
