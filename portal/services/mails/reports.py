"""What became of mails, for the pages that show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from portal.models import Mail, User
from portal.permissions import Permission, Person
from portal.services import authorization
from portal.services.audit.record import record
from portal.services.errors import Conflict, NotFound
from portal.services.mails import compose, outbox
from portal.wakeup import notify_worker

_SHOWN_FAILURES = 10


@dataclass(frozen=True, slots=True)
class MailReport:
    """One mail that was not sent. `can_be_sent_again`: it was given up, and its text is still there."""

    id: int
    kind: str
    address: str
    created_at: datetime
    next_try_at: datetime | None
    error: str
    can_be_sent_again: bool


@dataclass(frozen=True, slots=True)
class MailState:
    """`server` is host and port of the mail server, empty without one."""

    server: str
    sender: str
    waiting: int
    failed: int
    last_sent_at: datetime | None
    problems: tuple[MailReport, ...]


def get_state(*, by: Person) -> MailState:
    """Raises NotFound without the permission."""
    authorization.require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
    counts = Mail.objects.aggregate(
        waiting=Count("pk", filter=Q(state=Mail.State.WAITING)), failed=Count("pk", filter=Q(state=Mail.State.FAILED))
    )
    sent = Mail.objects.filter(state=Mail.State.SENT).order_by("-sent_at").values_list("sent_at", flat=True)
    parts = urlsplit(settings.SMTP_URL)
    return MailState(
        server=f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or "",
        sender=settings.DEFAULT_FROM_EMAIL,
        waiting=counts["waiting"],
        failed=counts["failed"],
        last_sent_at=sent.first(),
        problems=tuple(_list_problems()),
    )


def explain(mail: Mail, *, by: Person) -> str:
    """Why a mail has not been sent; empty if it was, or will be in a moment. Only operators read the server's words."""
    if mail.state == Mail.State.SENT:
        return ""
    if not settings.SMTP_URL and mail.state == Mail.State.WAITING:
        return _("Not sent: no mail server is set.")
    if not mail.error:
        return ""
    if by.is_operator:
        return _("Not sent: %(error)s") % {"error": mail.error}
    return _("Not sent yet: the mail server doesn't accept it.")


def send_test(*, by: Person) -> None:
    """A mail to whoever asks for it. Raises NotFound, and Conflict for somebody without an address."""
    authorization.require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
    if not by.email:
        raise Conflict(_("You have no e-mail address. Add one in your profile."))
    with transaction.atomic():
        compose.send("test", to=by.email, context={}, user=User.objects.get(pk=by.id))
        record("mail.tested", by=by, target=by.email)


def send_again(mail_id: int, *, by: Person) -> None:
    """Raises NotFound, and Conflict for a mail that was not given up."""
    authorization.require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
    with transaction.atomic():
        mail = Mail.objects.filter(pk=mail_id).first()
        if mail is None:
            raise NotFound
        if not outbox.send_again(mail):
            raise Conflict(_("This mail can't be sent again: it was sent, is waiting, or its text was deleted."))
        record("mail.sent_again", by=by, target=mail.address)
    notify_worker()


def _list_problems() -> list[MailReport]:
    rows = Mail.objects.exclude(state=Mail.State.SENT).exclude(error="").order_by("-pk")
    return [
        MailReport(
            id=row.pk,
            kind=row.kind,
            address=row.address,
            created_at=row.created_at,
            next_try_at=row.next_try_at if row.state == Mail.State.WAITING else None,
            error=row.error,
            can_be_sent_again=row.state == Mail.State.FAILED and row.content is not None,
        )
        for row in rows[:_SHOWN_FAILURES]
    ]
