"""What prevents a change before it is sent: tokens, permissions, other customers, lanes, outages."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.core import signing
from django.utils import timezone

from portal.models import Connection, Customer, Entry, Operation
from portal.permissions import Person, Role
from portal.services import sandboxes
from portal.services.errors import Forbidden, Invalid, NotFound, Unavailable
from portal.services.operations import status, tokens
from portal.services.operations.accept import LaneBusy
from portal.services.operations.tokens import BadToken
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import version_refresh
from portal.services.sync.upsert import customer_rows
from tests.operations.app import App, get_only_operation, get_operation
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def support() -> Person:
    return Person(id=2, name="Ana Ruiz", email="support@portal.test", staff=Role.SUPPORT)


def assert_refused(app: App, error: type[Exception], submit: Callable[[], object]) -> Exception:
    """`submit` raises, there is no row, and MIOSA has received no change."""
    since = app.log_position()
    with pytest.raises(error) as caught:
        submit()
    assert app.changes_received(since) == []
    assert not Operation.objects.exists()
    return caught.value


def forge_token(app: App, **changed: object) -> str:
    facts: dict[str, object] = {
        "person": app.owner.id,
        "key": uuid.uuid4().hex,
        "kind": "roll_back",
        "customer": Customer.objects.get(external_id=app.external_id).pk,
        "deployment": app.deployment_id,
        "target": changed.get("target") or app.number(23),
        "live": app.live,
    }
    return signing.dumps(list((facts | changed).values()), salt="operation")


@pytest.mark.parametrize(
    "changed",
    [
        {"person": 9999},
        {"key": "no key"},
        {"kind": "promote"},
        {"customer": 9999},
        {"deployment": "dep_other"},
        {"target": "ver_other"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_token_for_anything_else_is_refused(app: App, changed: dict[str, object]) -> None:
    target = app.number(23)
    assert app.submit("roll_back", forge_token(app), target).state == "succeeded"
    Operation.objects.all().delete()
    assert_refused(app, BadToken, lambda: app.submit("roll_back", forge_token(app, **changed), target))


@pytest.mark.parametrize("text", ["", "x", "a:b:c", "\ud800", "é" * 10, "\x00", "0" * 100_000])
def test_a_token_that_was_never_signed_is_refused(app: App, text: str) -> None:
    assert_refused(app, BadToken, lambda: app.submit("roll_back", text, app.number(23)))


def test_a_changed_token_is_refused(app: App) -> None:
    token = app.open_dialog("roll_back", app.number(23))
    middle = len(token) // 2
    other = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    assert_refused(app, BadToken, lambda: app.submit("roll_back", other, app.number(23)))


def test_a_token_signed_for_something_else_is_refused(app: App) -> None:
    token = signing.dumps([app.owner.id], salt="other")
    assert_refused(app, BadToken, lambda: app.submit("roll_back", token, app.number(23)))


def test_a_form_is_good_for_twelve_hours(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    token = app.open_dialog("roll_back", app.number(23))
    monkeypatch.setattr(tokens, "MAX_AGE_S", -1)
    assert_refused(app, BadToken, lambda: app.submit("roll_back", token, app.number(23)))
    monkeypatch.undo()
    assert tokens.MAX_AGE_S == 12 * 3600


def test_a_form_is_good_for_its_target_alone(app: App) -> None:
    token = app.open_dialog("roll_back", app.number(23))
    assert_refused(app, BadToken, lambda: app.submit("roll_back", token, app.number(22)))


def test_a_viewer_reads_who_can_and_the_attempt_is_logged_once(
    app: App, person_of: Callable[..., Person], caplog: pytest.LogCaptureFixture
) -> None:
    viewer = person_of(app.external_id, Role.VIEWER)
    token = app.open_dialog("roll_back", app.number(23))
    for _time in range(3):
        error = assert_refused(app, Forbidden, lambda: app.submit("roll_back", token, app.number(23), by=viewer))
    assert isinstance(error, Forbidden)
    assert set(error.who_can) == {Role.OPERATOR, Role.SUPPORT, Role.OWNER}
    assert [record.message for record in caplog.records].count("change refused") == 1


def test_another_customers_owner_gets_not_found(app: App, person_of: Callable[..., Person]) -> None:
    other_owner = person_of("pawsome-vets")
    token = app.open_dialog("roll_back", app.number(23))
    assert_refused(app, NotFound, lambda: app.submit("roll_back", token, app.number(23), by=other_owner))
    page = app.roll_back(23)
    with pytest.raises(NotFound):
        status.refresh_operation(by=other_owner, key=page.key, now=timezone.now())
    with pytest.raises(NotFound):
        status.decide(by=other_owner, key=page.key, choice="did_not", now=timezone.now())


@pytest.mark.parametrize("kind", ["publish", "stop", "rename", "delete", "create"])
def test_support_may_not_publish_stop_or_delete(app: App, support: Person, kind: str) -> None:
    assert_refused(app, Forbidden, lambda: app.change(kind, by=support))


def test_on_a_shared_deployment_every_change_is_for_staff(app: App, person_of: Callable[..., Person]) -> None:
    app.slug = app.external_id = "fjord-yoga"
    app.use("Wellness campaign")
    version_refresh.refresh_versions(app.row(), client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
    assert app.row().is_shared
    owner = person_of("fjord-yoga")
    target = app.number(12)
    token = app.open_dialog("roll_back", target, by=app.operator)
    stolen = forge_token(
        app, person=owner.id, target=target, customer=Customer.objects.get(external_id="fjord-yoga").pk
    )
    for text in (token, stolen):
        error = assert_refused(app, Forbidden, partial(app.submit, "roll_back", text, target, by=owner))
        assert isinstance(error, Forbidden)
        assert Role.OWNER not in error.who_can
    assert app.submit("roll_back", token, target, by=app.operator).state == "succeeded"


def test_another_customers_sandbox_is_not_found(app: App) -> None:
    other = sandboxes.list_sandboxes(customer_rows.ensure_customer("pawsome-vets"), by=app.operator)[0].id
    token = app.open_dialog("publish")
    for sandbox_id in (other, "sbx_nowhere", "..", "../deployments", "a/b", "\x00"):
        assert_refused(app, NotFound, partial(app.submit, "publish", token, sandbox_id=sandbox_id))


def test_a_publish_over_a_rollback_needs_confirmation(app: App) -> None:
    app.roll_back(23)
    Operation.objects.all().delete()
    error = assert_refused(app, Invalid, lambda: app.change("publish"))
    assert isinstance(error, Invalid)
    assert set(error.fields) == {"over_rollback"}
    assert app.change("publish", over_rollback=True).kind == "publish"


def test_staff_give_a_reason(app: App, support: Person) -> None:
    error = assert_refused(app, Invalid, lambda: app.roll_back(23, by=support, choice="", reason=" "))
    assert isinstance(error, Invalid)
    assert set(error.fields) == {"reason"}
    assert app.roll_back(23, by=support, choice="", reason="Checkout is broken", note="call them").note == "call them"


@pytest.mark.parametrize(("number", "cause"), [(24, "live already"), (11, "failed"), (9, "no longer kept")])
def test_an_impossible_target_is_not_sent(app: App, number: int, cause: str) -> None:
    error = assert_refused(app, Invalid, lambda: app.roll_back(number))
    assert isinstance(error, Invalid)
    assert cause in error.for_people


def test_nothing_is_sent_while_miosa_is_down_and_the_next_click_works(app: App) -> None:
    token = app.open_dialog("roll_back", app.number(23))
    app.control.fault("/api/v1/*", times=1000, status=503)
    Connection.objects.update(unreachable_since=timezone.now())
    assert_refused(app, Unavailable, lambda: app.submit("roll_back", token, app.number(23)))
    app.control.clear_faults()
    upstream.reset_client()
    assert app.submit("roll_back", token, app.number(23)).state == "succeeded"


def test_an_open_breaker_is_an_obstacle(app: App) -> None:
    token = app.open_dialog("roll_back", app.number(23))
    app.control.fault("/api/v1/*", times=1000, drop_before=True)
    for _time in range(3):
        with pytest.raises(Unavailable):
            publishing_sandboxes(app)
    app.control.clear_faults()
    assert_refused(app, Unavailable, lambda: app.submit("roll_back", token, app.number(23)))


def publishing_sandboxes(app: App) -> None:
    sandboxes.list_sandboxes(customer_rows.ensure_customer(app.external_id), by=app.operator)


def test_a_refused_change_does_not_block_the_connection(app: App) -> None:
    app.control.fault("*/redeploy", status=402)
    app.change("redeploy")
    assert get_only_operation().state == "refused"
    assert Connection.only().refused_since is None


# Two people, one lane.


def test_a_second_person_reads_who_is_changing_it(app: App, support: Person) -> None:
    app.control.fault("*/rollback", drop_after=True)
    first = app.roll_back(23)
    since = app.log_position()
    with pytest.raises(LaneBusy) as running:
        app.roll_back(22, by=support)
    assert (running.value.operation_key, running.value.person_name) == (first.key, app.owner.name)
    assert app.owner.name in running.value.for_people
    assert app.changes_received(since) == []


def test_an_unknown_blocks_its_lane_for_a_minute_and_no_longer(app: App, support: Person) -> None:
    app.control.fault("*/rollback", drop_after=True)
    first = app.roll_back(23)
    app.pass_time(59)
    with pytest.raises(LaneBusy):
        app.roll_back(22, by=support)
    app.pass_time(2)
    token = app.open_dialog("roll_back", app.number(22), by=support)
    assert app.submit("roll_back", token, app.number(22), by=support).error_code == "live_changed"
    assert not get_operation(first).in_lane


def test_staff_step_over_an_unknown_with_a_reason_and_it_is_never_sent_again(app: App, support: Person) -> None:
    app.control.fault("*/rollback", drop_before=True)
    first = app.roll_back(22)
    assert get_operation(first).state == "unknown"
    with pytest.raises(Forbidden):
        app.roll_back(23, override=str(first.key))
    second = app.roll_back(23, by=support, override=str(first.key), reason="it is urgent")
    assert (second.state, get_operation(second).override_of) == ("succeeded", first.key)
    since = app.log_position()
    app.settle(30)
    assert app.changes_received(since) == []
    assert (get_operation(first).state, get_operation(first).error_code) == ("refused", "overtaken")
    assert app.live == app.number(23)


def test_only_an_unknown_operation_can_be_stepped_over(app: App, support: Person) -> None:
    page = app.submit("publish", app.open_dialog("publish"))
    with pytest.raises(LaneBusy):
        app.roll_back(23, by=support, override=str(page.key))
    with pytest.raises(Invalid):
        app.roll_back(23, by=support, override="no key")


def test_staff_can_step_over_a_publish_with_a_slow_call(app: App, support: Person) -> None:
    page = app.submit("publish", app.open_dialog("publish"))
    moment = timezone.now()
    Operation.objects.filter(key=page.key).update(
        state="sent", attempts=1, runner="alive", heartbeat_at=moment, sent_at=moment - timedelta(seconds=11)
    )
    assert app.roll_back(23, by=support, override=str(page.key)).state == "succeeded"
    assert not get_operation(page).in_lane


def test_a_rollback_is_sent_while_a_publish_is_building(app: App, simulator: SimulatorControl) -> None:
    simulator.configure(step_times="stuck")
    publish = app.change("publish")
    assert get_operation(publish).state == "succeeded"
    page = status.refresh_operation(by=app.owner, key=publish.key, now=timezone.now())
    assert status.get_progress(page, by=app.owner, now=timezone.now()).step == "building"
    assert app.roll_back(23).state == "succeeded"


def test_lanes_do_not_block_each_other(app: App) -> None:
    app.control.fault("*/rollback", drop_after=True)
    assert app.roll_back(23).state == "unknown"
    assert app.change("rename", by=app.operator, name="Front page").state == "succeeded"
    assert app.change("create", by=app.operator, name="Another").state == "succeeded"


def test_an_operation_of_a_dead_process_does_not_hold_its_lane(app: App) -> None:
    page = app.submit("publish", app.open_dialog("publish"))
    app.pass_time(61)
    assert app.roll_back(23).state == "succeeded"
    abandoned = get_operation(page)
    assert (abandoned.state, abandoned.error_code) == ("refused", "too_late")
    assert Entry.objects.filter(kind=Entry.Kind.OPERATION, subject=abandoned.pk).exists()
    since = app.log_position()
    app.settle(3)
    assert app.changes_received(since) == []


def test_another_customers_version_number_is_not_shown(app: App) -> None:
    """The text of an operation of staff on a shared app is read by its customer too."""
    app.slug = app.external_id = "fjord-yoga"
    app.use("Wellness campaign")
    version_refresh.refresh_versions(app.row(), client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
    live = app.row().live_version
    assert live is not None
    foreign = live.customer is None or live.customer.external_id != app.external_id
    token = app.open_dialog("roll_back", app.number(12), by=app.operator)
    app.control.run_action("publish", deployment_id=app.deployment_id, external_workspace_id="pawsome-vets")
    error = app.submit("roll_back", token, app.number(12), by=app.operator).error
    assert "now another version is" in error
    assert ("another version was live" in error) == foreign
