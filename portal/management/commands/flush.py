"""`manage.py flush`: Django's own, which empties the database. Meanwhile nothing protects the audit log."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush
from django.db import connections

from portal import audit_triggers


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        with audit_triggers.switched_off(connections[options["database"]]):
            super().handle(**options)
