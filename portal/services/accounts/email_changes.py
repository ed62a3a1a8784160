"""Changing the e-mail address that a person signs in with. The new one has to be confirmed; the old one is told."""

from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.models import User
from portal.permissions import Person
from portal.services.accounts import security, sessions, sign_ins
from portal.services.accounts.sign_ins import Attempt
from portal.services.audit import record
from portal.services.errors import Invalid, NotFound
from portal.services.mails import compose

_SALT = "portal.services.accounts.email_changes"
_VALID_FOR_S = 24 * 3600


def request_change(email: str, *, by: Person, network: str) -> None:
    """Send a link to the new address. The same is said and done for an address that is taken.

    Raises Invalid, and Unavailable after too many mails.
    """
    email = email.strip().lower()
    if email == by.email:
        raise Invalid({"email": _("This is your address already.")})
    sign_ins.count_attempt(Attempt(email=email, network=network, browser="", what=sign_ins.RESET))
    secret = signing.dumps({"user": by.id, "old": by.email, "new": email}, salt=_SALT)
    is_taken = User.objects.filter(email=email).exists()
    with transaction.atomic():
        context = {"path": "" if is_taken else reverse("profile_email_confirmation", kwargs={"secret": secret})}
        compose.send("email_taken" if is_taken else "email_confirmation", to=email, context=context)
        record.record("email.change_requested", by=by, after={"email": email})


def get_new_email(secret: str, *, by: Person) -> str:
    """The address that a link is for. Raises NotFound for the link of somebody else, and for a used or old one."""
    try:
        change = signing.loads(secret, salt=_SALT, max_age=_VALID_FOR_S)
    except signing.BadSignature:
        raise NotFound from None
    if (change["user"], change["old"]) != (by.id, by.email):
        raise NotFound
    return str(change["new"])


@transaction.atomic
def confirm_change(secret: str, *, by: Person, session_key: str) -> None:
    """Raises NotFound. Other sessions end."""
    email = get_new_email(secret, by=by)
    user = User.objects.select_for_update().get(pk=by.id)
    if User.objects.filter(email=email).exclude(pk=user.pk).exists():
        raise NotFound
    user.email = email
    user.save(update_fields=["email"])
    sessions.end_all(user.pk, but=session_key)
    record.record("email.changed", by=by, before={"email": by.email}, after={"email": email})
    if by.email:
        security.report_change(user, "email_changed", to=by.email)
