"""A mail server that takes every mail and delivers none, and the page /mail/ that shows them.

They are kept in memory, the newest `MOST_MAILS` of them.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from werkzeug.wrappers import Request, Response

from portal.simulator.defaults import MAIL_PREFIX

MOST_MAILS = 200
_START_WITHIN_S = 10
_STOP_WITHIN_S = 5
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color-scheme:light dark}}td,th{{text-align:start;padding:.6rem .8rem .6rem 0;overflow-wrap:anywhere}}
@media(max-width:40rem){{td{{display:block;padding:.2rem 0}}}}
pre{{white-space:pre-wrap;overflow-wrap:anywhere}}
iframe{{width:100%;height:36rem;border:1px solid #888;background:#fff}}</style></head><body>{body}</body></html>
"""

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's: a line for each command


@dataclass(frozen=True)
class ReceivedMail:
    """`sender` and `recipients` are those of the envelope."""

    number: int
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    def body(self, kind: str) -> str:
        """Of the part `plain` or `html`; empty without one."""
        part = self.message.get_body((kind,))
        return str(part.get_content()) if isinstance(part, EmailMessage) else ""


@dataclass
class Mailbox:
    mails: deque[ReceivedMail] = field(default_factory=lambda: deque(maxlen=MOST_MAILS))
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, sender: str, recipients: list[str], content: bytes) -> None:
        message = message_from_bytes(content, policy=policy.default)
        with self.lock:
            self.count += 1
            self.mails.append(ReceivedMail(self.count, datetime.now(UTC), sender, tuple(recipients), message))

    def list_mails(self) -> list[ReceivedMail]:
        """The newest first."""
        with self.lock:
            return list(reversed(self.mails))


class MailServer:
    """Listens on `port` of a loopback address. `refusals` are answers by address, such as `550 unknown`;
    `greeted_as` are the names that clients called themselves.

    Raises OSError for a port in use.
    """

    def __init__(self, mailbox: Mailbox, port: int = 0, *, host: str = "127.0.0.1", **options: Any) -> None:
        self.refusals: dict[str, str] = {}
        self.greeted_as: list[str] = []
        self._mailbox, self._options = mailbox, options
        self._socket = socket.create_server((host, port))
        self.port = int(self._socket.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="mail server", daemon=True)
        self._started = threading.Event()

    def start(self) -> Self:
        self._thread.start()
        self._started.wait(_START_WITHIN_S)
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_WITHIN_S)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    async def handle_EHLO(  # noqa: N802  # the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greeted_as.append(hostname)
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802  # as above
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # as above
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self._mailbox.add(envelope.mail_from or "", envelope.rcpt_tos, cast(bytes, envelope.content))
        return "250 OK"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        tls = self._options.pop("ssl_context", None)
        server = self._loop.run_until_complete(
            self._loop.create_server(
                lambda: SMTP(self, hostname="mail.test", loop=self._loop, **self._options), sock=self._socket, ssl=tls
            )
        )
        self._started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


def answer_mailbox(mailbox: Mailbox, request: Request) -> Response:
    """The list, one mail, or its HTML as a document of its own, which may load and run nothing."""
    number, _slash, part = request.path.removeprefix(MAIL_PREFIX).partition("/")
    mails = mailbox.list_mails()
    if not number:
        return _show_page("Mails", _write_list(mails))
    mail = next((each for each in mails if str(each.number) == number), None)
    if mail is None:
        return Response("Not found\n", 404, content_type="text/plain; charset=utf-8")
    if part == "html":
        headers = {"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"}
        return Response(mail.body("html"), content_type="text/html; charset=utf-8", headers=headers)
    return _show_page(mail.subject, _write_mail(mail))


def _show_page(title: str, body: str) -> Response:
    return Response(_PAGE.format(title=escape(title), body=body), content_type="text/html; charset=utf-8")


def _write_list(mails: list[ReceivedMail]) -> str:
    rows = "".join(
        f"<tr><td>{mail.at:%H:%M:%S}</td><td>{escape(', '.join(mail.recipients))}</td>"
        f'<td><a href="{MAIL_PREFIX}{mail.number}/">{escape(mail.subject) or "(no subject)"}</a></td></tr>'
        for mail in mails
    )
    head = "<h1>Mails</h1><p>What the demo has sent since it was started. None leaves this machine.</p>"
    return f"{head}<table>{rows}</table>" if rows else f"{head}<p>No mails yet.</p>"


def _write_mail(mail: ReceivedMail) -> str:
    heads = "".join(
        f"<tr><th>{name}</th><td>{escape(str(mail.message[name] or ''))}</td></tr>" for name in ("From", "To", "Date")
    )
    text = escape(mail.body("plain"))
    for word in {word for word in mail.body("plain").split() if word.startswith(("http://", "https://"))}:
        text = text.replace(escape(word), f'<a href="{escape(word)}">{escape(word)}</a>')
    return (
        f'<p><a href="{MAIL_PREFIX}">All mails</a></p><h1>{escape(mail.subject)}</h1><table>{heads}</table>'
        f"<h2>Text</h2><pre>{text}</pre><h2>HTML</h2>"
        f'<iframe sandbox src="{MAIL_PREFIX}{mail.number}/html" title="HTML"></iframe>'
    )
