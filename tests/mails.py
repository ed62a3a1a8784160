"""The mails that the portal has stored to be sent, and a mail server that takes them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.utils import timezone

from portal.models import Mail
from portal.services.mails import compose
from portal.services.mails.outbox import MailSource
from portal.simulator.mailbox import Mailbox, MailServer, ReceivedMail


class ReceivingServer(MailServer):
    """A mail server on a port of its own, which keeps what it takes. `refusals` are answers by address."""

    def __init__(self, **options: Any) -> None:
        self.mailbox = Mailbox()
        super().__init__(self.mailbox, **options)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def mails(self) -> list[ReceivedMail]:
        """The oldest first."""
        return self.mailbox.list_mails()[::-1]


def send_due(*, later_s: float = 0) -> None:
    """What the worker does with mails that are due now, or in some time."""
    now, source = timezone.now() + timedelta(seconds=later_s), MailSource()
    for mail in source.find_due(now=now).items:
        if source.claim(mail, now=now):
            source.run(mail, now=now)


def list_texts(kind: str, *, to: str) -> list[str]:
    """The texts of the waiting mails of this kind to this address, in the order in which they were written."""
    mails = Mail.objects.filter(kind=kind, address=to, content__isnull=False).order_by("pk")
    return [compose.open_content(mail)["text"] for mail in mails]


def find_path(text: str) -> str:
    """The path of the first link in a mail, below the portal's own address."""
    found = re.search(r"https?://[^/\s]+(/\S*)", text)
    assert found, text
    return found[1]
