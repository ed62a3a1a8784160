"""Backup and restore of the SQLite database, as one file.

A restored portal sends nothing again: what was unfinished at the time of the backup may have happened since, so a
person decides about it. Nobody is signed in afterwards.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from portal.models import EnvVarDraft, Operation
from portal.services.audit.record import record
from portal.services.operations import timeline

# A database in WAL mode consists of up to three files.
_FILES = ("", "-wal", "-shm")


class BackupError(Exception):
    """The text is for the person at the terminal."""


def get_database_path() -> Path:
    """Raises BackupError for PostgreSQL, which has tools of its own."""
    if connection.vendor != "sqlite":
        raise BackupError("The database is PostgreSQL: use pg_dump and pg_restore.")
    return Path(connection.settings_dict["NAME"])


def create_backup(source: Path, target: Path) -> None:
    """Writes the database as it is now into a new file, while the portal runs. Raises BackupError, OSError."""
    if target.exists():
        raise BackupError(f"{target} exists already. Choose another name.")
    if not source.exists():
        raise BackupError(f"There is no database at {source}.")
    with _draft_beside(target) as draft:
        _copy(source, draft)
        _check_integrity(draft)
        draft.replace(target)


def restore_backup(source: Path, target: Path, *, now: datetime) -> tuple[int, Path | None]:
    """Replaces the database `target` by a backup. Nothing else may use it meanwhile.

    Returns how many operations a person has to decide about, and where the former database is now. Raises BackupError,
    OSError; then the database is as it was.
    """
    if not source.is_file():
        raise BackupError(f"There is no file {source}.")
    with _draft_beside(target) as draft:
        _copy(source, draft)
        _check_integrity(draft)
        with use_file(draft):
            count = _prepare()
            record("backup.restored", by=None, target=source.name)
        former = _set_aside(target, now=now)
        draft.replace(target)
    return count, former


def _copy(source: Path, target: Path) -> None:
    """With what is still in the write-ahead log, and complete in itself."""
    uri = f"{source.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as reader, closing(sqlite3.connect(target)) as writer:
            reader.backup(writer)
            writer.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{source} can't be read: {error}.") from error


def _check_integrity(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        try:
            (result,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            database.execute("SELECT 1 FROM portal_operation")
        except sqlite3.DatabaseError as error:
            raise BackupError(f"It is no intact database of a portal: {error}.") from error
    if result != "ok":
        raise BackupError(f"It is damaged: {result}.")


def _prepare() -> int:
    """Brings a restored database up to date before it is used. Returns the number of unfinished operations."""
    known = set(MigrationExecutor(connection).loader.disk_migrations or ())
    newer = {name for name in MigrationRecorder(connection).applied_migrations() if name[0] == "portal"} - known
    if newer:
        raise BackupError("It was made by a newer version of the portal. Install that version first.")
    call_command("migrate", interactive=False, verbosity=0)
    Operation.objects.update(next_read_at=None, check_due_at=None, runner="")
    unfinished = list(Operation.objects.filter(state__in=Operation.OPEN))
    for operation in unfinished:
        operation.state, operation.in_lane = Operation.State.UNKNOWN, False
        operation.error_code = Operation.NOT_FOUND_OUT
        operation.save(update_fields=["state", "in_lane", "error_code"])
        timeline.update_entry(operation)
    EnvVarDraft.objects.all().delete()
    Session.objects.all().delete()
    return len(unfinished)


def _set_aside(path: Path, *, now: datetime) -> Path | None:
    """Renames the former database with its log, which would otherwise be applied to the restored one."""
    former = path.with_name(f"{path.name}.before-restore-{now:%Y%m%d-%H%M%S}")
    for ending in _FILES:
        file = path.with_name(path.name + ending)
        if file.exists():
            file.rename(former.with_name(former.name + ending))
    return former if former.exists() else None


@contextmanager
def use_file(path: Path) -> Iterator[None]:
    """Lets Django work on another file for a while."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(path)
    try:
        yield
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


@contextmanager
def _draft_beside(path: Path) -> Iterator[Path]:
    """A file for its owner only, on the same disk, so that it can be moved into place at once."""
    folder = Path(tempfile.mkdtemp(prefix=".backup-", dir=path.parent))
    try:
        draft = folder / path.name
        draft.touch(mode=0o600)
        yield draft
        _sync_folder(path.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    """Renames survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
