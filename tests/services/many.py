"""Real processes that look at one stale page together. Started by test_together.py, one line of JSON out of each.

python -m tests.services.many <deed> <slug> <threads> <moment to begin, seconds since 1970>
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import django


def main(deed: str, slug: str, threads: int, begin_at: float) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.services.many_settings")
    django.setup()
    if deed != "spend":
        # A web process has been running for a while: everything is imported, and it knows the database.
        with suppress(Exception):
            DEEDS[deed]("nobody")
    rounds = [_together(DEEDS[deed], slug, threads, begin_at)]
    if deed == "open":
        # Once more, now that everything is remembered: what so many threads cost by themselves on this machine.
        rounds.append(_together(DEEDS[deed], slug, threads, time.time() + 1))
    if deed == "spend":
        sys.exit("\n".join(rounds[0][1]) or 0)
    sys.stdout.write(json.dumps([{"took": took, "failed": failed} for took, failed in rounds]) + "\n")


def _together(look: Callable[[str], None], slug: str, threads: int, begin_at: float) -> tuple[list[float], list[str]]:
    from django.db import connection  # noqa: PLC0415 - after setup

    took: list[float] = []
    failed: list[str] = []

    def view() -> None:
        time.sleep(max(0.0, begin_at - time.time()))
        begun = time.monotonic()
        try:
            look(slug)
        except Exception as error:  # noqa: BLE001 - told to the test, which judges
            failed.append(repr(error))
        took.append(time.monotonic() - begun)
        connection.close()

    # A web process has 16 threads, and each a connection to PostgreSQL; SQLite takes all viewers at once.
    crowd = threads if connection.vendor == "sqlite" else min(threads, 16)
    with ThreadPoolExecutor(crowd) as pool:
        for _viewer in range(threads):
            pool.submit(view)
    return took, failed


def _person() -> Any:
    from portal.permissions import Person, Role  # noqa: PLC0415 - after setup

    return Person(id=1, name="Olga", email="o@p.test", staff=Role.OPERATOR)


def _poll(slug: str) -> None:
    """A page that is open somewhere asks for what is newer."""
    from django.utils import timezone  # noqa: PLC0415 - after setup

    from tests import pages  # noqa: PLC0415 - as above

    pages.poll_history(by=_person(), slug=slug, query={}, generation="", now=timezone.now())


def _open(slug: str) -> None:
    from django.utils import timezone  # noqa: PLC0415 - after setup

    from tests import pages  # noqa: PLC0415 - as above

    page = pages.open_history(by=_person(), slug=slug, query={}, now=timezone.now())
    if page.age.as_of is None:
        raise AssertionError("nothing was read")


def _spend(slug: str) -> None:
    """Take from the budget as often as it gives, for a second."""
    from portal.miosa import BudgetSpent  # noqa: PLC0415 - after setup
    from portal.services.sync import budget  # noqa: PLC0415 - as above

    until = time.monotonic() + 1
    while time.monotonic() < until:
        try:
            budget.take(budget.Purpose(slug))
        except BudgetSpent:
            time.sleep(0.01)
        else:
            sys.stdout.write("1\n")


DEEDS: dict[str, Callable[[str], None]] = {"open": _open, "poll": _poll, "spend": _spend}

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
