"""Undo: what may be undone, by whom, for how long; and that nothing is offered that is only a guess."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from portal.models import Operation
from portal.permissions import Person, Role
from portal.services.errors import Forbidden, NotFound
from portal.services.operations import undo
from portal.services.operations.tokens import BadToken, Confirmation
from portal.services.operations.undo import NothingToUndo
from portal.services.queries import actions, customers, deployments, operations
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.schemas import Rollback, Undo
from tests.operations.app import App, get_operation

PersonOf = Callable[..., Person]


def find_undo(app: App, page: OperationPage, *, by: Person | None = None) -> Undo | None:
    """What the operation's page offers."""
    return operations.get_operation(by=by or app.owner, key=page.key, now=timezone.now()).undo


def undo_it(app: App, page: OperationPage, *, by: Person | None = None) -> OperationPage:
    """One click on its button."""
    by = by or app.owner
    found = find_undo(app, page, by=by)
    assert found
    confirmation = Confirmation(undo.create_undo_token(found, by), reason=undo.explain(found))
    return undo.submit(page.key, confirmation, by=by, now=timezone.now())


def find_banner(app: App, *, by: Person | None = None) -> Rollback | None:
    by = by or app.owner
    customer = customers.get_customer(by=by, slug=app.slug)
    deployment = deployments.get_held(customer, app.deployment_id)
    return actions.get_deployment_summary(deployment, customer, by=by, now=timezone.now()).rollback


def test_a_rollback_is_undone_and_recorded_as_an_undo(app: App) -> None:
    rolled_back = app.roll_back(23)
    undone = undo_it(app, rolled_back)
    assert app.live == app.number(24)
    row = get_operation(undone)
    assert (row.kind, row.state, row.undo_of) == ("undo", "succeeded", rolled_back.key)
    assert row.reason == "Undo of #24 → #23"
    assert find_banner(app) is None


def test_an_undo_is_undone(app: App) -> None:
    undone = undo_it(app, app.roll_back(23))
    again = undo_it(app, undone)
    assert app.live == app.number(23)
    assert again.undo_of == undone.key
    banner = find_banner(app)
    assert banner
    assert banner.is_undo
    assert (banner.before_number, banner.number) == (24, 23)


def test_a_promotion_and_a_publish_are_undone(app: App) -> None:
    app.use("Booking")
    before = app.live
    promoted = app.change("promote", app.number(12))
    undo_it(app, promoted)
    assert app.live == before
    published = app.change("publish", over_rollback=True)
    app.settle()
    assert app.live == get_operation(published).version_id
    undo_it(app, published)
    assert app.live == before


def test_two_clicks_are_one_undo(app: App) -> None:
    rolled_back = app.roll_back(23)
    found = find_undo(app, rolled_back)
    assert found
    confirmation = Confirmation(undo.create_undo_token(found, app.owner))
    first, second = (undo.submit(rolled_back.key, confirmation, by=app.owner, now=timezone.now()) for _click in (1, 2))
    assert first.key == second.key
    assert Operation.objects.filter(kind="undo").count() == 1


def test_nothing_is_undone_after_something_newer(app: App) -> None:
    rolled_back = app.roll_back(23)
    found = find_undo(app, rolled_back)
    assert found
    app.roll_back(22)
    assert find_undo(app, rolled_back) is None
    since = app.log_position()
    with pytest.raises(NothingToUndo):
        undo.get_dialog(rolled_back.key, by=app.owner, now=timezone.now())
    confirmation = Confirmation(undo.create_undo_token(found, app.owner))
    with pytest.raises(NothingToUndo):
        undo.submit(rolled_back.key, confirmation, by=app.owner, now=timezone.now())
    assert app.changes_received(since) == []


def test_a_change_from_outside_that_nobody_saw_is_noticed_before_sending(app: App) -> None:
    rolled_back = app.roll_back(23)
    app.control.run_action("rollback", deployment_id=app.deployment_id, version_id=app.number(20))
    since = app.log_position()
    page = undo_it(app, rolled_back)
    assert page.error_code == "live_changed"
    assert app.changes_received(since) == []


def test_an_operation_that_was_refused_has_no_undo(app: App) -> None:
    app.control.fault("*/rollback", status=409)
    refused = app.roll_back(23)
    assert refused.state == "refused"
    assert find_undo(app, refused) is None


def test_an_operation_that_happened_without_an_answer_is_undone(app: App) -> None:
    app.control.fault("*/rollback", drop_after=True)
    lost = app.roll_back(23)
    assert find_undo(app, lost) is None or lost.state == "succeeded"
    app.settle()
    undo_it(app, lost)
    assert app.live == app.number(24)


def test_a_publish_and_a_rollback_from_outside_between_two_reads(app: App) -> None:
    """Live since our rollback; then somebody publishes #26 and goes back, and nobody looks in between."""
    rolled_back = app.roll_back(23)
    app.control.run_action("publish", deployment_id=app.deployment_id)
    app.control.run_action("rollback", deployment_id=app.deployment_id, version_id=app.number(23))
    app.fetch()
    assert find_undo(app, rolled_back) is None
    banner = find_banner(app)
    assert banner
    assert (banner.undo, banner.who, banner.operation, banner.before_id) == (None, "", None, "")
    row = app.row()
    assert (row.live_by, row.live_reason, row.live_operation_id) == ("", "", None)


def test_the_same_while_the_hosting_services_clock_is_ahead(app: App) -> None:
    """Its moments lie ahead of ours, so what happened in between is not recorded yet; still nothing is offered."""
    rolled_back = app.roll_back(23)
    app.control.advance(120)
    app.control.run_action("publish", deployment_id=app.deployment_id)
    app.control.run_action("rollback", deployment_id=app.deployment_id, version_id=app.number(23))
    app.fetch()
    assert find_undo(app, rolled_back) is None


def test_a_publish_from_outside_has_no_undo(app: App) -> None:
    """#25 was published, and #26 published and rolled back from, all between two looks."""
    published = app.control.run_action("publish", deployment_id=app.deployment_id)
    app.control.run_action("publish", deployment_id=app.deployment_id)
    app.control.run_action("rollback", deployment_id=app.deployment_id, version_id=published["id"])
    app.fetch()
    assert app.row().active_version_id == published["id"]
    banner = find_banner(app, by=app.operator)
    assert banner
    assert (banner.undo, banner.before_id, banner.before_number) == (None, "", None)


def deny(owner: Person, permission: str) -> Person:
    """The owner, once the platform has denied the permission to owners."""
    return replace(owner, denied=dict.fromkeys(owner.roles, frozenset({permission})))


def test_who_may_undo(app: App, person_of: PersonOf) -> None:
    colleague = replace(app.owner, id=app.owner.id + 1000, name="Cora Colleague")
    viewer = replace(app.owner, id=app.owner.id + 2000, roles=dict.fromkeys(app.owner.roles, Role.VIEWER))
    by_staff = app.roll_back(23, by=app.operator)
    assert find_undo(app, by_staff, by=viewer) is None
    with pytest.raises(Forbidden):
        undo.get_dialog(by_staff.key, by=viewer, now=timezone.now())
    with pytest.raises(NotFound):
        undo.get_dialog(by_staff.key, by=person_of("pawsome-vets"), now=timezone.now())
    of_colleague = find_undo(app, by_staff, by=colleague)
    assert of_colleague
    assert not of_colleague.is_one_click
    colleague = deny(colleague, "roll_back")
    assert find_undo(app, by_staff, by=colleague) is None
    with pytest.raises(Forbidden):
        undo.get_dialog(by_staff.key, by=colleague, now=timezone.now())


def test_an_owner_who_may_not_roll_back_undoes_a_promotion_of_their_own(app: App) -> None:
    app.owner = deny(app.owner, "roll_back")
    app.use("Booking")
    before = app.live
    undo_it(app, app.change("promote", app.number(12)))
    assert app.live == before


def test_one_click_ends_after_ten_minutes(app: App) -> None:
    rolled_back = app.roll_back(23)
    for by in (app.owner, app.operator):
        found = find_undo(app, rolled_back, by=by)
        assert found
        assert found.is_one_click
    app.pass_time(timedelta(minutes=11).total_seconds())
    found = find_undo(app, rolled_back)
    assert found
    assert not found.is_one_click
    dialog, _found = undo.get_dialog(rolled_back.key, by=app.owner, now=timezone.now())
    assert not dialog.goes_back
    assert dialog.target.number == 24


def test_a_token_is_good_for_one_person_and_one_operation(app: App) -> None:
    rolled_back = app.roll_back(23)
    found = find_undo(app, rolled_back)
    assert found
    token = undo.create_undo_token(found, app.owner)
    for key, by in ((rolled_back.key, app.operator), (app.roll_back(22).key, app.owner)):
        expect_bad_token(key, token, by=by)
    assert not Operation.objects.filter(kind="undo").exists()


def expect_bad_token(key: UUID, token: str, *, by: Person) -> None:
    with pytest.raises(BadToken):
        undo.submit(key, Confirmation(token, reason="x"), by=by, now=timezone.now())


def test_a_version_past_its_retention_is_not_offered(app: App) -> None:
    rolled_back = app.roll_back(23)
    found = operations.get_operation(by=app.owner, key=rolled_back.key, now=timezone.now() + timedelta(days=40))
    assert found.undo is None
