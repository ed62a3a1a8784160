"""Passwords that were forgotten: a link by mail.

Whether there is an account changes neither what a page says nor how long it takes.
"""

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.http import int_to_base36

from portal.models import User
from portal.services import people
from portal.services.accounts import sign_ins
from portal.services.accounts.sign_ins import Attempt
from portal.services.audit import record
from portal.services.errors import Unavailable
from portal.services.mails import compose


def request_reset(attempt: Attempt) -> None:
    """Send a mail to the address, whether it is known or not.

    After too many requests nothing is sent, and the page says the same: earlier mails are on their way.
    """
    try:
        sign_ins.count_attempt(attempt)
    except Unavailable:
        return
    user = User.objects.filter(email=attempt.email).first() or User(pk=0, email=attempt.email, is_active=False)
    path = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": int_to_base36(user.pk), "key": default_token_generator.make_token(user)},
    )
    has_password = people.can_sign_in(user) and user.has_usable_password()
    with transaction.atomic():
        if has_password:
            compose.send("password_reset", to=attempt.email, context={"path": path}, user=user)
        else:
            compose.send("password_reset_unknown", to=attempt.email, context={})
        record.record("password.reset_requested", by=None, email=attempt.email)
