"""How the database is used: what SQLite is told, and that its checks notice when it does otherwise."""

import pytest
from django.db import connection

from portal import settings as real_settings
from portal.checks import check_journal_mode
from portal.models import Customer

pytestmark = pytest.mark.postgres
sqlite_only = pytest.mark.skipif("os.environ.get('TEST_DATABASE_URL')", reason="on PostgreSQL")


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_what_sqlite_is_told() -> None:
    def pragma(name: str) -> object:
        with connection.cursor() as cursor:
            return cursor.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("foreign_keys") == 1
    assert pragma("busy_timeout") == 20_000
    assert pragma("mmap_size") == 0
    assert not check_journal_mode(databases=["default"])
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@sqlite_only
def test_a_commit_outlives_a_power_cut() -> None:
    assert "PRAGMA synchronous=FULL" in real_settings.SQLITE_PRAGMAS


@pytest.mark.skipif("not os.environ.get('TEST_DATABASE_URL')", reason="SQLite has nobody to plan for it")
@pytest.mark.django_db
def test_postgresql_keeps_what_it_is_asked_often() -> None:
    for number in range(8):
        Customer.objects.filter(slug=f"customer-{number}").first()
    with connection.cursor() as cursor:
        kept = cursor.execute("SELECT statement FROM pg_prepared_statements").fetchall()
    assert any("portal_customer" in statement for (statement,) in kept)


def test_requests_are_not_transactions() -> None:
    assert not connection.settings_dict["ATOMIC_REQUESTS"]
