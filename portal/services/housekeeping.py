"""Regular chores of the worker: its heartbeat, deleting what expired, and logging the end of the audit log."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from django.core.management import call_command
from django.utils import timezone

from portal import heartbeat
from portal.models import EnvVarDraft
from portal.services.accounts import sessions, sign_ins
from portal.services.audit import verify
from portal.services.env_vars import encryption
from portal.services.hand_off import accept
from portal.services.mails import outbox
from portal.services.people import invitations
from portal.worker import Due, Source

_PURGE_EVERY_S = 60.0
_CLEAN_UP_EVERY_S = 900.0
_NOTE_EVERY_S = 24 * 3600.0


@dataclass(slots=True)
class Chore:
    """Run every `every_s` seconds by each worker; `next_s` is on the monotonic clock."""

    name: str
    function: Callable[[], object]
    every_s: float
    next_s: float = 0.0


class HousekeepingSource(Source[Chore]):
    limits: ClassVar = {"housekeeping": 2}
    leads_to_more: ClassVar = False

    def __init__(self) -> None:
        self._purge = Chore("purge", lambda: encryption.delete_expired_drafts(now=timezone.now()), _PURGE_EVERY_S)
        self._chores = (
            Chore("heartbeat", heartbeat.beat, heartbeat.EVERY_S),
            Chore("sessions", lambda: call_command("clearsessions"), _CLEAN_UP_EVERY_S),
            Chore("hand-offs", lambda: accept.delete_expired_tokens(now=timezone.now()), _CLEAN_UP_EVERY_S),
            Chore("ended sessions", sessions.delete_ended_rows, _CLEAN_UP_EVERY_S),
            Chore("sign-ins", sign_ins.delete_old_counts, _CLEAN_UP_EVERY_S),
            Chore("invitations", lambda: invitations.delete_old(now=timezone.now()), _CLEAN_UP_EVERY_S),
            Chore("mails", outbox.clean_up, _CLEAN_UP_EVERY_S),
            Chore("audit head", verify.note_head, _NOTE_EVERY_S),
            self._purge,
        )

    def find_due(self, *, now: datetime) -> Due[Chore]:
        expires_at = EnvVarDraft.objects.order_by("expires_at").values_list("expires_at", flat=True).first()
        if expires_at is not None and expires_at <= now:
            self._purge.next_s = 0.0
        now_s = time.monotonic()
        due = [chore for chore in self._chores if chore.next_s <= now_s]
        later = [now + timedelta(seconds=chore.next_s - now_s) for chore in self._chores if chore.next_s > now_s]
        if expires_at is not None and expires_at > now:
            later.append(expires_at)
        return Due(due, min(later, default=None))

    def key(self, item: Chore) -> str:
        return item.name

    def run(self, item: Chore, *, now: datetime) -> None:
        item.next_s = time.monotonic() + item.every_s
        item.function()
