"""The mails that the portal has stored to be sent."""

from __future__ import annotations

import re

from portal.models import Mail
from portal.services.mails import compose


def list_texts(kind: str, *, to: str) -> list[str]:
    """The texts of the waiting mails of this kind to this address, in the order in which they were written."""
    mails = Mail.objects.filter(kind=kind, address=to, content__isnull=False).order_by("pk")
    return [compose.open_content(mail)["text"] for mail in mails]


def find_path(text: str) -> str:
    """The path of the first link in a mail, below the portal's own address."""
    found = re.search(r"https?://[^/\s]+(/\S*)", text)
    assert found, text
    return found[1]
