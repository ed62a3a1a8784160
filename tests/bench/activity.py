"""The audit log with 1,000,000 events against one with eleven, pages of ten; and an operation with its event.

A page is the whole answer, in this process. Limits: a page takes at most 1.2 times as long, an event 2 ms.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Any

import django

PAGE_SIZE = 10
CUSTOMERS = 500
PAGES_A_ROUND = 10
SLUG = "bench-customer-0"
ALL, OWN = "/activity/", f"/c/{SLUG}/activity/"
SQLITE_NUMBERS = (
    "WITH RECURSIVE numbers(number) AS (SELECT %s UNION ALL SELECT number + 1 FROM numbers WHERE number < %s)"
    " SELECT number FROM numbers"
)
POSTGRES_NUMBERS = "SELECT number FROM generate_series(%s::bigint, %s::bigint) AS numbers(number)"
SQLITE_AT = "datetime('2026-01-01', '+' || (number * 30) || ' seconds')"
POSTGRES_AT = "TIMESTAMPTZ '2026-01-01' + number * INTERVAL '30 seconds'"
INSERT = """
    INSERT INTO portal_auditevent (number, at, kind, outcome, way, person_id, person_name, person_email, person_role,
        customer_id, customer_name, target, after, address, request_id, search, previous, digest)
    SELECT number, {at},
        CASE number %% 4 WHEN 0 THEN 'request' WHEN 1 THEN 'person.invited' ELSE 'operation.publish' END,
        CASE number %% 50 WHEN 0 THEN 'refused' ELSE 'done' END, 'session', 1000 + number * 31 %% 2000,
        'Person ' || number, 'person-' || number || '@example.test', 'support', {customer}, 'Some customer',
        'Main site ' || number, '{{"version": 46, "reason": "checkout broken"}}', '203.0.113.7', '0123456789abcdef',
        'main site ' || number || ' some customer checkout broken', '0', '0'
    FROM ({numbers}) AS made
"""


def main(events: int, rounds: int) -> None:
    os.environ["LOG_LEVEL"] = "ERROR"
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  # after setup

    from portal.services.queries import activity_search  # noqa: PLC0415  # as above

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    activity_search.PAGE_SIZE = PAGE_SIZE
    prepare()
    insert_events(1, PAGE_SIZE + 2)
    get = open_browser()
    all_of_ten, own_of_ten = (time_page(get, path, rounds) for path in (ALL, OWN))
    begun = time.monotonic()
    insert_events(PAGE_SIZE + 2, events + 1)
    analyze()
    say(f"{events:,} events written in {time.monotonic() - begun:.0f} s")
    pages = {
        "first": (ALL, all_of_ten),
        "middle": (f"{ALL}?before={events // 2}", all_of_ten),
        "last": (f"{ALL}?before={PAGE_SIZE + 2}", all_of_ten),
        "refused only": (f"{ALL}?outcome=refused", all_of_ten),
        "one customer": (OWN, own_of_ten),
    }
    figures: dict[str, Any] = {"ten": round(all_of_ten, 2)}
    for name, (path, of_ten) in pages.items():
        took = time_page(get, path, rounds)
        figures[name] = {"ms": round(took, 2), "ratio": round(took / of_ten, 2)}
        say(f"  {name:<14}{took:>8.2f} ms{took / of_ten:>8.2f} × that of ten (≤ 1.2)")
    for query in ("q=nothing+like+this", "kind=person&outcome=refused"):
        figures[query] = round(time_page(get, f"{ALL}?{query}", 3), 1)
        say(f"  {query:<30}{figures[query]:>8.1f} ms")
    figures["record ms"] = round(time_record(rounds * 10), 3)
    say(f"  an event beside a row: {figures['record ms']:.2f} ms (≤ 2)")
    say(json.dumps(figures))


def prepare() -> None:
    from portal.models import Connection, Customer  # noqa: PLC0415  # after setup
    from portal.services.people import demo_people  # noqa: PLC0415  # as above

    demo_people.ensure_demo_people()
    connection = Connection.objects.get()
    Customer.objects.bulk_create(
        Customer(connection=connection, external_id=f"b{each}", slug=f"bench-customer-{each}", name=f"Customer {each}")
        for each in range(CUSTOMERS)
    )


def insert_events(first: int, end: int) -> None:
    """Made by the database itself, which is fast. The chain is not signed, which no page looks at."""
    from django.db import connection  # noqa: PLC0415  # after setup

    from portal.models import AuditHead, Customer  # noqa: PLC0415  # as above

    own = Customer.objects.get(slug=SLUG).pk
    # The small log belongs to one customer, so that its page has ten events too.
    customer = str(own) if end <= PAGE_SIZE + 2 else f"{own} + number * 7919 %% {CUSTOMERS}"
    is_postgres = connection.vendor == "postgresql"
    numbers = POSTGRES_NUMBERS if is_postgres else SQLITE_NUMBERS
    at = POSTGRES_AT if is_postgres else SQLITE_AT
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(numbers=numbers, at=at, customer=customer), [first, end - 1])
    AuditHead.objects.update_or_create(pk=AuditHead.ID, defaults={"number": end - 1, "digest": "0" * 64})


def analyze() -> None:
    from django.db import connection  # noqa: PLC0415  # after setup

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def open_browser() -> Callable[[str], None]:
    from django.test import Client  # noqa: PLC0415  # after setup

    from portal.models import User  # noqa: PLC0415  # as above

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(email="operator@portal.test"))

    def get(path: str) -> None:
        status = client.get(path).status_code
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")

    return get


def time_page(get: Callable[[str], None], path: str, rounds: int) -> float:
    """The shortest of many, in ms, since other load on the machine only makes them longer."""
    clock = get_clock()
    took = []
    for _time in range(rounds * PAGES_A_ROUND):
        begun = clock()
        get(path)
        took.append((clock() - begun) * 1000)
    return min(took)


def get_clock() -> Callable[[], float]:
    """With SQLite everything is done by this process, so its CPU time is what counts."""
    from django.db import connection  # noqa: PLC0415  # after setup

    return time.process_time if connection.vendor == "sqlite" else time.perf_counter


def time_record(rounds: int) -> float:
    """How much longer a transaction with a row and its event takes than one with the row alone; both are committed."""
    from django.db import transaction  # noqa: PLC0415  # after setup

    from portal.models import Customer, CustomerTag  # noqa: PLC0415  # as above
    from portal.permissions import Person, Role  # noqa: PLC0415  # as above
    from portal.services.audit.record import record  # noqa: PLC0415  # as above

    customer = Customer.objects.get(slug=SLUG)
    by = Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)
    clock = get_clock()
    alone: list[float] = []
    recorded: list[float] = []
    for number in range(2 * rounds):
        begun = clock()
        with transaction.atomic():
            CustomerTag.objects.create(customer=customer, tag=str(number))
            if number % 2:
                record("operation.publish", by=by, customer=customer, target="Main site", after={"version": number})
        (recorded if number % 2 else alone).append((clock() - begun) * 1000)
    return float(quantiles(recorded, n=4)[0] - quantiles(alone, n=4)[0])


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
