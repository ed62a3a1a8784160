"""Backup and restore: the data of the backup, none of what came later, and nothing is sent again."""

from __future__ import annotations

import io
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from portal.models import AuditEvent, Customer, Operation
from portal.services import backups
from portal.services.audit import verify
from portal.services.backups import BackupError
from tests.deployments_ui.changes import confirm, list_changes_sent, make_checks_due, older, work
from tests.deployments_ui.conftest import Browse, World

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("os.environ.get('TEST_DATABASE_URL')", reason="only SQLite is a file"),
]


@pytest.fixture
def database() -> Path:
    return Path(connection.settings_dict["NAME"])


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "portal.sqlite3"


@pytest.fixture
def backup(world: World, database: Path, tmp_path: Path) -> Path:
    backups.create_backup(database, tmp_path / "backup")
    return tmp_path / "backup"


def read(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as opened:
        return opened.execute(query).fetchall()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_backup_is_made_while_another_process_writes(world: World, database: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM portal_version")
        backups.create_backup(database, tmp_path / "backup")
        writer.execute("ROLLBACK")
    assert read(tmp_path / "backup", "SELECT count(*) FROM portal_version")[0][0] > 100
    assert mode(tmp_path / "backup") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]


def test_a_path_may_have_any_characters(backup: Path, target: Path) -> None:
    renamed = backup.rename(backup.with_name("50% of #1?"))
    assert backups.restore_backup(renamed, target, now=timezone.now()) == (0, None)


def test_a_backup_replaces_no_other_file(backup: Path, database: Path) -> None:
    with pytest.raises(BackupError, match="exists already"):
        backups.create_backup(database, backup)


def test_both_are_in_the_audit_log(world: World, target: Path, tmp_path: Path) -> None:
    call_command("backup", str(tmp_path / "backup"), stdout=io.StringIO())
    made = AuditEvent.objects.get()
    assert (made.kind, made.target, made.way) == ("backup.made", "backup", "command")
    backups.restore_backup(tmp_path / "backup", target, now=timezone.now())
    with backups.use_file(target):
        assert [each.kind for each in AuditEvent.objects.all()] == ["backup.restored"]
        assert [*verify.find_faults()] == []


def test_it_works_on_a_machine_without_a_database(backup: Path, target: Path) -> None:
    assert backups.restore_backup(backup, target, now=timezone.now()) == (0, None)
    with backups.use_file(target):
        assert Customer.objects.filter(slug="brightsmile-dental").exists()
    assert mode(target) == 0o600


def test_an_old_log_does_not_undo_it(backup: Path, database: Path, target: Path, tmp_path: Path) -> None:
    """The former database was left with a write-ahead log by a process that was killed. Both are kept."""
    live = tmp_path / "live.sqlite3"
    shutil.copy(backup, live)
    with closing(sqlite3.connect(live, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("UPDATE portal_customer SET name = 'changed after the backup'")
        for ending in ("", "-wal", "-shm"):
            shutil.copy(f"{live}{ending}", f"{target}{ending}")
    _count, former = backups.restore_backup(backup, target, now=timezone.now())
    changed = "SELECT count(*) FROM portal_customer WHERE name = 'changed after the backup'"
    assert read(target, changed) == [(0,)]
    assert former is not None
    assert read(former, changed)[0][0] > 0


@pytest.mark.parametrize("damage", ["overwritten", "cut", "another file"])
def test_a_damaged_backup_changes_nothing(backup: Path, target: Path, damage: str) -> None:
    shutil.copy(backup, target)
    content = backup.read_bytes()
    damaged = {
        "overwritten": content[:8192] + b"\xff" * 16384 + content[24576:],
        "cut": content[: len(content) // 2],
        "another file": b"PK\x03\x04 an archive",
    }
    backup.write_bytes(damaged[damage])
    with pytest.raises(BackupError):
        backups.restore_backup(backup, target, now=timezone.now())
    assert target.read_bytes() == content
    assert {path.name for path in target.parent.iterdir()} == {"backup", "portal.sqlite3"}


def test_a_backup_of_a_newer_version_is_refused(backup: Path, target: Path) -> None:
    with closing(sqlite3.connect(backup)) as opened, opened:
        opened.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('portal', '9999_later', '2030-01-01')"
        )
    with pytest.raises(BackupError, match="newer version"):
        backups.restore_backup(backup, target, now=timezone.now())
    assert not target.exists()


@pytest.mark.parametrize("state", ["accepted", "sent", "unknown"])
def test_nothing_unfinished_is_sent_again(
    world: World, browse: Browse, database: Path, target: Path, state: str
) -> None:
    """The backup was made while the change was on its way, and is restored within the same minute."""
    confirm(browse(world.people.owner), f"{world.path}versions/{older(world)[0]['id']}/rollback/")
    past = timezone.now() - timedelta(seconds=10)
    Operation.objects.update(
        state=state, settled_at=None, runner="dead", heartbeat_at=past, in_lane=True, next_read_at=past, attempts=0
    )
    backup = target.with_name("backup")
    backups.create_backup(database, backup)
    count, _former = backups.restore_backup(backup, target, now=timezone.now())
    assert count == 1
    sent = len(list_changes_sent(world))
    with backups.use_file(target):
        work()
        make_checks_due()
        work()
        assert len(list_changes_sent(world)) == sent
        operation = Operation.objects.get()
        assert (operation.state, operation.needs_decision, operation.in_lane) == ("unknown", True, False)
        assert not Session.objects.exists()
