"""MIOSA's refusals: sentences that are true, name no vendor, and are the same everywhere."""

import json
from typing import Any

import pytest

from portal.models import Connection
from portal.services.queries.actions import get_restore_obstacle
from tests.operations.app import App, Effects, get_only_operation, get_operation
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 410}, get_restore_obstacle("collected")),
        ({"status": 409}, get_restore_obstacle("state")),
        ({"status": 422}, get_restore_obstacle("state")),
        ({"status": 404}, get_restore_obstacle("gone")),
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
def test_a_refused_change(app: App, fault: dict[str, Any], words: str) -> None:
    before = app.count_effects()
    app.control.fault("*/rollback", **fault)
    page = app.roll_back(23)
    assert page.state == "refused"
    assert words in page.error
    assert "miosa" not in page.error.lower()
    assert "upstream" not in page.error
    assert app.count_effects() == before
    assert not get_only_operation().in_lane
    assert page.for_operators == ""
    assert get_only_operation().error_for_operators


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 404}, "This app no longer exists"),
        ({"status": 404, "body": "<html>404 proxy</html>"}, "can't be reached"),
        ({"status": 503}, "can't be reached"),
        ({"status": 403}, "does not let this portal do that"),
        ({"body": "{"}, "can't be reached"),
    ],
    ids=["gone", "proxy", "down", "forbidden", "garbage"],
)
def test_nothing_is_sent_if_reading_before_is_refused(app: App, fault: dict[str, Any], words: str) -> None:
    token = app.open_dialog("roll_back", app.number(23))
    app.control.fault(f"*/{app.deployment_id}", method="GET", times=9, **fault)
    since = app.log_position()
    page = app.submit("roll_back", token, app.number(23))
    assert (page.state, page.sent_at) == ("refused", None)
    assert words in page.error
    assert app.changes_received(since) == []


def test_a_required_backup_is_explained(app: App, simulator: SimulatorControl) -> None:
    app.use("Booking")
    simulator.configure(migration_backup="required")
    page = app.change("promote", app.number(12))
    assert page.state == "refused"
    assert "a backup has to be made first" in page.error


@pytest.mark.parametrize("shape", ["canonical", "flat", "text", "html", "marker"])
def test_a_refusal_in_any_shape_is_a_refusal(app: App, simulator: SimulatorControl, shape: str) -> None:
    app.use("Booking")
    simulator.configure(error_shape=shape, rollback_accepts="ready")
    page = app.roll_back(10)
    assert (page.state, get_operation(page).attempts) == ("refused", 1)


def test_a_refused_key_alarms_operators(app: App) -> None:
    app.control.fault("*/rollback", status=401)
    assert app.roll_back(23).state == "refused"
    assert Connection.only().alarm == "key_refused"


# A refusal of a repeat says what became of the first attempt only if MIOSA knows keys and it can be seen.


@pytest.mark.parametrize("status", [429, 401, 403])
def test_a_rate_limited_repeat_says_nothing_about_the_first_attempt(app: App, status: int) -> None:
    before = app.count_effects()
    app.control.fault("*/publish", times=1, drop_before=True)
    app.control.fault("*/publish", times=1, status=status, retry_after=1)
    app.change("publish")
    app.pass_time(3)
    app.run_worker()
    assert (get_only_operation().state, get_only_operation().attempts) == ("unknown", 2)
    assert app.settle(10) <= 10
    assert get_only_operation().state == "succeeded"
    assert app.count_effects() - before == Effects(1, 1, 0, 0)


def test_a_conflict_on_a_repeat_may_be_the_first_attempt_in_progress(app: App) -> None:
    app.control.fault("*/rollback", times=1, drop_before=True)
    app.control.fault("*/rollback", times=1, status=409, body="busy")
    page = app.roll_back(23)
    app.pass_time(3)
    app.run_worker()
    assert get_operation(page).state == "unknown"
    assert app.settle(10) <= 10
    assert get_operation(page).state == "succeeded"


def test_a_definite_refusal_of_a_repeat_ends_it(app: App) -> None:
    app.control.fault("*/rollback", times=1, drop_before=True)
    app.control.fault("*/rollback", times=1, status=410)
    page = app.roll_back(23)
    app.pass_time(3)
    app.run_worker()
    assert (get_operation(page).state, get_operation(page).error_code) == ("refused", "gone")


@pytest.mark.usefixtures("without_keys")
def test_a_repeat_refused_because_it_has_happened_is_a_success(app: App, simulator: SimulatorControl) -> None:
    """The first attempt arrives between reading and the repeat."""
    simulator.configure(promote_live=409)
    app.control.fault("*/rollback", times=1, drop_before=True)
    app.control.fault("*/rollback", times=1, status=422, after=True)
    page = app.roll_back(23)
    app.settle(15)
    assert get_operation(page).state == "succeeded"
    assert get_operation(page).result["by_reading"] is True


def test_a_gateways_404_is_no_deletion(app: App) -> None:
    app.control.fault("*", method="DELETE", drop_before=True)
    app.control.fault(f"*/{app.deployment_id}", method="GET", times=1, delay_s=0)
    app.change("delete", by=app.operator, name="Main site")
    app.control.clear_faults()
    app.control.fault(f"*/{app.deployment_id}", method="GET", times=1, status=404, body="<html>no host</html>")
    app.pass_time(2)
    app.run_worker()
    assert get_only_operation().state == "unknown"


def test_a_newer_change_prevents_a_repeat(app: App) -> None:
    app.control.fault("*/rollback", drop_before=True)
    page = app.roll_back(23)
    app.control.run_action("publish", deployment_id=app.deployment_id)
    since = app.log_position()
    assert app.settle(20) <= 20
    assert (get_operation(page).state, get_operation(page).error_code) == ("refused", "overtaken")
    assert app.changes_received(since) == []


def test_a_newer_operation_in_another_lane_prevents_a_repeat(app: App) -> None:
    app.control.fault("*/rollback", drop_before=True)
    page = app.roll_back(23)
    app.change("rename", by=app.operator, name="Front page")
    since = app.log_position()
    assert app.settle(20) <= 20
    assert (get_operation(page).state, get_operation(page).error_code) == ("refused", "did_not_happen")
    assert app.changes_received(since) == []


def test_a_version_that_went_live_and_was_replaced_counts_as_done(app: App) -> None:
    app.control.fault("*/rollback", drop_after=True)
    page = app.roll_back(23)
    app.control.run_action("publish", deployment_id=app.deployment_id)
    app.settle(5)
    assert get_operation(page).state == "succeeded"
    assert get_operation(page).switched_at is None


@pytest.mark.parametrize("status", [403, 422])
def test_a_person_decides_where_reading_is_refused(app: App, status: int) -> None:
    """What depends on the live version is not sent again while that can't be read."""
    app.control.fault("*/rollback", drop_before=True)
    page = app.roll_back(23)
    since = app.log_position()
    app.control.fault(f"*/{app.deployment_id}", method="GET", times=50, status=status)
    app.settle(12)
    assert (get_operation(page).state, get_operation(page).error_code) == ("unknown", "not_seen")
    assert app.changes_received(since) == []


def test_a_deployment_that_is_gone_was_deleted(app: App) -> None:
    app.control.fault("*", method="DELETE", drop_after=True)
    app.change("delete", by=app.operator, name="Main site")
    app.control.fault(f"*/{app.deployment_id}", method="GET", times=1, status=410)
    app.pass_time(2)
    app.run_worker()
    assert get_only_operation().state == "succeeded"


def test_an_answer_that_names_another_app_is_not_followed_there(app: App) -> None:
    other = app.row("Booking").miosa_id
    body = json.dumps({"data": {"id": "bld_1", "deployment_id": other, "state": "succeeded"}})
    app.control.fault("*/redeploy", body=body)
    page = app.change("redeploy")
    assert get_operation(page).state == "succeeded"
    assert get_operation(page).actual_deployment_id == app.deployment_id
