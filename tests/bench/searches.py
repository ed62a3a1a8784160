"""Every combination of filters over a long history: the database's time for each search."""

from __future__ import annotations

import json
import statistics
import sys
import time

import django


def main(versions: int) -> None:
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  # after setup
    from django.db import connection  # noqa: PLC0415  # as above

    from portal.models import Deployment  # noqa: PLC0415  # as above
    from portal.permissions import Person, Role  # noqa: PLC0415  # as above
    from portal.services.queries import filters, timeline_search  # noqa: PLC0415  # as above
    from tests.services import large_history  # noqa: PLC0415  # as above

    call_command("migrate", verbosity=0)
    customer = large_history.make(versions)
    operator = Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)
    deployments = list(Deployment.objects.filter(customer=customer))
    # SQLite works in this thread, so there its processor time is what counts.
    clock = time.thread_time if connection.vendor == "sqlite" else time.perf_counter
    times: list[tuple[float, str]] = []
    for chosen in large_history.list_combinations():
        query = large_history.make_query(chosen, customer)
        where = filters.parse(query, customer=customer, deployments=deployments, by=operator).where
        rounds = []
        for _round in range(3):
            begun = clock()
            timeline_search.search(scope="x", customer_id=customer.pk, deployment_id=None, where=where, cursor="")
            rounds.append((clock() - begun) * 1000)
        times.append((min(rounds), str(chosen)))
    times.sort(reverse=True)
    for took, name in times[:8]:
        sys.stdout.write(f"{took:7.1f} ms  {name}\n")
    figures = {"slowest_ms": times[0][0], "median_ms": statistics.median(took for took, _name in times)}
    sys.stdout.write(f"slowest {figures['slowest_ms']:.1f} ms (≤ 50), median {figures['median_ms']:.1f} ms\n")
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
