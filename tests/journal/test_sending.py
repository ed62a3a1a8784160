"""From a confirmed form to MIOSA and back: the happy ways, and everything that keeps it from being sent."""

import dataclasses

import pytest
from pytest_django import Settings

from portal.models import Activation, Entry, Operation
from portal.services.operations import reading
from portal.services.operations.kinds import Kind
from portal.services.queries import operations
from tests.journal.desk import Desk, Effects, of, only
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_rollback_is_a_row_then_a_request_then_read_back(desk: Desk) -> None:
    before, since = desk.effects(), desk.mark()
    page = desk.roll_back(23)
    (sent,) = desk.heard(since)
    assert sent["path"].endswith(f"{desk.deployment_id}/rollback")
    assert sent["body"] == {"version_id": desk.number(23)}
    assert sent["idempotency_key"] == page.key.hex
    assert desk.effects() - before == Effects(1, 0, 0, 0)
    assert (page.state, page.number, page.from_number, page.is_live) == ("succeeded", 23, 24, True)
    assert page.switched_at is not None
    assert not of(page).in_lane
    assert desk.row().active_version_id == desk.number(23)
    assert Activation.objects.get(operation_id=page.key).cause == "caused"
    assert Entry.objects.filter(kind=Entry.Kind.OPERATION, subject=of(page).pk).exists()


def test_the_same_form_again_sends_nothing(desk: Desk) -> None:
    target = desk.number(23)
    token = desk.draw(Kind.ROLL_BACK, target)
    first = desk.confirm(Kind.ROLL_BACK, token, target)
    since = desk.mark()
    assert desk.confirm(Kind.ROLL_BACK, token, target).key == first.key
    assert desk.mark() == since


def test_undo_goes_forward_to_an_archived_version_by_the_rollback_call(desk: Desk) -> None:
    page = desk.roll_back(23)
    since = desk.mark()
    undone = desk.do(Kind.PROMOTE, page.undo_version_id)
    (sent,) = desk.heard(since)
    assert sent["path"].endswith("/rollback")
    assert undone.state == "succeeded"
    assert desk.live == desk.number(24)


def test_a_staged_version_is_promoted(desk: Desk) -> None:
    desk.use("Booking")
    since = desk.mark()
    page = desk.do(Kind.PROMOTE, desk.number(12))
    assert desk.heard(since)[0]["path"].endswith("/promote")
    assert page.state == "succeeded"
    assert page.is_live


def test_what_is_live_by_now_is_not_sent_again(desk: Desk) -> None:
    target = desk.number(23)
    token = desk.draw(Kind.ROLL_BACK, target)
    desk.control.run_action("rollback", deployment_id=desk.deployment_id, version_id=target)
    since = desk.mark()
    page = desk.confirm(Kind.ROLL_BACK, token, target)
    assert (page.state, page.error_code) == ("refused", "already_live")
    assert desk.heard(since) == []


def test_if_another_version_went_live_nothing_is_sent_and_both_are_named(desk: Desk) -> None:
    token = desk.draw(Kind.ROLL_BACK, desk.number(23))
    desk.control.run_action("publish", deployment_id=desk.deployment_id)
    since = desk.mark()
    page = desk.confirm(Kind.ROLL_BACK, token, desk.number(23))
    assert (page.state, page.error_code) == ("refused", "live_changed")
    assert "#24" in page.error
    assert "#25" in page.error
    assert desk.heard(since) == []
    assert desk.roll_back(23).state == "succeeded"


@pytest.mark.parametrize("kind", [Kind.REDEPLOY, Kind.STOP, Kind.PUBLISH])
def test_other_deeds_mind_what_is_live_as_well(desk: Desk, kind: Kind) -> None:
    token = desk.draw(kind, by=desk.operator)
    desk.control.run_action("publish", deployment_id=desk.deployment_id)
    since = desk.mark()
    page = desk.confirm(kind, token, by=desk.operator)
    desk.turn()
    assert of(page).error_code == "live_changed"
    assert desk.heard(since) == []


def test_a_staged_publish_does_not_mind(desk: Desk) -> None:
    token = desk.draw(Kind.PUBLISH)
    desk.control.run_action("publish", deployment_id=desk.deployment_id)
    page = desk.confirm(Kind.PUBLISH, token, go_live=False)
    desk.turn()
    assert of(page).state == "succeeded"


def test_promoting_to_another_environment_moves_no_pointer(desk: Desk, settings: Settings) -> None:
    """Not even for a version that was live once: the rollback call knows no environment."""
    settings.MIOSA = dataclasses.replace(settings.MIOSA, environments=("production", "staging"))
    since = desk.mark()
    page = desk.do(Kind.PROMOTE, desk.number(23), environment="staging")
    (sent,) = desk.heard(since)
    assert sent["path"].endswith("/promote")
    assert sent["body"] == {"environment": "staging"}
    assert page.look_at is None


def test_the_first_environment_is_the_live_one_whatever_its_name(desk: Desk, settings: Settings) -> None:
    settings.MIOSA = dataclasses.replace(settings.MIOSA, environments=("live",))
    desk.use("Booking")
    token = desk.draw(Kind.PROMOTE, desk.number(12))
    desk.control.run_action("publish", deployment_id=desk.deployment_id)
    assert desk.confirm(Kind.PROMOTE, token, desk.number(12)).error_code == "live_changed"


@pytest.mark.parametrize("kind", [Kind.RENAME, Kind.DELETE, Kind.CREATE, Kind.STOP, Kind.REDEPLOY])
def test_other_deeds_of_operators(desk: Desk, kind: Kind) -> None:
    before, name = desk.effects(), "Main site" if kind is Kind.DELETE else "Another name"
    more = {} if kind in {Kind.STOP, Kind.REDEPLOY} else {"name": name}
    page = desk.do(kind, by=desk.operator, **more)
    assert of(page).state == "succeeded"
    if kind in {Kind.CREATE, Kind.DELETE}:
        assert abs(desk.effects().deployments - before.deployments) == 1


def test_a_publish_is_followed_to_its_end_though_nobody_watches(desk: Desk, simulator: SimulatorControl) -> None:
    simulator.configure(step_times="default")
    page = desk.do(Kind.PUBLISH)
    assert (of(page).state, of(page).switched_at) == ("succeeded", None)
    assert not of(page).in_lane
    simulator.advance(10)
    for _second in range(6):
        desk.pass_time(2)
        desk.turn()
    operation = of(page)
    assert operation.switched_at is not None
    assert desk.live == operation.result["version_id"]
    assert Activation.objects.get(operation_id=page.key).version_id == desk.live


@pytest.mark.parametrize("route", [404, 501])
def test_a_publish_goes_over_the_bridge_where_publish_is_not_there(
    desk: Desk, simulator: SimulatorControl, route: int
) -> None:
    simulator.configure(publish_route=route)
    before, since = desk.effects(), desk.mark()
    desk.do(Kind.PUBLISH)
    assert [row["path"].rsplit("/", 1)[1] for row in desk.heard(since)] == ["publish", "deploy"]
    assert desk.effects() - before == Effects(1, 1, 0, 0)
    assert only().state == "succeeded"


def test_what_is_sent_names_attribution_and_nothing_of_ours(desk: Desk) -> None:
    since = desk.mark()
    desk.do(Kind.PUBLISH, build_command="npm run build", kind="static")
    body = desk.heard(since)[0]["body"]
    assert body["external_workspace_id"] == desk.external_id
    assert set(body) <= {
        *("source_sandbox_id", "kind", "environment", "build_command", "promote"),
        *("external_workspace_id", "external_user_id", "external_project_id"),
    }


def test_the_page_of_an_operation_belongs_to_its_customer(desk: Desk) -> None:
    page = desk.roll_back(23)
    assert operations.get_operation(by=desk.operator, key=page.key, now=page.asked_at).who == desk.owner.name
    assert Operation.objects.count() == 1


def test_if_the_process_dies_before_it_has_read_back_another_one_does(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_operation: Operation) -> None:
        raise SystemExit

    monkeypatch.setattr(reading, "back", die)
    with pytest.raises(SystemExit):
        desk.roll_back(23)
    monkeypatch.undo()
    assert (only().state, only().switched_at) == ("succeeded", None)
    desk.pass_time(4)
    desk.turn()
    assert only().switched_at is not None
    assert desk.row().active_version_id == desk.number(23)
