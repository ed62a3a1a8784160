"""Moments come from either database with their zone at once.

Django's own readers parse a moment in Python and then give it its zone; this takes a third of the time, and a page has
two hundred. Django keeps moments in UTC, and sets the zone of its PostgreSQL connections to UTC.
"""

import sqlite3
from datetime import UTC, datetime
from typing import Any

from django.db.backends.signals import connection_created


def read_moments_as_utc() -> None:
    from django.db.backends.sqlite3 import base  # noqa: F401, PLC0415  # it registers its own reader, which ours replaces

    sqlite3.register_converter("datetime", _from_sqlite)
    connection_created.connect(_teach, dispatch_uid="moments")


def _from_sqlite(text: bytes) -> datetime:
    return datetime.fromisoformat(f"{text.decode()}+00:00")


def _teach(connection: Any, **_: Any) -> None:
    if connection.vendor == "postgresql":
        connection.connection.adapters.register_loader("timestamptz", _reader())


def _reader() -> type[Any]:
    from psycopg.adapt import Loader  # noqa: PLC0415  # an extra

    class Reader(Loader):
        timezone = UTC  # Django looks here whether the connection reads as it wants

        def load(self, data: Any) -> datetime:
            return datetime.fromisoformat(bytes(data).decode())

    return Reader
