"""Whose an app is, is looked at once more just before anything is sent: it may have changed hands since the form."""

import json
from typing import Any

import pytest
from django.utils import timezone

from portal.models import Connection, Customer, Domain, Operation, Version
from portal.permissions import Person
from portal.services.env_vars import drafts, reviews
from portal.services.operations import publishing
from portal.services.operations.kinds import Kind
from portal.services.operations.releases import Confirmed
from portal.services.queries.operations import OperationPage
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import sweeps
from tests.journal.desk import Desk, of
from tests.playing import Playing

pytestmark = pytest.mark.django_db(transaction=True)


def set_env(desk: Desk, token: str, key: Any) -> OperationPage:
    place = {"slug": desk.slug, "deployment_id": desk.deployment_id}
    return reviews.apply(by=desk.owner, key=key, confirmed=Confirmed(token=token), now=timezone.now(), **place)


def draft(desk: Desk) -> tuple[str, Any]:
    place: dict[str, Any] = {"slug": desk.slug, "deployment_id": desk.deployment_id, "now": timezone.now()}
    key = drafts.draft(by=desk.owner, name="API_KEY", value="x", **place)
    return reviews.get_review(by=desk.owner, key=key, **place).token, key


def give_away(desk: Desk) -> None:
    desk.playing.act("reattribute", deployment_id=desk.deployment_id, external_workspace_id="pawsome-vets")


def answer_of_another_tenant(desk: Desk) -> None:
    row = {"id": desk.deployment_id, "name": "Main site", "tenant_id": "tnt_other", "active_version_id": desk.live}
    desk.playing.fault(f"*/{desk.deployment_id}", method="GET", body=json.dumps({"data": row}))


def test_an_owner_changes_nothing_of_an_app_that_is_somebody_elses_by_now(desk: Desk) -> None:
    token, target = desk.draw(Kind.ROLL_BACK, desk.number(23)), desk.number(23)
    give_away(desk)
    since = desk.mark()
    page = desk.confirm(Kind.ROLL_BACK, token, target)
    assert (page.state, page.error_code) == ("refused", "shared")
    assert "pawsome" not in page.error.lower()
    assert desk.heard(since) == []


def test_nor_its_env(desk: Desk) -> None:
    token, key = draft(desk)
    give_away(desk)
    since = desk.mark()
    assert set_env(desk, token, key).error_code == "shared"
    assert desk.heard(since) == []


def test_nor_by_a_staged_publish(desk: Desk) -> None:
    token = desk.draw(Kind.PUBLISH)
    give_away(desk)
    since = desk.mark()
    page = desk.confirm(Kind.PUBLISH, token, go_live=False)
    desk.turn()
    assert of(page).error_code == "shared"
    assert desk.heard(since) == []


def test_staff_may_while_the_customer_has_something_there(desk: Desk, operator: Person) -> None:
    token, target = desk.draw(Kind.ROLL_BACK, desk.number(23), by=operator), desk.number(23)
    give_away(desk)
    assert desk.confirm(Kind.ROLL_BACK, token, target, by=operator).state == "succeeded"


def test_and_not_once_it_has_nothing_there(desk: Desk, operator: Person) -> None:
    token, target = desk.draw(Kind.ROLL_BACK, desk.number(23), by=operator), desk.number(23)
    give_away(desk)
    other = Customer.objects.get(external_id="pawsome-vets")
    Version.objects.filter(deployment__miosa_id=desk.deployment_id).update(customer=other)
    Domain.objects.filter(deployment__miosa_id=desk.deployment_id).update(customer=other)
    since = desk.mark()
    page = desk.confirm(Kind.ROLL_BACK, token, target, by=operator)
    assert (page.state, page.error_code) == ("refused", "not_theirs")
    assert desk.heard(since) == []


def test_an_app_of_another_tenant_gets_no_env(desk: Desk) -> None:
    token, key = draft(desk)
    answer_of_another_tenant(desk)
    since = desk.mark()
    assert set_env(desk, token, key).error_code == "wrong_tenant"
    assert desk.heard(since) == []
    assert Connection.only().alarm == "other_tenant"


def test_a_publish_is_watched_on_though_another_tenant_answers(desk: Desk, simulator: Playing) -> None:
    simulator.knobs(step_times="default")
    page = desk.do(Kind.PUBLISH)
    simulator.advance(10)
    answer_of_another_tenant(desk)
    shown = publishing.get_progress(by=desk.owner, key=page.key, now=timezone.now())
    assert shown.operation.state == "succeeded"
    assert Operation.objects.count() == 1


def test_nor_by_a_repeat(desk: Desk) -> None:
    desk.playing.fault("*/rollback", drop_before=True)
    page = desk.confirm(Kind.ROLL_BACK, desk.draw(Kind.ROLL_BACK, desk.number(23)), desk.number(23))
    give_away(desk)
    sweeps.sweep_deployments(client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
    since = desk.mark()
    desk.pass_time(3)
    desk.turn()
    assert of(page).attempts == 1
    assert desk.heard(since) == []
