"""A customer's page over a long history, against a bare view, Django's admin, and one that requests it from MIOSA."""

from __future__ import annotations

import json
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import django

if TYPE_CHECKING:
    from tests.bench.web_server import Server

SLUG = "bench-customer"
EACH_ROUND = 20


def main(versions: int, rounds: int, views: int) -> None:
    from portal.simulator.simulator import Simulator  # noqa: PLC0415  # the settings come first
    from tests.bench.web_server import Server  # noqa: PLC0415  # as above
    from tests.ports import pick_port  # noqa: PLC0415  # as above

    os.environ["SIMULATOR_PORT"] = str(pick_port())
    os.environ["MIOSA_RPM"] = "100000"
    django.setup()
    begun = time.monotonic()
    _prepare(versions)
    say(f"{versions:,} versions written in {time.monotonic() - begun:.0f} s")
    with Simulator(port=int(os.environ["SIMULATOR_PORT"])) as simulator, Server({}) as server:
        _sign_in(server)
        figures = _measure(server, simulator.url, versions=versions, rounds=rounds)
        figures["memory"] = _memory(server, versions=versions, views=views)
    say(json.dumps(figures))


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _prepare(versions: int) -> None:
    from django.core.management import call_command  # noqa: PLC0415  # after setup

    from portal.models import User  # noqa: PLC0415  # after setup
    from portal.services.people import demo_people  # noqa: PLC0415  # after setup
    from tests.bench.history_rows import insert_history  # noqa: PLC0415  # after setup

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    demo_people.ensure_demo_people()
    User.objects.filter(email="operator@portal.test").update(is_superuser=True)
    insert_history(SLUG, versions)


def _sign_in(server: Server) -> None:
    from portal.services.people import demo_people  # noqa: PLC0415  # after setup

    server.get("/accounts/login/")
    form = urlencode({"login": "operator@portal.test", "password": demo_people.DEMO_PASSWORD}).encode()
    answer = server.post("/accounts/login/", form, Content_Type="application/x-www-form-urlencoded")
    if answer.status != 302:
        raise RuntimeError(f"sign-in answered {answer.status}")


def _measure(server: Server, simulator_url: str, *, versions: int, rounds: int) -> dict[str, object]:
    chance = random.Random(7)  # noqa: S311 - the same pages in every run
    page = server.get(f"/c/{SLUG}/")
    poll = _poll(page.body.decode())
    server.post("/bench/bare/", page.body)
    if len(server.get("/bench/bare/").body) != len(page.body):
        raise RuntimeError("the bare view does not answer the same bytes")
    alike = _like_ours(simulator_url)
    pages = max(1, versions // 50)
    paths: dict[str, Callable[[], tuple[str, dict[str, str]]]] = {
        "bare": lambda: ("/bench/bare/", {}),
        "page": lambda: (f"/c/{SLUG}/?cursor={_cursor(chance.randrange(1, versions))}", {}),
        "first": lambda: (f"/c/{SLUG}/", {}),
        "deep": lambda: (f"/c/{SLUG}/?cursor={_cursor(max(1, versions // 5) + chance.randrange(50))}", {}),
        "bare 204": lambda: ("/bench/empty/", {}),
        "unchanged": lambda: (poll, {"HX_Request": "true"}),
        "admin": lambda: (f"/bench/admin/portal/version/?p={chance.randrange(1, pages)}", {}),
        "official client": lambda: (f"/bench/official/?customer={alike}", {}),
    }
    for name, path in paths.items():
        answer = server.get(path()[0], **path()[1])
        expected = 204 if name in {"bare 204", "unchanged"} else 200
        if answer.status != expected:
            raise RuntimeError(f"{name} answered {answer.status}")
    cpu: dict[str, list[float]] = {name: [] for name in paths}
    wall: dict[str, list[float]] = {name: [] for name in paths}
    for _round in range(rounds):
        for name, path in paths.items():
            each = 4 if name == "admin" else EACH_ROUND
            used, begun = server.cpu_s(), time.monotonic()
            for _request in range(each):
                where, headers = path()
                server.get(where, **headers)
            wall[name].append((time.monotonic() - begun) / each * 1000)
            cpu[name].append((server.cpu_s() - used) / each * 1000)
    return _table(cpu, wall, len(page.body))


def _table(cpu: dict[str, list[float]], wall: dict[str, list[float]], size: int) -> dict[str, object]:
    median = {name: statistics.median(values) for name, values in cpu.items()}

    def against(one: str, other: str, times: dict[str, list[float]] = cpu) -> list[float]:
        """Compared within each round, since other load on the machine then affects both."""
        return [upper / lower for upper, lower in zip(times[one], times[other], strict=True)]

    clock = {name: statistics.median(values) for name, values in wall.items()}
    say(f"{'view':<18}{'CPU ms':>9}{'range':>16}{'wall ms':>10}")
    for name, values in cpu.items():
        told = f"{min(values):.2f}–{max(values):.2f}"
        say(f"{name:<18}{median[name]:>9.2f}{told:>16}{clock[name]:>10.2f}")
    rounds = {
        "page against bare (≥ 0.25)": against("bare", "page"),
        "unchanged against bare 204 (≥ 0.7)": against("bare 204", "unchanged"),
        "page against admin (≥ 20)": against("admin", "page"),
        "page against official client": against("official client", "page"),
        "row 800,000 against first page (≤ 1.1)": against("deep", "first", wall),
    }
    for name, values in rounds.items():
        least, _half, most = statistics.quantiles(values, n=4)
        say(f"  {name:<46}{statistics.median(values):>8.2f}  ({least:.2f}–{most:.2f} in half of the rounds)")
    ratios = {name: statistics.median(values) for name, values in rounds.items()}
    say(f"  page of {size:,} bytes before compression")
    return {"cpu_ms": median, "wall_ms": clock, "ratios": ratios, "bytes": size}


def _memory(server: Server, *, versions: int, views: int) -> dict[str, float]:
    chance = random.Random(11)  # noqa: S311 - the same pages in every run
    told = {}
    for count in range(1, views + 1):
        server.get(f"/c/{SLUG}/?cursor={_cursor(chance.randrange(1, versions))}")
        if count in {views // 10, views}:
            told[str(count)] = server.private_mib()
    growth = told[str(views)] / told[str(views // 10)] - 1
    say(f"  private memory after {views:,} views: {told[str(views)]:.0f} MiB (≤ 120), grown {growth:.1%} (< 5 %)")
    return {**told, "growth": growth}


def _cursor(back: int) -> str:
    """A cursor so many rows back from the newest."""
    from portal.services.queries import timeline_search  # noqa: PLC0415  # after setup

    scope, at, pk = _newest()
    return timeline_search.make_cursor(at - timedelta(minutes=back), pk - back, scope)


@cache
def _newest() -> tuple[str, datetime, int]:
    from portal.models import Customer, Entry  # noqa: PLC0415  # after setup

    customer = Customer.objects.get(slug=SLUG)
    newest = Entry.objects.filter(customer=customer).order_by("-at", "-pk")[0]
    return f"customer:{customer.pk}", newest.at, newest.pk


def _poll(page: str) -> str:
    """The URL that the page polls."""
    found = re.search(r'hx-get="([^"]*[?&;]seen=[^"]*)"', page)
    if found is None:
        raise RuntimeError("the page does not look again")
    return unescape(found[1])


def _like_ours(simulator_url: str) -> str:
    """A customer of the simulator with as many apps as ours, each with more versions than a page shows."""
    from tests.bench.history_rows import APPS  # noqa: PLC0415  # after setup
    from tests.simulator_control import SimulatorControl  # noqa: PLC0415  # after setup

    control = SimulatorControl(simulator_url)
    owned: dict[str, list[dict[str, object]]] = {}
    for customer in control.state()["customers"]:
        for deployment in customer["deployments"]:
            owned.setdefault(str(deployment["external_workspace_id"]), []).append(deployment)
    chosen = next(name for name, deployments in owned.items() if len(deployments) == APPS and name != "None")
    for deployment in owned[chosen]:
        control.call("POST", "actions", {"action": "history", "deployment_id": deployment["id"], "count": 100})
    return chosen


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))
