"""Writes a mail from its template and stores it for the worker, in the transaction of what it tells of.

A template is `templates/mails/<kind>.txt`: the subject in the first line, then an empty line, then the text.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from portal.models import Mail, User
from portal.services import sealing
from portal.wakeup import notify_worker

PURPOSE = "mail"
# What people can decline on their profile.
OPTIONAL_KINDS = ("new_sign_in",)


@sensitive_variables()
def send(kind: str, *, to: str, context: Mapping[str, Any], user: User | None = None) -> Mail:
    """`context` is the template's; `portal` in it is the name of the portal, `portal_url` its address without a slash.

    Nobody has to be there: the same is done for an address that we don't know.
    """
    names = {"portal": settings.PORTAL_NAME, "portal_url": settings.PORTAL_URL}
    subject, _line, text = render_to_string(f"mails/{kind}.txt", {**names, **context}).partition("\n\n")
    content = {"subject": " ".join(subject.split()), "text": text.strip() + "\n"}
    now = timezone.now()
    sealed = sealing.seal(json.dumps(content).encode(), purpose=PURPOSE, context=to.encode())
    mail = Mail.objects.create(kind=kind, address=to, user=user, content=sealed, created_at=now, next_try_at=now)
    notify_worker()
    return mail


def send_optional(kind: str, *, user: User, context: Mapping[str, Any]) -> None:
    """One of OPTIONAL_KINDS: not to people who don't want it, nor to those without an address."""
    if user.email and kind not in user.unwanted_mails:
        send(kind, to=user.email, context=context, user=user)


@sensitive_variables()
def open_content(mail: Mail) -> dict[str, str]:
    """What the mail says, until it was sent. Raises NotReadable."""
    content: dict[str, str] = json.loads(
        sealing.unseal(bytes(mail.content or b""), purpose=PURPOSE, context=mail.address.encode())
    )
    return content
