"""Links with a secret, which need no sign-in: only hashes are stored, and guessing is limited."""

import hashlib
import secrets
from datetime import datetime

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from portal import miosa
from portal.services import durability
from portal.services.errors import Unavailable
from portal.services.sync import budget


def create_secret() -> str:
    return secrets.token_urlsafe(32)


@sensitive_variables()
def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def count_visit(address: str, *, now: datetime) -> None:
    """`address` is what the visitor's IP address counts as. Raises Unavailable after too many visits."""
    try:
        with durability.optional_write("visit"):
            budget.take_visit(address, now=now.timestamp())
    except miosa.BudgetSpent as error:
        message = _("Too many requests from one address. Try again in a minute.")
        raise Unavailable(message, retry_after_s=60) from error
