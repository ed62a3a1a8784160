"""A stored mail as it is sent: text and HTML in the brand, with headers that name nothing of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import idna
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.models import Image
from portal.services import clean_text
from portal.services.brands.current import CurrentBrand
from portal.services.mails import html

_LONGEST_NAME = 100
_POLICY = SMTP.clone(max_line_length=78)


class BadAddress(Exception):
    """No mail can be sent to such an address."""


def build(content: Mapping[str, str], *, to: str, brand: CurrentBrand) -> EmailMessage:
    """`content` is that of `compose`. Raises BadAddress."""
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = content["subject"]
    message["From"] = make_address(get_sender(brand), name=brand.sender_name or brand.name)
    message["To"] = make_address(to)
    message["Date"] = format_datetime(timezone.now())
    message["Message-ID"] = content["message_id"]
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    message.set_content(content["text"] + write_foot(brand))
    message.add_alternative(html.write(content["text"], subject=content["subject"], brand=brand), subtype="html")
    if brand.logo:
        add_logo(message, brand.logo)
    return message


def write_foot(brand: CurrentBrand) -> str:
    """What the HTML has below the mail. Mail programs know it by the line before it."""
    contact = [_("Support: %(contact)s") % {"contact": brand.support_contact}] if brand.support_contact else []
    lines = [*filter(None, [brand.footer]), *contact, *(f"{text}: {url}" for text, url in brand.links)]
    return "\n".join(["", "-- ", *lines, ""]) if lines else ""


def get_sender(brand: CurrentBrand) -> str:
    return encode_domain(brand.sender_address or settings.DEFAULT_FROM_EMAIL)


def make_address(address: str, *, name: str = "") -> Address:
    """A name is one line without control characters, whatever it holds; Python encodes and quotes it."""
    try:
        return Address(clean_text.clean_line(name, most=_LONGEST_NAME), addr_spec=encode_domain(address))
    except (ValueError, IndexError, HeaderParseError):
        raise BadAddress from None


def encode_domain(address: str) -> str:
    """With the domain as DNS has it. Raises BadAddress."""
    mailbox, _at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{mailbox}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        raise BadAddress from None


def add_logo(message: EmailMessage, digest: str) -> None:
    """Beside the HTML, so that it is shown without a request that would say when the mail was read."""
    image = Image.objects.filter(digest=digest).first()
    page = message.get_body(("html",))
    if image is not None and isinstance(page, EmailMessage):
        page.add_related(bytes(image.content), "image", "png", cid=f"<{html.LOGO_ID}>", disposition="inline")
