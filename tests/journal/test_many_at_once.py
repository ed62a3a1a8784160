"""Many clicks at the same moment, from threads as a web process has them."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from portal.models import Operation
from portal.services.operations import driver
from portal.services.operations.accepting import Running
from portal.services.operations.kinds import Kind
from portal.services.queries import operations
from tests.journal.desk import Desk, Effects, of, only

pytestmark = pytest.mark.django_db(transaction=True)
CLICKS = 50
ROUNDS = 5


def at_once(deeds: Sequence[Callable[[], object]]) -> list[Any]:
    """All of them from a standing start; what each gave or raised."""
    start = threading.Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> object:
        start.wait()
        try:
            return deed()
        except Running as running:
            return running
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(deeds)) as pool:
        return list(pool.map(run, deeds))


def test_fifty_clicks_on_one_button_are_one_operation_and_one_request(desk: Desk) -> None:
    for number in (23, 22, 23, 22, 23)[:ROUNDS]:
        before, since = desk.effects(), desk.mark()
        kind = Kind.PROMOTE if desk.live == desk.number(22) else Kind.ROLL_BACK
        target = desk.number(number)
        token = desk.draw(kind, target)
        pages = at_once([partial(desk.confirm, kind, token, target)] * CLICKS)
        assert len({page.key for page in pages}) == 1
        assert len(desk.heard(since)) == 1
        assert desk.effects() - before == Effects(1, 0, 0, 0)
        assert desk.live == target


def test_fifty_clicks_on_publish_read_the_sandbox_once(desk: Desk) -> None:
    before = desk.effects()
    token, sandbox_id = desk.draw(Kind.PUBLISH), desk.sandbox()
    since = desk.mark()
    pages = at_once([partial(desk.confirm, Kind.PUBLISH, token, sandbox_id=sandbox_id)] * CLICKS)
    assert len({page.key for page in pages}) == 1
    asked = Counter(row["path"].rsplit("/", 1)[1] for row in desk.control.requests(since))
    assert asked[sandbox_id] <= 2
    at_once([desk.turn] * 4)
    assert desk.effects() - before == Effects(1, 1, 0, 0)


def test_two_people_at_once_never_overwrite_each_other(desk: Desk) -> None:
    for target, other in ((23, 22), (21, 20), (23, 22), (21, 20)):
        since = desk.mark()
        wishes = [(desk.number(number), by) for number, by in ((target, desk.owner), (other, desk.operator))]
        forms = [(Kind.ROLL_BACK, desk.draw(Kind.ROLL_BACK, version, by=by), version, by) for version, by in wishes]
        ends = at_once([partial(desk.confirm, kind, token, version, by=by) for kind, token, version, by in forms])
        kept = [end for end in ends if not isinstance(end, Running)]
        went = [page for page in kept if page.state == "succeeded"]
        late = [page for page in kept if page.state != "succeeded"]
        assert len(went) == 1
        assert len(desk.heard(since)) == 1
        assert all(page.error_code in {"live_changed", "already_live"} for page in late)
        assert all(isinstance(end, Running) and end.person_name for end in ends if end not in kept)
        undo = desk.do(Kind.PROMOTE, desk.number(24))
        assert undo.state == "succeeded"


def test_watchers_and_workers_carry_an_operation_once(desk: Desk) -> None:
    """A page that polls and two workers find the same unknown operation at the same moment."""
    before = desk.effects()
    desk.control.fault("*/rollback", drop_before=True)
    page = desk.roll_back(23)
    desk.pass_time(3)
    since = desk.mark()

    def watch() -> None:
        operations.get_operation(by=desk.owner, key=page.key, now=timezone.now())

    stale = of(page)
    at_once([watch] * 10 + [desk.turn] * 5 + [partial(driver.work, stale)] * 5)
    assert len(desk.heard(since)) == 1
    assert only().state == "succeeded"
    assert desk.effects() - before == Effects(1, 0, 0, 0)


def test_a_decision_holds_against_a_look_that_is_under_way(desk: Desk) -> None:
    """Whoever is looking has the operation no longer once a person has decided."""
    desk.control.fault("*/rollback", drop_before=True)
    page = desk.roll_back(23)
    Operation.objects.update(error_code="not_seen")
    desk.pass_time(3)
    desk.control.fault(f"*/deployments/{desk.deployment_id}", method="GET", delay_s=0.6)

    def look() -> None:
        desk.turn()
        connection.close()

    looking = threading.Thread(target=look)
    looking.start()
    while only().runner == "":
        pass
    operations.decide(by=desk.operator, key=page.key, choice="did_not", now=timezone.now())
    looking.join()
    assert only().state == "decided"
    assert desk.live == desk.number(24)


@pytest.mark.usefixtures("without_keys")
def test_fifty_clicks_without_keys(desk: Desk) -> None:
    before = desk.effects()
    token = desk.draw(Kind.REDEPLOY)
    at_once([partial(desk.confirm, Kind.REDEPLOY, token)] * CLICKS)
    at_once([desk.turn] * 4)
    assert only().attempts == 1
    assert desk.effects() - before == Effects(0, 0, 0, 0)
