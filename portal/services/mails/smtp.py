"""Hands one mail to the mail server of SMTP_URL.

`smtps://` is encrypted from the first byte (port 465). `smtp://` (port 587) has to become encrypted by STARTTLS before
anything is sent, and the server's certificate is checked. Only a server on this machine is not asked for it, as nothing
passes a network; `?tls=on` and `?tls=off` at the end of the URL say otherwise.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from portal.services import clean_text
from portal.setting_types import is_loopback

# For each answer of the server.
TIMEOUT_S = 20.0
_NEVER = range(500, 600)
_NOT_ALLOWED_YET = 530


_DEMANDS = gettext_lazy("The mail server requires encryption or a sign-in")
# The first that fits.
_ANSWERED: tuple[tuple[type[Exception], Promise], ...] = (
    (smtplib.SMTPAuthenticationError, gettext_lazy("The mail server refused the user name or password of SMTP_URL")),
    (smtplib.SMTPSenderRefused, gettext_lazy("The mail server refused the sender")),
    (smtplib.SMTPDataError, gettext_lazy("The mail server refused the mail")),
)
_NOT_ANSWERED: tuple[tuple[type[Exception], Promise], ...] = (
    (
        smtplib.SMTPNotSupportedError,
        gettext_lazy("The mail server doesn't support what is needed: encryption, a sign-in, or this kind of address."),
    ),
    (
        ssl.SSLCertVerificationError,
        gettext_lazy("The mail server's certificate is not valid for its name, or not trusted."),
    ),
    (ssl.SSLError, gettext_lazy("The connection to the mail server could not be encrypted.")),
    (TimeoutError, gettext_lazy("The mail server did not answer in time.")),
    (smtplib.SMTPServerDisconnected, gettext_lazy("The mail server ended the connection.")),
)


class NotSent(Exception):
    """`for_people` says why. `is_final`: the server will never take this mail for this address."""

    def __init__(self, for_people: str, *, is_final: bool = False) -> None:
        super().__init__(for_people)
        self.for_people = for_people
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    is_encrypted: bool
    starts_tls: bool
    user: str
    password: str


@sensitive_variables()
def parse_url(url: str) -> Server:
    parts = urlsplit(url)
    host, is_encrypted = parts.hostname or "", parts.scheme == "smtps"
    demanded = parse_qs(parts.query).get("tls", ["off" if is_loopback(host) else "on"])[-1]
    return Server(
        host=host,
        port=parts.port or (465 if is_encrypted else 587),
        is_encrypted=is_encrypted,
        starts_tls=not is_encrypted and demanded != "off",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


@sensitive_variables()
def deliver(message: EmailMessage, *, sender: str, to: str) -> None:
    """Raises NotSent. Not bounded as a whole, only in each answer: a minute or two in the worst case."""
    server = parse_url(settings.SMTP_URL)
    try:
        with _connect(server) as smtp:
            if server.starts_tls:
                smtp.starttls(context=ssl.create_default_context())
            if server.user:
                smtp.login(server.user, server.password)
            smtp.send_message(message, from_addr=sender, to_addrs=[to])
    except (OSError, smtplib.SMTPException) as error:
        raise _explain(error) from error


@contextmanager
def _connect(server: Server) -> Iterator[smtplib.SMTP]:
    """The name in the greeting is that of the portal, not of this machine."""
    name = urlsplit(settings.PORTAL_URL).hostname or "localhost"
    if server.is_encrypted:
        context = ssl.create_default_context()
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, name, timeout=TIMEOUT_S, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, name, timeout=TIMEOUT_S)
    try:
        yield smtp
    finally:
        smtp.close()  # without QUIT, whose answer changes nothing


def _explain(error: Exception) -> NotSent:
    """An error of the server's configuration is not final: once it is fixed, the mail is sent."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return NotSent(_quote(_("The mail server refused the address"), code, answer), is_final=code in _NEVER)
    if isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
        text = _DEMANDS if code == _NOT_ALLOWED_YET else _find_text(error, _ANSWERED, _("The mail server failed"))
        is_final = isinstance(error, smtplib.SMTPDataError) and code in _NEVER
        return NotSent(_quote(str(text), code, error.smtp_error), is_final=is_final)
    is_slow = isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, TimeoutError)
    cause = TimeoutError() if is_slow else error
    return NotSent(str(_find_text(cause, _NOT_ANSWERED, _("The mail server could not be reached."))))


def _find_text(error: Exception, texts: Sequence[tuple[type[Exception], Promise]], default: str) -> Promise | str:
    return next((text for kind, text in texts if isinstance(error, kind)), default)


def _quote(text: str, code: int, answer: bytes | str) -> str:
    words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{text}: {code} {clean_text.clean_line(' '.join(words.split()), most=200)}"
