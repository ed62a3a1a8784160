"""The check of the app's address after the switch: it answers, the target runs, and "could not check" is no failure."""

import pytest
from django.utils import timezone

from portal.models import Activation, Deployment, Operation
from portal.services.operations import status
from portal.services.operations.check import check_app
from portal.services.queries.schemas import BuildOutcome
from tests.operations.app import App, get_operation
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


def check(app: App, page: object, *, after: float = 1) -> Operation:
    app.pass_time(after)
    operation = Operation.objects.get()
    check_app(operation, now=timezone.now())
    operation.refresh_from_db()
    return operation


def test_it_answers_and_the_target_runs(app: App) -> None:
    operation = check(app, app.roll_back(23))
    assert (operation.verdict, operation.check_due_at) == ("ok", None)
    assert "this version is what runs" in operation.verdict_text
    assert "up to a minute" not in operation.verdict_text
    assert Activation.objects.get(operation_id=operation.key).verdict == "ok"


def test_without_a_hash_the_verdict_is_only_that_it_answers(app: App) -> None:
    page = app.roll_back(23)
    app.simulator.state.store.deployments[app.deployment_id].running_artifact_sha256 = None
    Deployment.objects.filter(miosa_id=app.deployment_id).update(running_sha256="")
    app.control.fault(f"*/{app.deployment_id}", method="GET", times=3, status=503)
    operation = check(app, page)
    assert operation.verdict == "ok"
    assert "what runs" not in operation.verdict_text


def test_an_error_counts_only_after_edge_caches_have_expired(app: App) -> None:
    page = app.roll_back(23)
    app.control.fault("/sites/*", times=50, status=502)
    operation = check(app, page)
    assert (operation.verdict, operation.checked_at is not None) == ("", True)
    assert "up to a minute" in operation.verdict_text
    assert operation.check_due_at is not None
    operation = check(app, page, after=70)
    assert (operation.verdict, operation.check_due_at) == ("bad", None)
    assert "502" in operation.verdict_text


def test_an_app_that_could_not_be_reached_is_not_failed(app: App) -> None:
    page = app.roll_back(23)
    app.control.fault("/sites/*", times=50, drop_before=True)
    assert check(app, page).verdict == ""
    operation = check(app, page, after=70)
    assert operation.verdict == "unknown"
    assert "could not check" in operation.verdict_text
    assert Activation.objects.get(operation_id=operation.key).verdict == "unknown"


@pytest.mark.parametrize("url", ["", "http://[", "http://10.0.0.1/", "https://127.0.0.1/", "http://127.0.0.1:1/"])
def test_an_address_that_may_not_be_requested(app: App, url: str) -> None:
    page = app.roll_back(23)
    app.control.fault(f"*/{app.deployment_id}", method="GET", times=50, status=503)
    Deployment.objects.filter(miosa_id=app.deployment_id).update(public_url=url, managed_url=url)
    check(app, page)
    assert check(app, page, after=70).verdict == "unknown"


def test_another_live_version_is_not_judged(app: App) -> None:
    page = app.roll_back(23)
    app.control.run_action("publish", deployment_id=app.deployment_id)
    operation = check(app, page)
    assert operation.verdict == "unknown"
    assert "Another version is live" in operation.verdict_text


def test_two_workers_check_once(app: App) -> None:
    app.roll_back(23)
    app.pass_time(1)
    first, second = Operation.objects.get(), Operation.objects.get()
    now = timezone.now()
    assert check_app(first, now=now)
    assert not check_app(second, now=now)


def test_a_check_that_never_succeeds_ends(app: App) -> None:
    page = app.roll_back(23)
    operation = check(app, page, after=600)
    assert (operation.verdict, operation.check_due_at) == ("unknown", None)


def test_a_redeploy_is_checked(app: App, simulator: SimulatorControl) -> None:
    page = app.change("redeploy")
    app.pass_time(1)
    app.run_worker()
    assert get_operation(page).verdict == "ok"


@pytest.mark.parametrize(("outcome", "verdict"), [("ready", "ok"), ("failed_build", "bad")])
def test_a_redeploy_with_a_build_is_followed_to_its_end(
    app: App, simulator: SimulatorControl, outcome: str, verdict: str
) -> None:
    simulator.configure(step_times="default", redeploy_answer="build", build_outcome=outcome)
    page = app.change("redeploy")
    assert (get_operation(page).state, get_operation(page).check_due_at) == ("succeeded", None)
    assert get_operation(page).next_read_at is not None
    page_now = status.refresh_operation(by=app.owner, key=page.key, now=timezone.now())
    assert (page_now.is_building, page_now.is_unseen, page_now.is_open) == (True, True, True)
    app.pass_time(2)
    app.run_worker()
    assert get_operation(page).verdict == ""
    simulator.advance(10)
    for _second in range(4):
        app.pass_time(2)
        app.run_worker()
    assert (get_operation(page).verdict, get_operation(page).next_read_at) == (verdict, None)
    page_now = status.refresh_operation(by=app.owner, key=page.key, now=timezone.now())
    assert (page_now.is_building, page_now.is_unseen) == (False, False)
    has_failed = verdict == "bad"
    assert (page_now.outcome, bool(page_now.failure)) == (BuildOutcome.FAILED if has_failed else None, has_failed)


def test_without_a_readable_build_the_app_is_checked_at_once(app: App, simulator: SimulatorControl) -> None:
    simulator.configure(step_times="default", redeploy_answer="build")
    app.control.fault("*/builds/*", method="GET", times=9, status=404)
    page = app.change("redeploy")
    assert get_operation(page).next_read_at is None
    assert get_operation(page).check_due_at is not None
