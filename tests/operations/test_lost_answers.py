"""Every way in which an answer can be lost on the wire: exactly one effect, and nobody reads that it failed.

With keys MIOSA recognises a repeat. Without them a repeatable kind is repeated after reading, and the others are looked
for; where reading can't tell, a person is asked.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from portal.models import Operation
from portal.services.operations import status
from portal.services.operations.base import Kind
from portal.services.operations.client import TooLate, client_for
from portal.services.operations.kinds import get_kind
from portal.services.sync import upstream
from tests.operations.app import App, Effects, get_only_operation, get_operation
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)

# Of the calls whose answer or effect comes too late. Long enough for a busy machine to send them.
SHORT_DEADLINE_S = 1.0
LATE_S = 2.0


@dataclass(frozen=True)
class Case:
    """A kind as it is played: where its request goes, its fields, and what MIOSA has done once it is done once."""

    kind: str
    effect: Effects
    path: str
    method: str = "POST"
    app: str = "Main site"
    number: int | None = None
    name: str = ""

    def __str__(self) -> str:
        return self.kind


ROLL_BACK = Case("roll_back", Effects(1, 0, 0, 0), "*/rollback", number=23)
PROMOTE = Case("promote", Effects(1, 0, 0, 0), "*/promote", app="Booking", number=12)
PUBLISH = Case("publish", Effects(1, 1, 0, 0), "*/publish")
REDEPLOY = Case("redeploy", Effects(0, 0, 1, 0), "*/redeploy")
CREATE = Case("create", Effects(0, 0, 0, 1), "*/deployments", name="Recall campaign")
RENAME = Case("rename", Effects(0, 0, 0, 0), "*", "PATCH", name="Front page")
STOP = Case("stop", Effects(0, 0, 0, 0), "*/stop")
DELETE = Case("delete", Effects(-23, -24, 0, -1), "*", "DELETE", name="Main site")
CASES = (ROLL_BACK, PROMOTE, PUBLISH, REDEPLOY, CREATE, RENAME, STOP, DELETE)
NOT_REPEATABLE = tuple(case for case in CASES if not get_kind(case.kind).is_idempotent)
REPEATABLE = tuple(case for case in CASES if get_kind(case.kind).is_idempotent)

LOST_BEFORE: dict[str, dict[str, Any]] = {"drop_before": {"drop_before": True}, "503_before": {"status": 503}}
LOST_AFTER: dict[str, dict[str, Any]] = {
    "drop_after": {"drop_after": True},
    "503_after": {"status": 503, "after": True},
    "late_answer": {"delay_s": LATE_S},
    "late_effect": {"delay_before_s": LATE_S},
    "cut": {"cut_after": 20},
    "html": {"body": "<html>502</html>", "status": 502, "after": True},
    "unreadable": {"body": "{", "content_type": "application/json"},
}
LOST = LOST_BEFORE | LOST_AFTER


def combine(cases: Iterable[Case], losses: Iterable[str]) -> list[tuple[Case, str]]:
    """Every loss of a rollback and of a publish, and of the other kinds the two that differ most."""
    return [
        (case, loss) for case in cases for loss in losses if case in (ROLL_BACK, PUBLISH) or loss.startswith("drop")
    ]


@pytest.fixture(autouse=True)
def _short_deadline(
    monkeypatch: pytest.MonkeyPatch, simulator: SimulatorControl, request: pytest.FixtureRequest
) -> None:
    simulator.configure(redeploy_answer="build")
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and str(callspec.params.get("loss", "")).startswith("late"):
        monkeypatch.setattr(Kind, "deadline_s", SHORT_DEADLINE_S)


def lose_answer(app: App, case: Case, loss: str) -> Effects:
    """Do it once, with an answer that is lost. Returns what MIOSA had done before."""
    app.use(case.app)
    before = app.count_effects()
    if case.kind == "publish":
        app.sandbox()
    app.control.fault(case.path, method=case.method, **LOST[loss])
    fields = {"name": case.name} if case.name else {}
    target = app.number(case.number) if case.number else ""
    app.change(case.kind, target, by=app.operator, **fields)
    if loss == "late_effect":
        time.sleep(LATE_S - SHORT_DEADLINE_S + 0.5)
    return before


@pytest.mark.parametrize(("case", "loss"), combine(CASES, LOST), ids=str)
def test_with_keys_it_is_done_once(app: App, case: Case, loss: str) -> None:
    before = lose_answer(app, case, loss)
    assert get_only_operation().state == "unknown"
    assert app.settle(10) <= 10
    assert get_only_operation().state == "succeeded", get_only_operation().error_for_operators
    assert app.count_effects() - before == case.effect
    assert get_only_operation().error_code == ""
    assert not get_only_operation().in_lane


@pytest.mark.usefixtures("without_keys")
@pytest.mark.parametrize(("case", "loss"), combine(REPEATABLE, LOST), ids=str)
def test_without_keys_a_repeatable_kind_is_repeated_after_reading(app: App, case: Case, loss: str) -> None:
    before = lose_answer(app, case, loss)
    assert app.settle(10) <= 10
    assert get_only_operation().state == "succeeded"
    assert app.count_effects() - before == case.effect


@pytest.mark.usefixtures("without_keys")
@pytest.mark.parametrize(("case", "loss"), combine(NOT_REPEATABLE, LOST_AFTER), ids=str)
def test_without_keys_the_effect_of_another_kind_is_found(app: App, case: Case, loss: str) -> None:
    before, since = lose_answer(app, case, loss), app.log_position()
    assert app.settle(10) <= 10
    assert get_only_operation().state == "succeeded"
    assert get_only_operation().result["by_reading"] is True
    assert app.count_effects() - before == case.effect
    assert app.changes_received(since) == []


@pytest.mark.usefixtures("without_keys")
@pytest.mark.parametrize(("case", "loss"), combine(NOT_REPEATABLE, LOST_BEFORE), ids=str)
def test_without_keys_another_kind_is_never_repeated_and_a_person_is_asked(app: App, case: Case, loss: str) -> None:
    before, since = lose_answer(app, case, loss), app.log_position()
    app.settle(10)
    page = status.refresh_operation(
        by=app.operator, key=get_only_operation().key, now=get_only_operation().requested_at
    )
    assert (page.state, page.needs_decision, page.may_decide) == ("unknown", True, True)
    app.settle(400)
    assert app.count_effects() == before
    assert app.changes_received(since) == []
    assert get_only_operation().state == "unknown"
    assert get_only_operation().next_read_at is None
    status.decide(
        by=app.operator, key=get_only_operation().key, choice="did_not", now=get_only_operation().requested_at
    )
    assert (get_only_operation().state, get_only_operation().decided_by) == ("decided", app.operator.name)


def test_a_new_app_from_a_sandbox_is_made_once(app: App) -> None:
    before = app.count_effects()
    app.control.fault("*/deploy", drop_after=True)
    app.publish_new("Recall campaign")
    app.run_worker()
    assert app.settle(10) <= 10
    assert get_only_operation().state == "succeeded"
    assert app.count_effects().deployments - before.deployments == 1
    made = app.simulator.state.store.deployments[get_only_operation().result["deployment_id"]]
    assert [version.id for version in made.versions] == [get_only_operation().result["version_id"]]


def test_a_repeat_uses_the_route_of_the_first_attempt(app: App, simulator: SimulatorControl) -> None:
    """The publish was lost; if the route were missing by then, the bridge would publish a second time."""
    before = lose_answer(app, PUBLISH, "503_after")
    only_version = app.simulator.state.store.deployments[app.deployment_id].versions[-1]
    only_version.source_sandbox_id = "sbx_unreadable"
    simulator.configure(publish_route=404)
    app.settle(20)
    assert (app.count_effects() - before).versions == 1


def test_during_an_outage_the_outcome_stays_unknown_and_is_found_afterwards(app: App) -> None:
    before = app.count_effects()
    app.control.fault("*/rollback", drop_after=True)
    token = app.open_dialog("roll_back", app.number(23))
    page = app.submit("roll_back", token, app.number(23))
    app.control.fault("/api/v1/*", times=10_000, status=503)
    for _second in range(30):
        app.run_worker()
        app.pass_time(1)
    assert get_operation(page).state == "unknown"
    app.control.clear_faults()
    began = time.monotonic()
    while get_operation(page).state == "unknown" and time.monotonic() - began < 60:
        app.run_worker()
        app.pass_time(0.5)
        time.sleep(0.5)
    assert get_operation(page).state == "succeeded"
    assert app.count_effects() - before == Effects(1, 0, 0, 0)


def test_a_minute_later_it_is_never_sent_again(app: App) -> None:
    app.control.fault("*/rollback", times=50, drop_before=True)
    page = app.roll_back(23)
    while get_operation(page).state == "unknown":
        app.pass_time(1)
        upstream.reset_client()
        app.run_worker()
    app.control.clear_faults()
    asked, last = page.requested_at, get_operation(page)
    assert last.sent_at is not None
    assert (last.sent_at - last.requested_at).total_seconds() <= 60
    assert (last.state, last.error_code) == ("refused", "did_not_happen")
    since = app.log_position()
    app.settle(200)
    assert app.changes_received(since) == []
    assert asked > last.requested_at


@pytest.mark.parametrize(("kind", "path"), [("roll_back", "*/rollback"), ("publish", "*/publish")])
def test_a_repeat_is_not_sent_if_reading_ends_after_the_minute(app: App, kind: str, path: str) -> None:
    app.control.fault(path, drop_before=True)
    page = app.change(kind, app.number(23) if kind == "roll_back" else "")
    app.pass_time(58)
    since = app.log_position()
    app.control.fault(f"*/{app.deployment_id}", method="GET", delay_s=2.2)
    app.run_worker()
    assert app.changes_received(since) == []
    assert get_operation(page).state == "unknown"


def test_the_first_attempt_is_not_sent_if_reading_ends_after_the_minute(app: App) -> None:
    page = app.submit("publish", app.open_dialog("publish"))
    app.pass_time(59)
    since = app.log_position()
    app.control.fault(f"*/{app.deployment_id}", method="GET", delay_s=1.2)
    app.run_worker()
    app.run_worker()
    assert app.changes_received(since) == []
    assert (get_operation(page).state, get_operation(page).error_code, get_operation(page).attempts) == (
        "refused",
        "too_late",
        0,
    )


def test_nothing_is_sent_after_the_minute_though_the_row_says_sent(app: App) -> None:
    """The process was suspended between the row and the request."""
    app.control.fault("*/rollback", drop_before=True)
    page = app.roll_back(23)
    Operation.objects.update(state="sent")
    app.pass_time(61)
    operation, since = get_operation(page), app.log_position()
    with pytest.raises(TooLate):
        get_kind("roll_back").call(client_for(operation), operation, key=operation.key.hex)
    assert app.changes_received(since) == []


def test_a_replaced_process_sends_nothing(app: App) -> None:
    """It was suspended between the row and the request; another process works on the operation by now."""
    app.control.fault("*/rollback", drop_before=True)
    page = app.roll_back(23)
    Operation.objects.update(state="sent", runner="another")
    operation, since = get_operation(page), app.log_position()
    operation.runner = "replaced"
    with pytest.raises(TooLate):
        get_kind("roll_back").call(client_for(operation), operation, key=operation.key.hex)
    assert app.changes_received(since) == []


def test_a_deadline_that_passes_before_sending_is_a_refusal_and_nothing_was_sent(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine the whole deadline may pass before the first byte: then MIOSA can't have done anything."""
    monkeypatch.setattr(Kind, "deadline_s", 1e-9)
    before, since = app.count_effects(), app.log_position()
    page = app.change("create", by=app.operator, name="Recall campaign")
    assert (page.state, page.error_code) == ("refused", "deadline_exceeded")
    assert "Nothing was sent" in page.error
    assert app.changes_received(since) == []
    assert app.count_effects() == before


def test_a_repeat_waits_no_longer_than_the_rest_of_the_minute(app: App) -> None:
    app.control.fault("*/rollback", drop_before=True)
    page = app.roll_back(23)
    app.pass_time(58.5)
    app.control.fault("*/rollback", delay_s=8)
    app.run_worker()
    assert (get_operation(page).state, get_operation(page).error_code) == ("unknown", "deadline_exceeded")
