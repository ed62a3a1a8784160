"""What MIOSA refuses is told in words that are true, name no vendor, and are the same wherever they are told."""

import json
from typing import Any

import pytest

from portal.models import Connection
from portal.services.operations import reading, refusals
from portal.services.operations.kinds import Kind
from tests.journal.desk import Desk, Effects, of, only
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 410}, refusals.restoring("collected")),
        ({"status": 409}, refusals.restoring("state")),
        ({"status": 422}, refusals.restoring("state")),
        ({"status": 404}, refusals.restoring("gone")),
        ({"status": 402}, "The hosting account needs attention"),
        ({"status": 403}, "does not let this portal do that"),
        ({"status": 429, "retry_after": 1}, "asked us to wait"),
        ({"status": 413}, "The hosting service refused this."),
        # A proxy knows nothing of apps and versions.
        ({"status": 404, "body": "<html>404 proxy</html>"}, "The hosting service refused this."),
        ({"status": 410, "body": "<html>410 proxy</html>"}, "The hosting service refused this."),
    ],
    ids=lambda value: str(value.get("status")) if isinstance(value, dict) else "",
)
def test_a_refused_change(desk: Desk, fault: dict[str, Any], words: str) -> None:
    before = desk.effects()
    desk.control.fault("*/rollback", **fault)
    page = desk.roll_back(23)
    assert page.state == "refused"
    assert words in page.error
    assert "miosa" not in page.error.lower()
    assert "upstream" not in page.error
    assert desk.effects() == before
    assert not only().in_lane
    assert page.for_operators == ""
    assert only().error_for_operators


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 404}, "does not know this app any more"),
        ({"status": 404, "body": "<html>404 proxy</html>"}, "can't be reached"),
        ({"status": 503}, "can't be reached"),
        ({"status": 403}, "does not let this portal do that"),
        ({"body": "{"}, "can't be reached"),
    ],
    ids=["gone", "proxy", "down", "forbidden", "garbage"],
)
def test_a_refused_look_just_before_sends_nothing(desk: Desk, fault: dict[str, Any], words: str) -> None:
    token = desk.draw(Kind.ROLL_BACK, desk.number(23))
    desk.control.fault(f"*/{desk.deployment_id}", method="GET", times=9, **fault)
    since = desk.mark()
    page = desk.confirm(Kind.ROLL_BACK, token, desk.number(23))
    assert (page.state, page.sent_at) == ("refused", None)
    assert words in page.error
    assert desk.heard(since) == []


def test_a_backup_that_is_demanded_is_told_in_words(desk: Desk, simulator: SimulatorControl) -> None:
    desk.use("Booking")
    simulator.configure(migration_backup="required")
    page = desk.do(Kind.PROMOTE, desk.number(12))
    assert page.state == "refused"
    assert "a backup has to be made first" in page.error


@pytest.mark.parametrize("shape", ["canonical", "flat", "text", "html", "marker"])
def test_a_refusal_in_any_shape_is_a_refusal(desk: Desk, simulator: SimulatorControl, shape: str) -> None:
    desk.use("Booking")
    simulator.configure(error_shape=shape, rollback_accepts="ready")
    page = desk.roll_back(10)
    assert (page.state, of(page).attempts) == ("refused", 1)


def test_a_refused_key_alarms_operators(desk: Desk) -> None:
    desk.control.fault("*/rollback", status=401)
    assert desk.roll_back(23).state == "refused"
    assert Connection.only().alarm == "key_refused"


# A refusal of a repeat says what became of the first attempt only if MIOSA knows keys and it can be seen.


@pytest.mark.parametrize("status", [429, 401, 403])
def test_being_told_to_wait_says_nothing_of_the_first_attempt(desk: Desk, status: int) -> None:
    before = desk.effects()
    desk.control.fault("*/publish", times=1, drop_before=True)
    desk.control.fault("*/publish", times=1, status=status, retry_after=1)
    desk.do(Kind.PUBLISH)
    desk.pass_time(3)
    desk.turn()
    assert (only().state, only().attempts) == ("unknown", 2)
    assert desk.settle(10) <= 10
    assert only().state == "succeeded"
    assert desk.effects() - before == Effects(1, 1, 0, 0)


def test_a_conflict_on_a_repeat_may_be_the_first_attempt_at_work(desk: Desk) -> None:
    desk.control.fault("*/rollback", times=1, drop_before=True)
    desk.control.fault("*/rollback", times=1, status=409, body="busy")
    page = desk.roll_back(23)
    desk.pass_time(3)
    desk.turn()
    assert of(page).state == "unknown"
    assert desk.settle(10) <= 10
    assert of(page).state == "succeeded"


def test_a_repeat_that_is_refused_for_good_ends_it(desk: Desk) -> None:
    desk.control.fault("*/rollback", times=1, drop_before=True)
    desk.control.fault("*/rollback", times=1, status=410)
    page = desk.roll_back(23)
    desk.pass_time(3)
    desk.turn()
    assert (of(page).state, of(page).error_code) == ("refused", "gone")


@pytest.mark.usefixtures("without_keys")
def test_a_repeat_refused_because_it_has_happened_is_a_success(desk: Desk, simulator: SimulatorControl) -> None:
    """The first attempt arrives between the look and the repeat."""
    simulator.configure(promote_live=409)
    desk.control.fault("*/rollback", times=1, drop_before=True)
    desk.control.fault("*/rollback", times=1, status=422, after=True)
    page = desk.roll_back(23)
    desk.settle(15)
    assert of(page).state == "succeeded"
    assert of(page).result["by_reading"] is True


def test_a_proxys_404_is_never_taken_for_a_deletion(desk: Desk) -> None:
    desk.control.fault("*", method="DELETE", drop_before=True)
    desk.control.fault(f"*/{desk.deployment_id}", method="GET", times=1, delay_s=0)
    desk.do(Kind.DELETE, by=desk.operator, name="Main site")
    desk.control.clear_faults()
    desk.control.fault(f"*/{desk.deployment_id}", method="GET", times=1, status=404, body="<html>no host</html>")
    desk.pass_time(2)
    desk.turn()
    assert only().state == "unknown"


def test_something_newer_keeps_a_repeat_from_being_sent(desk: Desk) -> None:
    desk.control.fault("*/rollback", drop_before=True)
    page = desk.roll_back(23)
    desk.control.run_action("publish", deployment_id=desk.deployment_id)
    since = desk.mark()
    assert desk.settle(20) <= 20
    assert (of(page).state, of(page).error_code) == ("refused", "overtaken")
    assert desk.heard(since) == []


def test_something_newer_of_ours_in_another_lane_does_as_well(desk: Desk) -> None:
    desk.control.fault("*/rollback", drop_before=True)
    page = desk.roll_back(23)
    desk.do(Kind.RENAME, by=desk.operator, name="Front page")
    since = desk.mark()
    assert desk.settle(20) <= 20
    assert (of(page).state, of(page).error_code) == ("refused", "did_not_happen")
    assert desk.heard(since) == []


def test_what_went_live_and_was_replaced_has_happened(desk: Desk) -> None:
    desk.control.fault("*/rollback", drop_after=True)
    page = desk.roll_back(23)
    desk.control.run_action("publish", deployment_id=desk.deployment_id)
    desk.settle(5)
    assert of(page).state == "succeeded"
    assert of(page).switched_at is None


@pytest.mark.parametrize("status", [403, 422])
def test_where_looking_is_refused_for_good_a_person_is_asked(desk: Desk, status: int) -> None:
    """And what was asked in view of what is live is not sent again, since nobody can see what is."""
    desk.control.fault("*/rollback", drop_before=True)
    page = desk.roll_back(23)
    since = desk.mark()
    desk.control.fault(f"*/{desk.deployment_id}", method="GET", times=50, status=status)
    desk.settle(12)
    assert (of(page).state, of(page).error_code) == ("unknown", "not_seen")
    assert desk.heard(since) == []


def test_what_is_gone_for_good_has_been_deleted(desk: Desk) -> None:
    desk.control.fault("*", method="DELETE", drop_after=True)
    desk.do(Kind.DELETE, by=desk.operator, name="Main site")
    desk.control.fault(f"*/{desk.deployment_id}", method="GET", times=1, status=410)
    desk.pass_time(2)
    desk.turn()
    assert only().state == "succeeded"


def test_an_answer_that_names_another_app_is_not_followed_there(desk: Desk) -> None:
    other = desk.row("Booking").miosa_id
    body = json.dumps({"data": {"id": "bld_1", "deployment_id": other, "state": "succeeded"}})
    desk.control.fault("*/redeploy", body=body)
    page = desk.do(Kind.REDEPLOY)
    assert of(page).state == "succeeded"
    assert reading.touched_id(of(page)) == desk.deployment_id
