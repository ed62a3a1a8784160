"""`manage.py restore FILE`: replaces the SQLite database by a backup, while the portal is stopped."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal import var_dir
from portal.services import backups
from portal.services.audit.record import changes_by_command
from portal.services.backups import BackupError
from portal.settings import CONFIG


class Command(BaseCommand):
    help = "Replaces the SQLite database by a backup. Stop the portal first. The former database is kept beside it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        locks = [var_dir.lock(CONFIG.var_dir, name) for name in (var_dir.UP_LOCK, var_dir.USE_LOCK)]
        if None in locks:
            raise CommandError(f"VAR_DIR: a portal runs on {CONFIG.var_dir}. Stop it first.")
        try:
            with changes_by_command():
                undecided, former = backups.restore_backup(file, backups.get_database_path(), now=timezone.now())
        except BackupError as error:
            raise CommandError(f"{file} was not restored. {error}") from None
        except OSError as error:
            raise CommandError(f"{file} was not restored: {error.strerror}.") from None
        self.stdout.write(f"Restored {file}. Everyone has to sign in again.")
        if former is not None:
            self.stdout.write(f"The former database is {former}.")
        if undecided:
            self.stdout.write(f"Unfinished changes, whose outcome a person has to decide: {undecided}.")
