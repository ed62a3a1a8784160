"""Everything in the database as text, to search it for what must not be there."""

from django.db import connection


def dump_database() -> str:
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of our own tables
            rows += [
                str(tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)) for row in cursor
            ]
    return "\n".join(rows)
