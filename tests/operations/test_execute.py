"""From a confirmed form to MIOSA and back, and what prevents sending at the last moment."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from portal.models import Activation, Entry, Operation
from portal.services.audit.record import record
from portal.services.operations import read_back, status
from portal.services.operations.client import client_for
from portal.services.operations.kinds import get_kind
from tests.operations.app import App, Effects, get_only_operation, get_operation
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_rollback_is_a_row_then_a_request_then_read_back(app: App) -> None:
    before, since = app.count_effects(), app.log_position()
    page = app.roll_back(23)
    (sent,) = app.changes_received(since)
    assert sent["path"].endswith(f"{app.deployment_id}/rollback")
    assert sent["body"] == {"version_id": app.number(23)}
    assert sent["idempotency_key"] == page.key.hex
    assert app.count_effects() - before == Effects(1, 0, 0, 0)
    assert (page.state, page.number, page.from_number, page.is_live) == ("succeeded", 23, 24, True)
    assert page.switched_at is not None
    assert not get_operation(page).in_lane
    assert app.row().active_version_id == app.number(23)
    assert Activation.objects.get(operation_id=page.key).cause == "caused"
    assert Entry.objects.filter(kind=Entry.Kind.OPERATION, subject=get_operation(page).pk).exists()


def test_a_rollback_takes_few_sql_statements(app: App) -> None:
    """With what is read back afterwards, the timeline, the audit event and the page of the operation."""
    target = app.number(23)
    token = app.open_dialog("roll_back", target)
    record("first.event", by=None)
    statements = []

    def note(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        statements.append(sql)
        return execute(sql, *arguments)

    with connection.execute_wrapper(note):
        assert app.submit("roll_back", token, target).state == "succeeded"
    assert len(statements) <= 73, statements


def test_the_same_form_again_sends_nothing(app: App) -> None:
    target = app.number(23)
    token = app.open_dialog("roll_back", target)
    first = app.submit("roll_back", token, target)
    since = app.log_position()
    assert app.submit("roll_back", token, target).key == first.key
    assert app.log_position() == since


def test_an_archived_version_is_promoted_by_the_rollback_call(app: App) -> None:
    app.roll_back(23)
    since = app.log_position()
    undone = app.change("promote", app.number(24))
    (sent,) = app.changes_received(since)
    assert sent["path"].endswith("/rollback")
    assert undone.state == "succeeded"
    assert app.live == app.number(24)


def test_a_staged_version_is_promoted(app: App) -> None:
    app.use("Booking")
    since = app.log_position()
    page = app.change("promote", app.number(12))
    assert app.changes_received(since)[0]["path"].endswith("/promote")
    assert page.state == "succeeded"
    assert page.is_live


def test_a_version_that_is_live_by_now_is_not_sent_again(app: App) -> None:
    target = app.number(23)
    token = app.open_dialog("roll_back", target)
    app.control.run_action("rollback", deployment_id=app.deployment_id, version_id=target)
    since = app.log_position()
    page = app.submit("roll_back", token, target)
    assert (page.state, page.error_code) == ("refused", "already_live")
    assert app.changes_received(since) == []


def test_if_another_version_went_live_nothing_is_sent_and_both_are_named(app: App) -> None:
    token = app.open_dialog("roll_back", app.number(23))
    app.control.run_action("publish", deployment_id=app.deployment_id)
    since = app.log_position()
    page = app.submit("roll_back", token, app.number(23))
    assert (page.state, page.error_code) == ("refused", "live_changed")
    assert "#24" in page.error
    assert "#25" in page.error
    assert app.changes_received(since) == []
    assert app.roll_back(23).state == "succeeded"


@pytest.mark.parametrize("kind", ["redeploy", "stop", "publish"])
def test_other_kinds_depend_on_the_live_version(app: App, kind: str) -> None:
    token = app.open_dialog(kind, by=app.operator)
    app.control.run_action("publish", deployment_id=app.deployment_id)
    since = app.log_position()
    page = app.submit(kind, token, by=app.operator)
    app.run_worker()
    assert get_operation(page).error_code == "live_changed"
    assert app.changes_received(since) == []


def test_a_staged_publish_does_not_depend_on_the_live_version(app: App) -> None:
    token = app.open_dialog("publish")
    app.control.run_action("publish", deployment_id=app.deployment_id)
    page = app.submit("publish", token, go_live=False)
    app.run_worker()
    assert get_operation(page).state == "succeeded"


def test_promoting_to_another_environment_moves_no_pointer(app: App, settings: Settings) -> None:
    """Not even for a version that was live before: the rollback call has no environment."""
    settings.MIOSA = dataclasses.replace(settings.MIOSA, environments=("production", "staging"))
    since = app.log_position()
    page = app.change("promote", app.number(23), environment="staging")
    (sent,) = app.changes_received(since)
    assert sent["path"].endswith("/promote")
    assert sent["body"] == {"environment": "staging"}
    assert page.next_read_at is None


def test_the_first_environment_is_the_live_one_whatever_its_name(app: App, settings: Settings) -> None:
    settings.MIOSA = dataclasses.replace(settings.MIOSA, environments=("live",))
    app.use("Booking")
    token = app.open_dialog("promote", app.number(12))
    app.control.run_action("publish", deployment_id=app.deployment_id)
    assert app.submit("promote", token, app.number(12)).error_code == "live_changed"


@pytest.mark.parametrize("kind", ["rename", "delete", "create", "stop", "redeploy"])
def test_the_other_kinds_of_operators(app: App, kind: str) -> None:
    before, name = app.count_effects(), "Main site" if kind == "delete" else "Another name"
    more = {} if kind in {"stop", "redeploy"} else {"name": name}
    page = app.change(kind, by=app.operator, **more)
    assert get_operation(page).state == "succeeded"
    if kind in {"create", "delete"}:
        assert abs(app.count_effects().deployments - before.deployments) == 1


def test_a_publish_is_followed_to_its_end_without_watchers(app: App, simulator: SimulatorControl) -> None:
    simulator.configure(step_times="default")
    page = app.change("publish")
    assert (get_operation(page).state, get_operation(page).switched_at) == ("succeeded", None)
    assert not get_operation(page).in_lane
    simulator.advance(10)
    for _second in range(6):
        app.pass_time(2)
        app.run_worker()
    operation = get_operation(page)
    assert operation.switched_at is not None
    assert app.live == operation.result["version_id"]
    assert Activation.objects.get(operation_id=page.key).version_id == app.live


@pytest.mark.parametrize(("live", "is_finished"), [("before", False), ("another", True)])
def test_a_publish_is_read_again_if_it_went_live_between_two_reads(app: App, live: str, is_finished: bool) -> None:
    """The deployment was read just before the switch, the version just after it."""
    operation = get_operation(app.change("publish"))
    deployment = app.row()
    deployment.active_version_id = str(operation.before["live"]) if live == "before" else "ver_another"
    client = client_for(operation)
    assert get_kind("publish").is_finished(operation, deployment, client, now=timezone.now()) is is_finished


@pytest.mark.parametrize("route", [404, 501])
def test_a_publish_uses_the_bridge_where_the_route_is_missing(
    app: App, simulator: SimulatorControl, route: int
) -> None:
    simulator.configure(publish_route=route)
    before, since = app.count_effects(), app.log_position()
    app.change("publish")
    assert [row["path"].rsplit("/", 1)[1] for row in app.changes_received(since)] == ["publish", "deploy"]
    assert app.count_effects() - before == Effects(1, 1, 0, 0)
    assert get_only_operation().state == "succeeded"


def test_the_request_holds_attribution_and_nothing_internal(app: App) -> None:
    since = app.log_position()
    app.change("publish", build_command="npm run build", kind="static")
    body = app.changes_received(since)[0]["body"]
    assert body["external_workspace_id"] == app.external_id
    assert set(body) <= {
        *("source_sandbox_id", "kind", "environment", "build_command", "promote"),
        *("external_workspace_id", "external_user_id", "external_project_id"),
    }


def test_the_page_of_an_operation_belongs_to_its_customer(app: App) -> None:
    page = app.roll_back(23)
    assert status.refresh_operation(by=app.operator, key=page.key, now=page.requested_at).who == app.owner.name
    assert Operation.objects.count() == 1


def test_another_process_reads_back_if_the_first_dies(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(_operation: Operation) -> None:
        raise SystemExit

    monkeypatch.setattr(read_back, "read_back", die)
    with pytest.raises(SystemExit):
        app.roll_back(23)
    monkeypatch.undo()
    assert (get_only_operation().state, get_only_operation().switched_at) == ("succeeded", None)
    app.pass_time(4)
    app.run_worker()
    assert get_only_operation().switched_at is not None
    assert app.row().active_version_id == app.number(23)
