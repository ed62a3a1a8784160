"""Triggers of both databases that keep the audit log as it is: no row can be changed, and none deleted.

Only rows up to `AuditHead.sealed_until` can be deleted, which `manage.py audit delete` sets within its transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

_TEXT = "The audit log can''t be changed."
_IS_SEALED = "OLD.number <= COALESCE((SELECT sealed_until FROM portal_audithead WHERE id = 1), 0)"
_EXISTS = "EXISTS (SELECT 1 FROM portal_auditevent WHERE id = NEW.id OR number = NEW.number)"

NAMES = ("audit_no_update", "audit_no_delete", "audit_no_replace")

_SQLITE = (
    f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON portal_auditevent BEGIN SELECT RAISE(ABORT, '{_TEXT}'); END",
    f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON portal_auditevent WHEN NOT ({_IS_SEALED})"
    f" BEGIN SELECT RAISE(ABORT, '{_TEXT}'); END",
    # INSERT OR REPLACE deletes the row before it without calling its trigger.
    "CREATE TRIGGER audit_no_replace BEFORE INSERT ON portal_auditevent"
    f" WHEN {_EXISTS} BEGIN SELECT RAISE(ABORT, '{_TEXT}'); END",
)
_POSTGRES_BODY = (
    f" BEGIN IF TG_OP = 'DELETE' THEN IF {_IS_SEALED} THEN RETURN OLD; END IF; END IF;"
    f" RAISE EXCEPTION '{_TEXT}' USING ERRCODE = 'restrict_violation'; END "
)
_POSTGRES_FUNCTION = (
    f"CREATE OR REPLACE FUNCTION portal_keep_audit_events() RETURNS trigger LANGUAGE plpgsql AS $${_POSTGRES_BODY}$$"
)
_POSTGRES = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON portal_auditevent"
    " FOR EACH ROW EXECUTE FUNCTION portal_keep_audit_events()",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON portal_auditevent"
    " FOR EACH ROW EXECUTE FUNCTION portal_keep_audit_events()",
    "CREATE TRIGGER audit_no_replace BEFORE TRUNCATE ON portal_auditevent"
    " FOR EACH STATEMENT EXECUTE FUNCTION portal_keep_audit_events()",
)


def create(connection: BaseDatabaseWrapper) -> None:
    """Those that exist are replaced."""
    drop(connection)
    with connection.cursor() as cursor:
        for statement in (_POSTGRES_FUNCTION, *_POSTGRES) if connection.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)


def drop(connection: BaseDatabaseWrapper) -> None:
    on_table = " ON portal_auditevent" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in NAMES:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def exist(connection: BaseDatabaseWrapper) -> bool:
    """Whether all of them are there, switched on and as `create` makes them: who can change the tables can drop
    triggers, or put others in their place.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
            return {*_SQLITE} <= {sql for (sql,) in cursor.fetchall()}
        cursor.execute(
            "SELECT pg_get_triggerdef(pg_trigger.oid, true) FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
            " WHERE tgrelid = 'portal_auditevent'::regclass AND tgenabled IN ('O', 'A') AND prosrc = %s",
            [_POSTGRES_BODY],
        )
        return {*_POSTGRES} <= {definition for (definition,) in cursor.fetchall()}


@contextmanager
def switched_off(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """For emptying the whole database."""
    if connection.vendor != "postgresql":
        drop(connection)
        try:
            yield
        finally:
            create(connection)
        return
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE portal_auditevent DISABLE TRIGGER USER")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE portal_auditevent ENABLE TRIGGER USER")
