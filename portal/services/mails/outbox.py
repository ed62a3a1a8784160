"""The worker's part: sends waiting mails, and tries again while the mail server is away.

A mail is claimed by moving its next attempt, before it is sent, so two workers never send it at once. A process that
dies between sending and storing that leaves it claimed: after `_CLAIMED_FOR` it is sent a second time, with the same
Message-ID. That is the only way to get a mail twice.
"""

from datetime import datetime, timedelta
from typing import ClassVar

import structlog
from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.models import Mail
from portal.services import sealing
from portal.services.brands import current
from portal.services.mails import compose, message, smtp
from portal.worker import Due, Source

# Eight attempts within a day.
RETRY_AFTER_MIN = (1, 5, 15, 60, 180, 480, 720)
# Without a mail server a mail waits, but not longer than its links are of use.
KEEP_WAITING = timedelta(days=7)
KEEP_FAILED = timedelta(days=7)
KEEP_ROWS = timedelta(days=90)
_CLAIMED_FOR = timedelta(minutes=10)
_MOST_AT_ONCE = 20

log = structlog.get_logger(__name__)


class MailSource(Source[Mail]):
    limits: ClassVar = {"mails": 2}

    def find_due(self, *, now: datetime) -> Due[Mail]:
        if not settings.SMTP_URL:
            return Due()
        rows = Mail.objects.filter(state=Mail.State.WAITING).order_by("next_try_at").defer("content")
        later = rows.filter(next_try_at__gt=now).values_list("next_try_at", flat=True).first()
        return Due(list(rows.filter(next_try_at__lte=now)[:_MOST_AT_ONCE]), later)

    def key(self, item: Mail) -> str:
        return f"mail:{item.pk}"

    def claim(self, item: Mail, *, now: datetime) -> bool:
        same = Mail.objects.filter(pk=item.pk, state=Mail.State.WAITING, attempts=item.attempts, next_try_at__lte=now)
        return bool(same.update(attempts=F("attempts") + 1, next_try_at=now + _CLAIMED_FOR))

    def run(self, item: Mail, *, now: datetime) -> None:
        # Its person may have been removed meanwhile.
        mail = Mail.objects.filter(pk=item.pk, state=Mail.State.WAITING).first()
        if mail is not None:
            attempt(mail, now=now)


def attempt(mail: Mail, *, now: datetime) -> None:
    """Send a claimed mail, and store what came of it."""
    claimed = Mail.objects.filter(pk=mail.pk, state=Mail.State.WAITING, attempts=mail.attempts)
    try:
        _send(mail)
    except smtp.NotSent as error:
        is_final = error.is_final or mail.attempts > len(RETRY_AFTER_MIN)
        log.warning("mail.not_sent", kind=mail.kind, mail=mail.pk, attempt=mail.attempts, final=is_final)
        if is_final:
            claimed.update(state=Mail.State.FAILED, next_try_at=None, error=error.for_people[:300])
        else:
            next_try_at = now + timedelta(minutes=RETRY_AFTER_MIN[mail.attempts - 1])
            claimed.update(next_try_at=next_try_at, error=error.for_people[:300])
    else:
        claimed.update(state=Mail.State.SENT, next_try_at=None, sent_at=now, content=None, error="")


def _send(mail: Mail) -> None:
    try:
        content = compose.open_content(mail)
        current.forget()  # its sender may have been changed a moment ago
        brand = current.get_brand(content.get("host", ""))
        built = message.build(content, to=mail.address, brand=brand)
        sender, to = message.get_sender(brand), message.encode_domain(mail.address)
    except sealing.NotReadable:
        text = _("It can't be decrypted: SECRET_KEY has changed since it was written.")
        raise smtp.NotSent(text, is_final=True) from None
    except message.BadAddress:
        raise smtp.NotSent(_("No mail can be sent to this address."), is_final=True) from None
    smtp.deliver(built, sender=sender, to=to)


def send_again(mail: Mail) -> bool:
    """A mail that was given up, as if it had just been written. False for any other one."""
    failed = Mail.objects.filter(pk=mail.pk, state=Mail.State.FAILED, content__isnull=False)
    return bool(failed.update(state=Mail.State.WAITING, attempts=0, next_try_at=timezone.now(), error=""))


def clean_up() -> None:
    """Gives up what has waited for a mail server for a week, and deletes contents and rows that are old."""
    now = timezone.now()
    stuck = Mail.objects.filter(state=Mail.State.WAITING, created_at__lt=now - KEEP_WAITING)
    stuck.update(
        state=Mail.State.FAILED, next_try_at=None, content=None, error=_("No mail server accepted it for a week.")
    )
    failed = Mail.objects.filter(state=Mail.State.FAILED, created_at__lt=now - KEEP_FAILED, content__isnull=False)
    failed.update(content=None)
    Mail.objects.filter(created_at__lt=now - KEEP_ROWS).delete()
