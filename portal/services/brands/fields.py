"""What an operator enters about a brand, checked. Each function raises ValueError with a sentence for people."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import EmailField
from django.http.request import validate_host
from django.utils.translation import gettext as _

from portal.dns import idn
from portal.services import clean_text
from portal.services.brands import colors
from portal.services.brands.current import clean_host

MOST_LINKS = 5
_LONGEST_LINK_TEXT = 40
_LONGEST_URL = 300
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\]")


def read_name(text: str, *, most: int = 60) -> str:
    name = clean_text.clean_name(text, most=1000)
    if not name:
        raise ValueError(_("Enter a name."))
    if len(name) > most:
        raise ValueError(_("Use at most %(most)d characters.") % {"most": most})
    return name


def read_line(text: str, *, most: int = 300) -> str:
    line = clean_text.clean_name(text, most=10_000)
    if len(line) > most:
        raise ValueError(_("Use at most %(most)d characters.") % {"most": most})
    return line


def read_accent(text: str) -> str:
    accent = text.strip().lower()
    if accent and not colors.HEX.fullmatch(accent):
        raise ValueError(_("Enter a colour such as #1f4fa3."))
    return accent


def read_email(text: str) -> str:
    address = text.strip()
    try:
        if address:
            EmailField().run_validators(address)
    except ValidationError:
        raise ValueError(_("Enter an e-mail address.")) from None
    return address


def read_contact(text: str) -> str:
    """An e-mail address or a URL."""
    contact = text.strip()
    if "://" in contact or ":" in contact:
        return read_url(contact)
    try:
        return read_email(contact)
    except ValueError:
        raise ValueError(_("Enter an e-mail address, or a URL that begins with https://.")) from None


def read_url(text: str) -> str:
    url = text.strip()
    try:
        parts = urlsplit(url)
        is_web = (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None and parts.port != 0
        )
    except ValueError:
        is_web = False
    if not is_web or len(url) > _LONGEST_URL or clean_text.clean_name(url, most=_LONGEST_URL) != url or " " in url:
        raise ValueError(_("Enter a URL that begins with https://."))
    return url


def read_links(text: str) -> list[tuple[str, str]]:
    """One link a line: its text, then its URL."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINKS:
        raise ValueError(_("Use at most %(most)d links.") % {"most": MOST_LINKS})
    return [_read_link(line) for line in lines]


def _read_link(line: str) -> tuple[str, str]:
    text, _space, url = line.rpartition(" ")
    if not text:
        raise ValueError(_("Enter the text of the link before its URL, such as: Help https://help.example.com"))
    return read_name(text, most=_LONGEST_LINK_TEXT), read_url(url)


def read_hosts(text: str) -> list[str]:
    """Separated by commas, spaces or line breaks. Each has to be one that the portal answers to."""
    hosts = set()
    for word in filter(None, re.split(r"[\s,]+", text)):
        host = _read_host(word)
        if not _HOST.fullmatch(host):
            raise ValueError(
                _("%(host)s is not a host name. Enter it without https:// and without a path.") % {"host": word}
            )
        if not validate_host(host, settings.ALLOWED_HOSTS):
            text = _("The portal doesn't accept the host name %(host)s yet. Add it to ALLOWED_HOSTS, then restart.")
            raise ValueError(text % {"host": host})
        hosts.add(host)
    return sorted(hosts)


def _read_host(word: str) -> str:
    """As browsers send it: international names in ASCII. Empty if it is none."""
    try:
        return clean_host(word if word.isascii() else idn.encode(word))
    except ValueError:
        return ""
