"""A process with threads that open one page together. Started by test_concurrency.py; prints one line of JSON.

python -m tests.services.viewers <action> <slug> <threads> <begin at, in seconds since 1970>
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

GENEROUS_S = 30


def main(action: str, slug: str, threads: int, begin_at: float) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.services.viewers_settings")
    django.setup()
    if action != "spend":
        # A web process has been running for a while: everything is imported, and it knows the database.
        with suppress(Exception):
            ACTIONS[action]("nobody")
    rounds = [_run_together(ACTIONS[action], slug, threads, begin_at)]
    if action == "open":
        # Now that everything is stored, everybody sees it.
        rounds.append(_run_together(ACTIONS["open again"], slug, threads, time.time() + 1))
    if action == "spend":
        sys.exit("\n".join(rounds[0]) or 0)
    sys.stdout.write(
        json.dumps({"views": threads * len(rounds), "failed": [each for failed in rounds for each in failed]}) + "\n"
    )


def _run_together(act: Callable[[str], Any], slug: str, threads: int, begin_at: float) -> list[str]:
    """Calls `act` in so many threads at the same time. Returns the errors."""
    from django.db import connection  # noqa: PLC0415 - after setup

    failed: list[str] = []

    def view() -> None:
        time.sleep(max(0.0, begin_at - time.time()))
        try:
            act(slug)
        except Exception as error:  # noqa: BLE001 - reported to the test
            failed.append(repr(error))
        connection.close()

    # A web process has 16 threads, and each a connection to PostgreSQL; SQLite takes all viewers at once.
    at_once = threads if connection.vendor == "sqlite" else min(threads, 16)
    with ThreadPoolExecutor(at_once) as pool:
        for _viewer in range(threads):
            pool.submit(view)
    return failed


def _person() -> Any:
    from portal.permissions import Person, Role  # noqa: PLC0415 - after setup

    return Person(id=1, name="Olga", email="o@p.test", staff=Role.OPERATOR)


def _poll(slug: str) -> None:
    """An open page polls for newer entries."""
    from django.utils import timezone  # noqa: PLC0415 - after setup

    from tests import page_views  # noqa: PLC0415 - as above

    page_views.poll_history(by=_person(), slug=slug, query={}, generation="", now=timezone.now())


def _open(slug: str) -> Any:
    from django.utils import timezone  # noqa: PLC0415 - after setup

    from tests import page_views  # noqa: PLC0415 - as above

    return page_views.open_history(by=_person(), slug=slug, query={}, now=timezone.now())


def _open_again(slug: str) -> None:
    """Until there is something to see; on a busy machine the first viewers may still be reading."""
    until = time.monotonic() + GENEROUS_S
    while _open(slug).age.as_of is None:
        if time.monotonic() > until:
            raise AssertionError("nothing was read")
        time.sleep(0.2)


def _spend(slug: str) -> None:
    """Takes from the budget as often as possible for a second."""
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


ACTIONS: dict[str, Callable[[str], Any]] = {
    "open": _open,
    "open again": _open_again,
    "poll": _poll,
    "spend": _spend,
}

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
