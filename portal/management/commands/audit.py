"""`manage.py audit`: verifies the audit log, and deletes events that are older than AUDIT_KEEP_D."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from portal import audit_triggers
from portal.services.audit import retention, verify
from portal.services.audit.record import changes_by_command
from portal.services.audit.verify import Head

MOST_FAULTS = 50


class Command(BaseCommand):
    help = "Verifies the audit log, or deletes old events from it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verifying = actions.add_parser("verify", help="finds rows that were changed, removed, exchanged or cut off")
        verifying.add_argument("--head", type=read_head, help="NUMBER:DIGEST of an earlier day, from the log file")
        deleting = actions.add_parser("delete", help="deletes events that are older than AUDIT_KEEP_D days")
        deleting.add_argument("--no-input", action="store_true", help="does not ask")
        actions.add_parser("protect", help="creates the triggers again that keep the log as it is")

    def handle(self, *, action: str, **options: Any) -> None:
        if action == "verify":
            self.verify(options["head"])
        elif action == "delete":
            self.delete(asks=not options["no_input"])
        else:
            audit_triggers.create(connection)
            retention.forbid_deletion()
            self.stdout.write("Events can no longer be changed.")

    def verify(self, expected: Head | None) -> None:
        faults = list(islice(verify.find_faults(expected), MOST_FAULTS))
        for fault in faults:
            self.stdout.write(fault)
        if faults:
            more = " or more" if len(faults) == MOST_FAULTS else ""
            raise CommandError(
                f"The audit log was changed: {count_of(len(faults), 'fault')}{more}. If every event has one, the"
                " signing key is another one: AUDIT_KEY, or without it SECRET_KEY."
            )
        head = verify.get_head()
        self.stdout.write(
            f"The audit log is intact: {count_of(head.number, 'event')}, head {head.number}:{head.digest}"
        )

    def delete(self, *, asks: bool) -> None:
        if not settings.AUDIT_KEEP_D:
            raise CommandError("AUDIT_KEEP_D is 0, so events are kept forever.")
        old = retention.find_old_events(now=timezone.now())
        if not old.count or old.newest_at is None:
            self.stdout.write(f"No event is older than {settings.AUDIT_KEEP_D} days.")
            return
        question = f"Delete {count_of(old.count, 'event')} until {old.newest_at:%Y-%m-%d %H:%M} UTC for good? [yes/no] "
        if asks and input(question).strip().lower() != "yes":
            raise CommandError("Nothing was deleted.")
        with changes_by_command():
            retention.delete_events(old)
        self.stdout.write(f"Deleted {count_of(old.count, 'event')}, until row {old.until}.")


def count_of(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def read_head(text: str) -> Head:
    number, _colon, digest = text.partition(":")
    if not number.isdecimal() or len(digest) != 64:
        raise ArgumentTypeError("is NUMBER:DIGEST, as in the log file")
    return Head(int(number), digest)
