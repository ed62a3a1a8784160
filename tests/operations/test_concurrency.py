"""Many clicks at the same moment, from threads as in a web process."""

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
from portal.services.operations import background, status
from portal.services.operations.accept import LaneBusy
from tests.operations.app import App, Effects, get_only_operation, get_operation

pytestmark = pytest.mark.django_db(transaction=True)
CLICKS = 50
ROUNDS = 5


def run_at_once(calls: Sequence[Callable[[], object]]) -> list[Any]:
    """Start all at the same moment. Returns what each returned, or the LaneBusy that it raised."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        start.wait()
        try:
            return call()
        except LaneBusy as running:
            return running
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(run, calls))


def test_fifty_clicks_on_one_button_are_one_operation_and_one_request(app: App) -> None:
    for number in (23, 22, 23, 22, 23)[:ROUNDS]:
        before, since = app.count_effects(), app.log_position()
        kind = "promote" if app.live == app.number(22) else "roll_back"
        target = app.number(number)
        token = app.open_dialog(kind, target)
        pages = run_at_once([partial(app.submit, kind, token, target)] * CLICKS)
        assert len({page.key for page in pages}) == 1
        assert len(app.changes_received(since)) == 1
        assert app.count_effects() - before == Effects(1, 0, 0, 0)
        assert app.live == target


def test_fifty_clicks_on_publish_read_the_sandbox_once(app: App) -> None:
    before = app.count_effects()
    token, sandbox_id = app.open_dialog("publish"), app.sandbox()
    since = app.log_position()
    pages = run_at_once([partial(app.submit, "publish", token, sandbox_id=sandbox_id)] * CLICKS)
    assert len({page.key for page in pages}) == 1
    asked = Counter(row["path"].rsplit("/", 1)[1] for row in app.control.requests(since))
    assert asked[sandbox_id] <= 2
    run_at_once([app.run_worker] * 4)
    assert app.count_effects() - before == Effects(1, 1, 0, 0)


def test_two_people_at_once_never_overwrite_each_other(app: App) -> None:
    for target, other in ((23, 22), (21, 20), (23, 22), (21, 20)):
        since = app.log_position()
        requests = [(app.number(number), by) for number, by in ((target, app.owner), (other, app.operator))]
        forms = [("roll_back", app.open_dialog("roll_back", version, by=by), version, by) for version, by in requests]
        ends = run_at_once([partial(app.submit, kind, token, version, by=by) for kind, token, version, by in forms])
        kept = [end for end in ends if not isinstance(end, LaneBusy)]
        done = [page for page in kept if page.state == "succeeded"]
        late = [page for page in kept if page.state != "succeeded"]
        assert len(done) == 1
        assert len(app.changes_received(since)) == 1
        assert all(page.error_code in {"live_changed", "already_live"} for page in late)
        assert all(isinstance(end, LaneBusy) and end.person_name for end in ends if end not in kept)
        undo = app.change("promote", app.number(24))
        assert undo.state == "succeeded"


def test_pages_and_workers_take_one_step_once(app: App) -> None:
    """A page that polls and two workers find the same unknown operation at the same moment."""
    before = app.count_effects()
    app.control.fault("*/rollback", drop_before=True)
    page = app.roll_back(23)
    app.pass_time(3)
    since = app.log_position()

    def watch() -> None:
        status.refresh_operation(by=app.owner, key=page.key, now=timezone.now())

    stale = get_operation(page)
    run_at_once([watch] * 10 + [app.run_worker] * 5 + [partial(background.run_step, stale)] * 5)
    assert len(app.changes_received(since)) == 1
    assert get_only_operation().state == "succeeded"
    assert app.count_effects() - before == Effects(1, 0, 0, 0)


def test_a_decision_counts_while_another_process_is_reading(app: App) -> None:
    """The process that is reading loses the operation once a person has decided."""
    app.control.fault("*/rollback", drop_before=True)
    page = app.roll_back(23)
    Operation.objects.update(error_code="not_seen")
    app.pass_time(3)
    app.control.fault(f"*/deployments/{app.deployment_id}", method="GET", delay_s=0.6)

    def read() -> None:
        app.run_worker()
        connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    while get_only_operation().runner == "":
        pass
    status.decide(by=app.operator, key=page.key, choice="did_not", now=timezone.now())
    reader.join()
    assert get_only_operation().state == "decided"
    assert app.live == app.number(24)


@pytest.mark.usefixtures("without_keys")
def test_fifty_clicks_without_keys(app: App) -> None:
    before = app.count_effects()
    token = app.open_dialog("redeploy")
    run_at_once([partial(app.submit, "redeploy", token)] * CLICKS)
    run_at_once([app.run_worker] * 4)
    assert get_only_operation().attempts == 1
    assert app.count_effects() - before == Effects(0, 0, 0, 0)
