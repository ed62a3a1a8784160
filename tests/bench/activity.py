"""The audit log with 1,000,000 events against one with eleven, pages of ten; and an operation with its event.

A page is the whole answer, in this process. Limits: a page takes at most 1.2 times as long, an event 2 ms.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import quantiles
from typing import Any

import django

PAGE_SIZE = 10
AT_ONCE = 5000
CUSTOMERS, PEOPLE = 500, 2000
KINDS = ("operation.roll_back", "operation.publish", "sign_in.succeeded", "sign_in.failed", "person.invited", "request")
PAGES_A_ROUND = 10
SLUG = "bench-customer-0"
ALL, OWN = "/activity/", f"/c/{SLUG}/activity/"


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
    from portal.services import demo_people  # noqa: PLC0415  # as above

    demo_people.ensure_demo_people()
    connection = Connection.objects.get()
    Customer.objects.bulk_create(
        Customer(connection=connection, external_id=f"b{each}", slug=f"bench-customer-{each}", name=f"Customer {each}")
        for each in range(CUSTOMERS)
    )


def insert_events(first: int, end: int) -> None:
    """The chain is not signed, which no page looks at."""
    from django.utils import timezone  # noqa: PLC0415  # after setup

    from portal.models import AuditEvent, AuditHead, Customer  # noqa: PLC0415  # as above

    chance = random.Random(first)  # noqa: S311 - the same events in every run
    customers = list(Customer.objects.filter(slug__startswith="bench-").order_by("pk").values_list("pk", flat=True))
    begun = timezone.now() - timedelta(days=365)
    for start in range(first, end, AT_ONCE):
        AuditEvent.objects.bulk_create(
            make_event(AuditEvent, number, begun, customers, chance)
            for number in range(start, min(start + AT_ONCE, end))
        )
    AuditHead.objects.update_or_create(pk=AuditHead.ID, defaults={"number": end - 1, "digest": "0" * 64})


def make_event(model: Any, number: int, begun: Any, customers: list[int], chance: random.Random) -> Any:
    person = chance.randrange(PEOPLE)
    return model(
        number=number,
        at=begun + timedelta(seconds=30 * number),
        kind=chance.choice(KINDS),
        outcome="refused" if chance.random() < 0.02 else "done",
        way="session",
        person_id=person + 1000,
        person_name=f"Person {person}",
        person_email=f"person-{person}@example.test",
        person_role="support",
        customer_id=customers[0] if number < PAGE_SIZE + 2 else chance.choice(customers),
        customer_name="Some customer",
        target=f"Main site {number}",
        after={"version": number % 900, "reason": "checkout broken"},
        address="203.0.113.7",
        request_id="0123456789abcdef",
        search=f"main site {number} some customer checkout broken",
        previous="0" * 64,
        digest="0" * 64,
    )


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
    took = []
    for _time in range(rounds * PAGES_A_ROUND):
        begun = time.perf_counter()
        get(path)
        took.append((time.perf_counter() - begun) * 1000)
    return min(took)


def time_record(rounds: int) -> float:
    """How much longer a transaction with a row and its event takes than one with the row alone; both are committed."""
    from django.db import transaction  # noqa: PLC0415  # after setup

    from portal.models import Customer, CustomerTag  # noqa: PLC0415  # as above
    from portal.permissions import Person, Role  # noqa: PLC0415  # as above
    from portal.services.audit.record import record  # noqa: PLC0415  # as above

    customer = Customer.objects.get(slug=SLUG)
    by = Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)
    alone: list[float] = []
    recorded: list[float] = []
    for number in range(2 * rounds):
        begun = time.perf_counter()
        with transaction.atomic():
            CustomerTag.objects.create(customer=customer, tag=str(number))
            if number % 2:
                record("operation.publish", by=by, customer=customer, target="Main site", after={"version": number})
        (recorded if number % 2 else alone).append((time.perf_counter() - begun) * 1000)
    return float(quantiles(recorded, n=4)[0] - quantiles(alone, n=4)[0])


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
