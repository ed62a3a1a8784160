"""How the databases are configured."""

import pytest
from django.db import connection

from portal import settings as portal_settings
from portal.checks import check_journal_mode
from portal.models import Customer

pytestmark = pytest.mark.postgres
sqlite_only = pytest.mark.skipif("os.environ.get('TEST_DATABASE_URL')", reason="on PostgreSQL")


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_pragmas_of_sqlite() -> None:
    def read_pragma(name: str) -> object:
        with connection.cursor() as cursor:
            return cursor.execute(f"PRAGMA {name}").fetchone()[0]

    assert read_pragma("journal_mode") == "wal"
    assert read_pragma("foreign_keys") == 1
    assert read_pragma("busy_timeout") == 20_000
    assert read_pragma("mmap_size") == 0
    assert not check_journal_mode(databases=["default"])
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@sqlite_only
def test_a_commit_survives_a_power_cut() -> None:
    assert "PRAGMA synchronous=FULL" in portal_settings.SQLITE_PRAGMAS


@pytest.mark.skipif("not os.environ.get('TEST_DATABASE_URL')", reason="SQLite has no prepared statements on a server")
@pytest.mark.django_db
def test_postgresql_prepares_repeated_statements() -> None:
    for number in range(8):
        Customer.objects.filter(slug=f"customer-{number}").first()
    with connection.cursor() as cursor:
        prepared = cursor.execute("SELECT statement FROM pg_prepared_statements").fetchall()
    assert any("portal_customer" in statement for (statement,) in prepared)


def test_requests_are_not_transactions() -> None:
    assert not connection.settings_dict["ATOMIC_REQUESTS"]
