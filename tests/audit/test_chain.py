"""The audit log is a chain: triggers keep it as it is, and `audit verify` finds what was done to it all the same."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from portal import audit_triggers
from portal.models import AuditEvent, AuditHead
from portal.permissions import Person
from portal.services.audit import chain, retention, verify
from portal.services.audit.record import Origin, Way, changes_by_command, changes_from, record
from portal.services.audit.verify import Head

OLGA = Person(id=1, name="Olga Petrov", email="operator@portal.test")


def record_events(count: int) -> None:
    for number in range(1, count + 1):
        record("thing.changed", by=OLGA, target=f"thing {number}", before={"size": number}, after={"size": number + 1})


def list_numbers() -> list[int]:
    return list(AuditEvent.objects.order_by("number").values_list("number", flat=True))


def tamper(*statements: str) -> None:
    """As somebody who can write to the database, and has removed the triggers."""
    with audit_triggers.switched_off(connection), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE portal_auditevent SET target = 'nothing' WHERE number = 2",
        "DELETE FROM portal_auditevent WHERE number = 2",
        "DELETE FROM portal_auditevent",
        "INSERT OR REPLACE INTO portal_auditevent SELECT * FROM portal_auditevent WHERE number = 2",
        "TRUNCATE portal_auditevent",
    ],
)
def test_no_event_can_be_changed_or_deleted(statement: str) -> None:
    record_events(3)
    is_of_other_database = ("REPLACE" if connection.vendor == "postgresql" else "TRUNCATE") in statement
    if is_of_other_database:
        return
    with pytest.raises(IntegrityError, match="can't be changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert [*verify.find_faults()] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statements", "faults"),
    [
        (["UPDATE portal_auditevent SET target = 'nothing' WHERE number = 3"], ["Row 3 was changed."]),
        (["UPDATE portal_auditevent SET after = NULL WHERE number = 1"], ["Row 1 was changed."]),
        (["UPDATE portal_auditevent SET person_id = 2 WHERE number = 5"], ["Row 5 was changed."]),
        (["DELETE FROM portal_auditevent WHERE number = 3"], ["Row 3 is missing."]),
        (["DELETE FROM portal_auditevent WHERE number < 3"], ["Rows 1 to 2 are missing."]),
        (["DELETE FROM portal_auditevent WHERE number > 3"], ["Rows 4 to 5 are missing."]),
        (["DELETE FROM portal_auditevent"], ["Rows 1 to 5 are missing."]),
        (
            [
                "UPDATE portal_auditevent SET number = 9 WHERE number = 2",
                "UPDATE portal_auditevent SET number = 2 WHERE number = 3",
                "UPDATE portal_auditevent SET number = 3 WHERE number = 9",
            ],
            [
                *("Row 2 does not follow row 1.", "Row 2 was changed."),
                *("Row 3 does not follow row 2.", "Row 3 was changed."),
                "Row 4 does not follow row 3.",
            ],
        ),
        (
            ["UPDATE portal_audithead SET number = 4"],
            ["The head of the log names row 4 as the last one, and it is row 5."],
        ),
        (
            ["DELETE FROM portal_audithead"],
            ["The head of the log names row 0 as the last one, and it is row 5."],
        ),
    ],
)
def test_what_was_done_to_the_log_is_found(statements: list[str], faults: list[str]) -> None:
    record_events(5)
    tamper(*statements)
    assert [*verify.find_faults()] == faults


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "at = 'yesterday'",
        "operation = 'none'",
        "target = x'ff'",
        "target = CAST(x'eda080' AS text)",
        "kind = 'audit.deleted', after = '[1]'",
        "kind = 'audit.deleted', after = '{\"until\": null}'",
    ],
)
def test_a_value_that_is_none_of_its_column_is_a_fault_and_no_crash(change: str) -> None:
    """SQLite stores any of them; PostgreSQL refuses some."""
    record_events(3)
    try:
        with transaction.atomic():
            tamper(f"UPDATE portal_auditevent SET {change} WHERE number = 3")  # noqa: S608  # statements of our own
    except DatabaseError:
        assert connection.vendor == "postgresql"
        return
    assert next(verify.find_faults()).startswith(("Row 3 was changed.", "A row was changed so that it can't be read"))


@pytest.mark.django_db
def test_a_log_left_open_for_deletion_is_found_and_closed_again() -> None:
    record_events(2)
    AuditHead.objects.update(sealed_until=2)
    assert [*verify.find_faults()] == [
        "The head of the log lets rows be deleted. `manage.py audit protect` forbids it again."
    ]
    call_command("audit", "protect", stdout=io.StringIO())
    assert [*verify.find_faults()] == []


@pytest.mark.django_db
def test_triggers_that_do_nothing_are_found() -> None:
    """They have the names of those that protect the log."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE OR REPLACE FUNCTION portal_keep_audit_events() RETURNS trigger LANGUAGE plpgsql"
                " AS $$ BEGIN RETURN NEW; END $$"
            )
        else:
            cursor.execute("DROP TRIGGER audit_no_update")
            cursor.execute("CREATE TRIGGER audit_no_update BEFORE UPDATE ON portal_auditevent BEGIN SELECT 1; END")
    assert not audit_triggers.exist(connection)
    audit_triggers.create(connection)
    assert audit_triggers.exist(connection)


@pytest.mark.django_db
def test_a_time_that_was_changed_by_a_microsecond_is_found() -> None:
    record_events(2)
    event = AuditEvent.objects.get(number=2)
    with audit_triggers.switched_off(connection):
        AuditEvent.objects.filter(number=2).update(at=event.at + timedelta(microseconds=1))
    assert [*verify.find_faults()] == ["Row 2 was changed."]


@pytest.mark.django_db
def test_an_end_that_was_cut_off_with_its_head_is_found_with_the_head_of_an_earlier_day() -> None:
    record_events(5)
    expected = verify.get_head()
    tamper(
        "DELETE FROM portal_auditevent WHERE number > 3",
        "UPDATE portal_audithead SET number = 3, digest = (SELECT digest FROM portal_auditevent WHERE number = 3)",
    )
    assert [*verify.find_faults()] == []
    assert [*verify.find_faults(expected)] == ["Rows 4 to 5 are missing."]
    record_events(2)  # the log goes on with other rows of these numbers
    assert [*verify.find_faults(expected)] == ["Row 5 is not the one that the log file names."]


@pytest.mark.django_db
def test_missing_triggers_are_found_and_created_again() -> None:
    audit_triggers.drop(connection)
    with pytest.raises(CommandError):
        call_command("audit", "verify", stdout=io.StringIO())
    call_command("audit", "protect", stdout=io.StringIO())
    call_command("audit", "verify", stdout=io.StringIO())


@pytest.mark.django_db
def test_another_key_fails_for_every_row(settings: Settings) -> None:
    record_events(2)
    settings.AUDIT_KEY = "another key of more than thirty-two letters"
    assert [*verify.find_faults()] == ["Row 1 was changed.", "Row 2 was changed."]


@pytest.mark.django_db
def test_the_command_prints_the_faults_and_fails() -> None:
    record_events(3)
    printed = io.StringIO()
    call_command("audit", "verify", stdout=printed)
    head = verify.get_head()
    assert printed.getvalue().strip().endswith(f"head 3:{head.digest}")
    call_command("audit", "verify", "--head", f"3:{head.digest}", stdout=io.StringIO())
    tamper("UPDATE portal_auditevent SET target = 'nothing' WHERE number = 2")
    with pytest.raises(CommandError, match=r"1 fault\."):
        call_command("audit", "verify", stdout=printed)
    assert "Row 2 was changed." in printed.getvalue()


def make_old(days: int, *, until: int) -> None:
    """The events up to this one are recorded as if so many days ago."""
    then, first = timezone.now() - timedelta(days=days), AuditEvent.objects.order_by("number").first()
    previous = first.previous if first else ""
    with audit_triggers.switched_off(connection):
        for event in AuditEvent.objects.order_by("number"):
            event.previous, event.at = previous, then if event.number <= until else event.at
            event.digest = previous = chain.get_digest(event)
            event.save()
        AuditHead.objects.update(digest=previous)


@pytest.fixture
def old_events(db: None, settings: Settings) -> None:
    """Ten events, of which seven are older than they have to be kept."""
    settings.AUDIT_KEEP_D = 30
    record_events(10)
    make_old(31, until=7)


def test_old_events_are_deleted_by_command_and_the_rest_can_be_verified(old_events: None) -> None:
    deleted = AuditEvent.objects.get(number=7)
    call_command("audit", "delete", "--no-input", stdout=io.StringIO())
    assert list_numbers() == [8, 9, 10, 11]
    closing = AuditEvent.objects.get(number=11)
    assert (closing.kind, closing.way) == ("audit.deleted", Way.COMMAND)
    assert closing.after == {"first": 1, "until": 7, "until_digest": deleted.digest, "keep_d": 30}
    assert [*verify.find_faults()] == []
    tamper("DELETE FROM portal_auditevent WHERE number = 8")
    assert [*verify.find_faults()] == ["Rows 1 to 8 are missing."]


def test_deleting_twice_keeps_the_newest_closing_event(old_events: None) -> None:
    for until in (7, 10):
        make_old(31, until=until)
        call_command("audit", "delete", "--no-input", stdout=io.StringIO())
    assert list_numbers() == [11, 12]
    assert [*verify.find_faults()] == []


def test_a_deletion_that_was_interrupted_can_be_verified_and_repeated(
    old_events: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 3)
    deletions = 0

    def stop(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        nonlocal deletions
        deletions += sql.startswith("DELETE FROM")
        if deletions == 2 and sql.startswith("DELETE FROM"):
            raise KeyboardInterrupt
        return execute(sql, *arguments)

    with connection.execute_wrapper(stop), pytest.raises(KeyboardInterrupt):
        call_command("audit", "delete", "--no-input", stdout=io.StringIO())
    assert list_numbers() == [4, 5, 6, 7, 8, 9, 10, 11]
    assert [*verify.find_faults()] == []
    call_command("audit", "delete", "--no-input", stdout=io.StringIO())
    assert list_numbers() == [8, 9, 10, 11, 12]
    assert [*verify.find_faults()] == []


def test_nothing_is_deleted_without_the_setting_or_without_a_yes(
    old_events: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: "no")
    with pytest.raises(CommandError, match="Nothing was deleted"):
        call_command("audit", "delete")
    settings.AUDIT_KEEP_D = 0
    with pytest.raises(CommandError, match="kept forever"):
        call_command("audit", "delete")
    assert AuditEvent.objects.count() == 10


@pytest.mark.django_db
def test_values_that_a_database_would_change_are_stored_so_that_they_can_be_verified() -> None:
    strange: dict[Any, Any] = {1: "ein\x00s", "a\ud800": [1e23, 0.1, 1.0, math.inf], "z": {"ü": None, "A": True}}
    record("thing.changed", by=OLGA, target="nul\x00", after=strange)
    assert [*verify.find_faults()] == []


@pytest.mark.django_db
def test_secrets_are_masked_by_name() -> None:
    record(
        "thing.changed", by=OLGA, before={"password": "hunter2hunter2"}, after={"token": "abc", "name": "msk_12345678"}
    )
    event = AuditEvent.objects.get()
    assert event.before == {"password": "[hidden]"}
    assert event.after == {"token": "[hidden]", "name": "[hidden]"}


@pytest.mark.django_db
def test_a_command_says_who_ran_it() -> None:
    with changes_by_command() as origin:
        record("thing.changed", by=None)
    event = AuditEvent.objects.get()
    assert (event.way, event.person_name, event.person_id) == (Way.COMMAND, origin.name, None)


@pytest.mark.django_db(transaction=True)
def test_many_threads_add_events_to_one_chain() -> None:
    def work(thread: int) -> None:
        try:
            with changes_from(Origin(Way.SESSION, address=f"203.0.113.{thread}")):
                for _event in range(10):
                    record("thing.changed", by=OLGA, target=f"thread {thread}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert verify.get_head() == Head(80, AuditEvent.objects.get(number=80).digest)
    assert [*verify.find_faults()] == []
    addresses = AuditEvent.objects.values_list("address", "target")
    assert {address.rpartition(".")[2] == target.rpartition(" ")[2] for address, target in addresses} == {True}


@pytest.mark.django_db(transaction=True)
def test_flush_empties_the_database_and_protects_the_log_again() -> None:
    record_events(3)
    call_command("flush", interactive=False, verbosity=0)
    assert not AuditEvent.objects.exists()
    assert audit_triggers.exist(connection)
