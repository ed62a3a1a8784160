"""Writes a mail from its template and stores it for the worker, in the transaction of what it tells of.

A template is `templates/mails/<kind>.txt`: the subject in the first line, then an empty line, then the text. A link
that has a line to itself becomes a button in the HTML.
"""

import json
from collections.abc import Mapping
from email.utils import make_msgid
from typing import Any
from urllib.parse import urlsplit

from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from portal.models import Mail, User
from portal.services import clean_text, sealing
from portal.services.brands import current
from portal.wakeup import notify_worker

PURPOSE = "mail"
# What people can decline on their profile.
OPTIONAL_KINDS = ("new_sign_in",)
_LONGEST_SUBJECT = 200
_LONGEST_VALUE = 2000


@sensitive_variables()
def send(kind: str, *, to: str, context: Mapping[str, Any], user: User | None = None, host: str | None = None) -> Mail:
    """`context` is the template's; `portal` in it is the name of the portal, `portal_url` its address without a slash,
    `support_contact` that of the brand, or empty.

    The brand is that of `host`; by default of the host that the current request was made to, if a brand has it. Nobody
    has to be there: the same is done for an address that we don't know.
    """
    host = current.get_requested_host() if host is None else host
    brand = current.get_brand(host)
    values = {name: clean(value) for name, value in context.items()}
    names = {"portal": brand.name, "portal_url": brand.url, "support_contact": brand.support_contact}
    subject, _line, text = render_to_string(f"mails/{kind}.txt", {**names, **values}).partition("\n\n")
    content = {
        "subject": clean(" ".join(subject.split()))[:_LONGEST_SUBJECT],
        "text": text.strip() + "\n",
        "host": host,
        # The same for each attempt, so that mail programs show a mail once that was sent twice.
        "message_id": make_msgid(domain=urlsplit(brand.url).hostname or "localhost"),
    }
    now = timezone.now()
    sealed = sealing.seal(json.dumps(content).encode(), purpose=PURPOSE, context=to.encode())
    mail = Mail.objects.create(kind=kind, address=to, user=user, content=sealed, created_at=now, next_try_at=now)
    notify_worker()
    return mail


def send_optional(kind: str, *, user: User, context: Mapping[str, Any]) -> None:
    """One of OPTIONAL_KINDS: not to people who don't want it, nor to those without an address."""
    if user.email and kind not in user.unwanted_mails:
        send(kind, to=user.email, context=context, user=user)


def clean(value: Any) -> Any:
    """One line of it: a name must not add a paragraph, nor turn the direction of what follows."""
    return clean_text.clean_name(value, most=_LONGEST_VALUE) if isinstance(value, str) else value


@sensitive_variables()
def open_content(mail: Mail) -> dict[str, str]:
    """What the mail says, until it was sent. Raises NotReadable."""
    content: dict[str, str] = json.loads(
        sealing.unseal(bytes(mail.content or b""), purpose=PURPOSE, context=mail.address.encode())
    )
    return content
