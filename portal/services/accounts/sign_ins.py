"""How often somebody may try to sign in. Strangers are slowed down, and never keep out people whose browser is known.

A browser in which somebody has signed in before is known for that account. It counts for itself alone. Other attempts
count for their address, for the account from that address, and, so that many addresses can't share the work, for the
account. Accounts that don't exist are counted like others.
"""

import hashlib
import logging
import math
import time
from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Bucket, Customer, User
from portal.services import people
from portal.services.audit import record
from portal.services.errors import Unavailable
from portal.services.mails import compose
from portal.services.rates import Share
from portal.services.sync import budget

logger = logging.getLogger(__name__)

SECOND_FACTOR = "second factor"
RESET = "reset"

_PREFIX = "sign-in:"
# Each: how many attempts at once, and after that how many per second.
_KNOWN_BROWSER = (10.0, 1 / 10)
_ADDRESS = (20.0, 1 / 6)
_ACCOUNT_FROM_ADDRESS = (5.0, 1 / 60)
_ACCOUNT = (30.0, 1 / 30)
# Mails that anybody can have sent to somebody else.
_MAILS_TO_ADDRESS = (3.0, 1 / 600)
# By then each of them is full again.
_KEPT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """`email` as it was typed. `network` is what an address counts as. `browser` is empty unless it is known.

    `what` is tried besides the password, such as a second factor. Its attempts count apart.
    """

    email: str
    network: str
    browser: str
    what: str = ""

    @property
    def shares(self) -> list[Share]:
        email = self.email.casefold()  # as allauth compares them: ſ is an s
        if self.what == RESET:
            return [
                _share("address", (self.network,), _ADDRESS),
                _share("reset", (email,), _MAILS_TO_ADDRESS),
            ]
        account = f"{self.what}:{email}" if self.what else email
        if self.browser:
            return [_share("browser", (account, self.browser), _KNOWN_BROWSER)]
        return [
            _share("account-address", (account, self.network), _ACCOUNT_FROM_ADDRESS),
            _share("address", (self.network,), _ADDRESS),
            _share("account", (account,), _ACCOUNT),
        ]


def count_attempt(attempt: Attempt) -> None:
    """Count one attempt, before the password is checked. Raises Unavailable if there were too many."""
    try:
        budget.take_shares(attempt.shares, now=time.time())
    except miosa.BudgetSpent as spent:
        seconds = max(1, math.ceil(spent.retry_after_s or 1))
        logger.warning("sign-in refused: too many attempts", extra=_describe(attempt))
        _record_refusal(attempt)
        text = _("There were too many attempts to sign in. Try again in %(seconds)s seconds.")
        if attempt.what == RESET:
            text = _("Several mails were already sent to this address. Try again in %(seconds)s seconds.")
        raise Unavailable(text % {"seconds": seconds}, retry_after_s=seconds) from spent


def note_success(attempt: Attempt) -> None:
    """It does not count: many people may sign in from one address."""
    keys = [share.key for share in attempt.shares]
    Bucket.objects.filter(key__in=keys).update(tokens=F("tokens") + 1)
    if not attempt.what:
        logger.info("signed in", extra=_describe(attempt))


def note_failure(attempt: Attempt, *, way: str, user: User | None = None) -> None:
    """`way` is password, passkey or second factor. `user` only if it is certain who tries."""
    logger.warning("sign-in failed", extra={**_describe(attempt), "way": way})
    by = people.get_person(user) if user is not None else None
    record.record("sign_in.failed", by=by, email=attempt.email, after={"way": way}, outcome=record.Outcome.FAILED)


def note_anonymous_failure(*, network: str, way: str) -> None:
    """A failure that anybody can cause as often as they like, without an account: one event a minute."""
    record.record_once_a_minute(
        "sign_in.failed", about=network, by=None, after={"way": way}, outcome=record.Outcome.FAILED
    )


def note_sign_in(user: User, *, way: str, is_known_browser: bool, browser: str, address: str) -> None:
    """A person has signed in. `browser` is in words; one that is new is reported by mail."""
    by = people.get_person(user)
    customers = Customer.objects.filter(pk__in=by.roles if by is not None else ())[:2]
    customer = customers[0] if len(customers) == 1 else None  # of several, nobody knows yet for which one
    record.record("sign_in.succeeded", by=by, customer=customer, after={"way": way, "browser": browser})
    if not is_known_browser:
        facts = {"user": user, "browser": browser, "address": address, "at": timezone.now()}
        compose.send_optional("new_sign_in", user=user, context=facts)


def delete_old_counts() -> int:
    return Bucket.objects.filter(key__startswith=_PREFIX, at__lt=time.time() - _KEPT_S).delete()[0]


def _record_refusal(attempt: Attempt) -> None:
    record.record_once_a_minute(
        "sign_in.failed",
        about=attempt.network,
        by=None,
        email=attempt.email,
        after={"way": attempt.what or "password"},
        outcome=record.Outcome.REFUSED,
    )


def _share(name: str, parts: tuple[str, ...], rate: tuple[float, float]) -> Share:
    """Keys hold no address and no e-mail."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    capacity, refill = rate
    return Share(f"{_PREFIX}{name}:{digest}", capacity=capacity, refill=refill)


def _describe(attempt: Attempt) -> dict[str, object]:
    """The address is on every line of a request."""
    return {"account": attempt.email[:254], "known_browser": bool(attempt.browser)}
