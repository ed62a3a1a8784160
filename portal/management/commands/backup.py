"""`manage.py backup FILE`: a copy of the SQLite database, also while the portal runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.services import backups, durability
from portal.services.audit.record import changes_by_command, record
from portal.services.backups import BackupError


class Command(BaseCommand):
    help = "Writes the SQLite database into a new file, which manage.py restore takes. The portal may be running."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            backups.create_backup(backups.get_database_path(), file)
        except BackupError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{file} can't be written: {error.strerror}.") from None
        with changes_by_command(), durability.optional_write("audit event"):
            record("backup.made", by=None, target=file.name)
        self.stdout.write(f"Wrote {file}. The signing key is not in it: keep secret_key of VAR_DIR too.")
