"""The owner of an app is checked again just before anything is sent: it may have changed since the form was opened."""

import json
from typing import Any

import pytest
from django.utils import timezone

from portal.models import Connection, Customer, Domain, Operation, Version
from portal.permissions import Person
from portal.services.env_vars import drafts, reviews, submit
from portal.services.env_vars.dotenv import TypedValues
from portal.services.operations import status
from portal.services.operations.tokens import Confirmation
from portal.services.queries.operation_schemas import OperationPage
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import sweeps
from tests.operations.app import App, get_operation
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


def set_env(app: App, token: str, key: Any) -> OperationPage:
    place: dict[str, Any] = {"slug": app.slug, "deployment_id": app.deployment_id}
    return submit.apply_draft(
        by=app.owner, key=key, confirmation=Confirmation(token=token), now=timezone.now(), **place
    )


def draft(app: App) -> tuple[str, Any]:
    place: dict[str, Any] = {"slug": app.slug, "deployment_id": app.deployment_id, "now": timezone.now()}
    key = drafts.create_draft(by=app.owner, typed=TypedValues(name="API_KEY", value="x"), **place)
    return reviews.get_review(by=app.owner, key=key, **place).token, key


def reassign(app: App) -> None:
    app.control.run_action("reattribute", deployment_id=app.deployment_id, external_workspace_id="pawsome-vets")


def answer_as_another_tenant(app: App) -> None:
    row = {"id": app.deployment_id, "name": "Main site", "tenant_id": "tnt_other", "active_version_id": app.live}
    app.control.fault(f"*/{app.deployment_id}", method="GET", body=json.dumps({"data": row}))


def test_an_owner_cannot_roll_back_an_app_that_was_reassigned(app: App) -> None:
    token, target = app.open_dialog("roll_back", app.number(23)), app.number(23)
    reassign(app)
    since = app.log_position()
    page = app.submit("roll_back", token, target)
    assert (page.state, page.error_code) == ("refused", "shared")
    assert "pawsome" not in page.error.lower()
    assert app.changes_received(since) == []


def test_an_owner_cannot_set_env_of_an_app_that_was_reassigned(app: App) -> None:
    token, key = draft(app)
    reassign(app)
    since = app.log_position()
    assert set_env(app, token, key).error_code == "shared"
    assert app.changes_received(since) == []


def test_an_owner_cannot_stage_a_publish_to_an_app_that_was_reassigned(app: App) -> None:
    token = app.open_dialog("publish")
    reassign(app)
    since = app.log_position()
    page = app.submit("publish", token, go_live=False)
    app.run_worker()
    assert get_operation(page).error_code == "shared"
    assert app.changes_received(since) == []


def test_staff_may_while_the_customer_has_something_on_it(app: App, operator: Person) -> None:
    token, target = app.open_dialog("roll_back", app.number(23), by=operator), app.number(23)
    reassign(app)
    assert app.submit("roll_back", token, target, by=operator).state == "succeeded"


def test_staff_may_not_once_the_customer_has_nothing_on_it(app: App, operator: Person) -> None:
    token, target = app.open_dialog("roll_back", app.number(23), by=operator), app.number(23)
    reassign(app)
    other = Customer.objects.get(external_id="pawsome-vets")
    Version.objects.filter(deployment__miosa_id=app.deployment_id).update(customer=other)
    Domain.objects.filter(deployment__miosa_id=app.deployment_id).update(customer=other)
    since = app.log_position()
    page = app.submit("roll_back", token, target, by=operator)
    assert (page.state, page.error_code) == ("refused", "not_theirs")
    assert app.changes_received(since) == []


def test_an_app_of_another_tenant_gets_no_env(app: App) -> None:
    token, key = draft(app)
    answer_as_another_tenant(app)
    since = app.log_position()
    assert set_env(app, token, key).error_code == "wrong_tenant"
    assert app.changes_received(since) == []
    assert Connection.only().alarm == "other_tenant"


def test_progress_is_shown_though_another_tenant_answers(app: App, simulator: SimulatorControl) -> None:
    simulator.configure(step_times="default")
    page = app.change("publish")
    simulator.advance(10)
    answer_as_another_tenant(app)
    page = status.refresh_operation(by=app.owner, key=page.key, now=timezone.now())
    assert page.state == "succeeded"
    assert status.get_progress(page, by=app.owner, now=timezone.now()).step != "failed"
    assert Operation.objects.count() == 1


def test_an_operation_is_not_repeated_on_an_app_that_was_reassigned(app: App) -> None:
    app.control.fault("*/rollback", drop_before=True)
    page = app.submit("roll_back", app.open_dialog("roll_back", app.number(23)), app.number(23))
    reassign(app)
    sweeps.sweep_deployments(client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
    since = app.log_position()
    app.pass_time(3)
    app.run_worker()
    assert get_operation(page).attempts == 1
    assert app.changes_received(since) == []
