"""What keeps a change from being sent: forms, rights, other customers, other people, MIOSA being down.

It hears nothing.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.core import signing
from django.utils import timezone

from portal.models import Connection, Customer, Operation
from portal.permissions import Person, Role
from portal.services import sandboxes
from portal.services.errors import Forbidden, Invalid, NotFound, Unavailable
from portal.services.operations import publishing, tokens
from portal.services.operations.accepting import Running
from portal.services.operations.kinds import Kind
from portal.services.operations.tokens import BadToken
from portal.services.queries import operations
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import version_refresh
from portal.services.sync.upsert import customer_rows
from tests.journal.desk import Desk, of, only
from tests.playing import Playing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def support() -> Person:
    return Person(id=2, name="Ana Ruiz", email="support@portal.test", staff=Role.SUPPORT)


def refused(desk: Desk, error: type[Exception], deed: Callable[[], object]) -> Exception:
    """It is refused, there is no row, and MIOSA heard of no change."""
    since = desk.mark()
    with pytest.raises(error) as caught:
        deed()
    assert desk.heard(since) == []
    assert not Operation.objects.exists()
    return caught.value


def forged(desk: Desk, **changed: object) -> str:
    facts: dict[str, object] = {
        "person": desk.owner.id,
        "key": uuid.uuid4().hex,
        "kind": "roll_back",
        "customer": Customer.objects.get(external_id=desk.external_id).pk,
        "deployment": desk.deployment_id,
        "target": changed.get("target") or desk.number(23),
        "live": desk.live,
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
def test_a_form_drawn_for_anything_else_is_refused(desk: Desk, changed: dict[str, object]) -> None:
    target = desk.number(23)
    assert desk.confirm(Kind.ROLL_BACK, forged(desk), target).state == "succeeded"
    Operation.objects.all().delete()
    refused(desk, BadToken, lambda: desk.confirm(Kind.ROLL_BACK, forged(desk, **changed), target))


@pytest.mark.parametrize("text", ["", "x", "a:b:c", "\ud800", "é" * 10, "\x00", "0" * 100_000])
def test_a_token_that_was_never_signed_is_refused(desk: Desk, text: str) -> None:
    refused(desk, BadToken, lambda: desk.confirm(Kind.ROLL_BACK, text, desk.number(23)))


def test_a_changed_token_is_refused(desk: Desk) -> None:
    token = desk.draw(Kind.ROLL_BACK, desk.number(23))
    middle = len(token) // 2
    other = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    refused(desk, BadToken, lambda: desk.confirm(Kind.ROLL_BACK, other, desk.number(23)))


def test_a_token_signed_for_something_else_is_refused(desk: Desk) -> None:
    token = signing.dumps([desk.owner.id], salt="other")
    refused(desk, BadToken, lambda: desk.confirm(Kind.ROLL_BACK, token, desk.number(23)))


def test_a_form_is_good_for_twelve_hours(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    token = desk.draw(Kind.ROLL_BACK, desk.number(23))
    monkeypatch.setattr(tokens, "LASTS_S", -1)
    refused(desk, BadToken, lambda: desk.confirm(Kind.ROLL_BACK, token, desk.number(23)))
    monkeypatch.undo()
    assert tokens.LASTS_S == 12 * 3600


def test_a_form_is_good_for_its_target_alone(desk: Desk) -> None:
    token = desk.draw(Kind.ROLL_BACK, desk.number(23))
    refused(desk, BadToken, lambda: desk.confirm(Kind.ROLL_BACK, token, desk.number(22)))


def test_a_viewer_is_told_who_can_and_the_attempt_is_logged_once(
    desk: Desk, person_of: Callable[..., Person], caplog: pytest.LogCaptureFixture
) -> None:
    viewer = person_of(desk.external_id, Role.VIEWER)
    token = desk.draw(Kind.ROLL_BACK, desk.number(23))
    for _time in range(3):
        error = refused(desk, Forbidden, lambda: desk.confirm(Kind.ROLL_BACK, token, desk.number(23), by=viewer))
    assert isinstance(error, Forbidden)
    assert set(error.who_can) == {Role.OPERATOR, Role.SUPPORT, Role.OWNER}
    assert [record.message for record in caplog.records].count("change refused") == 1


def test_a_stranger_finds_nothing(desk: Desk, person_of: Callable[..., Person]) -> None:
    stranger = person_of("pawsome-vets")
    token = desk.draw(Kind.ROLL_BACK, desk.number(23))
    refused(desk, NotFound, lambda: desk.confirm(Kind.ROLL_BACK, token, desk.number(23), by=stranger))
    page = desk.roll_back(23)
    with pytest.raises(NotFound):
        operations.get_operation(by=stranger, key=page.key, now=timezone.now())
    with pytest.raises(NotFound):
        operations.decide(by=stranger, key=page.key, choice="did_not", now=timezone.now())


@pytest.mark.parametrize("kind", [Kind.PUBLISH, Kind.STOP, Kind.RENAME, Kind.DELETE, Kind.CREATE])
def test_support_neither_publishes_nor_stops_nor_deletes(desk: Desk, support: Person, kind: Kind) -> None:
    refused(desk, Forbidden, lambda: desk.do(kind, by=support))


def test_on_a_shared_deployment_every_change_is_for_staff(desk: Desk, person_of: Callable[..., Person]) -> None:
    desk.slug = desk.external_id = "fjord-yoga"
    desk.use("Wellness campaign")
    version_refresh.refresh_versions(desk.row(), client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
    assert desk.row().is_shared
    owner = person_of("fjord-yoga")
    target = desk.number(12)
    token = desk.draw(Kind.ROLL_BACK, target, by=desk.operator)
    stolen = forged(desk, person=owner.id, target=target, customer=Customer.objects.get(external_id="fjord-yoga").pk)
    for text in (token, stolen):
        error = refused(desk, Forbidden, partial(desk.confirm, Kind.ROLL_BACK, text, target, by=owner))
        assert isinstance(error, Forbidden)
        assert Role.OWNER not in error.who_can
    assert desk.confirm(Kind.ROLL_BACK, token, target, by=desk.operator).state == "succeeded"


def test_another_customers_sandbox_is_not_found(desk: Desk) -> None:
    other = sandboxes.list_sandboxes(customer_rows.ensure_customer("pawsome-vets"), by=desk.operator)[0].id
    token = desk.draw(Kind.PUBLISH)
    for sandbox_id in (other, "sbx_nowhere", "..", "../deployments", "a/b", "\x00"):
        refused(desk, NotFound, partial(desk.confirm, Kind.PUBLISH, token, sandbox_id=sandbox_id))


def test_a_publish_over_a_rollback_asks_first_or_is_staged(desk: Desk) -> None:
    desk.roll_back(23)
    Operation.objects.all().delete()
    error = refused(desk, Invalid, lambda: desk.do(Kind.PUBLISH))
    assert isinstance(error, Invalid)
    assert set(error.fields) == {"over_rollback"}
    assert desk.do(Kind.PUBLISH, over_rollback=True).kind is Kind.PUBLISH


def test_staff_say_why(desk: Desk, support: Person) -> None:
    error = refused(desk, Invalid, lambda: desk.roll_back(23, by=support, choice="", reason=" "))
    assert isinstance(error, Invalid)
    assert set(error.fields) == {"reason"}
    assert desk.roll_back(23, by=support, choice="", reason="Checkout is broken", note="call them").note == "call them"


@pytest.mark.parametrize(("number", "cause"), [(24, "live already"), (11, "failed"), (9, "no longer kept")])
def test_what_is_known_to_be_impossible_is_not_sent(desk: Desk, number: int, cause: str) -> None:
    error = refused(desk, Invalid, lambda: desk.roll_back(number))
    assert isinstance(error, Invalid)
    assert cause in error.for_people


def test_while_miosa_is_down_nothing_is_sent_and_once_it_is_back_the_next_click_goes(desk: Desk) -> None:
    token = desk.draw(Kind.ROLL_BACK, desk.number(23))
    desk.playing.fault("/api/v1/*", times=1000, status=503)
    Connection.objects.update(unreachable_since=timezone.now())
    refused(desk, Unavailable, lambda: desk.confirm(Kind.ROLL_BACK, token, desk.number(23)))
    desk.playing.heal()
    upstream.reset_client()
    assert desk.confirm(Kind.ROLL_BACK, token, desk.number(23)).state == "succeeded"


def test_an_open_breaker_is_an_obstacle(desk: Desk) -> None:
    token = desk.draw(Kind.ROLL_BACK, desk.number(23))
    desk.playing.fault("/api/v1/*", times=1000, drop_before=True)
    for _time in range(3):
        with pytest.raises(Unavailable):
            publishing_sandboxes(desk)
    desk.playing.heal()
    refused(desk, Unavailable, lambda: desk.confirm(Kind.ROLL_BACK, token, desk.number(23)))


def publishing_sandboxes(desk: Desk) -> None:
    sandboxes.list_sandboxes(customer_rows.ensure_customer(desk.external_id), by=desk.operator)


def test_a_change_that_was_refused_stands_in_the_way_of_no_other(desk: Desk) -> None:
    desk.playing.fault("*/redeploy", status=402)
    desk.do(Kind.REDEPLOY)
    assert only().state == "refused"
    assert Connection.only().refused_since is None


# Two people, one lane.


def test_a_second_person_gets_the_running_one_by_name(desk: Desk, support: Person) -> None:
    desk.playing.fault("*/rollback", drop_after=True)
    first = desk.roll_back(23)
    since = desk.mark()
    with pytest.raises(Running) as running:
        desk.roll_back(22, by=support)
    assert (running.value.operation_key, running.value.person_name) == (first.key, desk.owner.name)
    assert desk.owner.name in running.value.for_people
    assert desk.heard(since) == []


def test_an_unknown_blocks_its_lane_for_a_minute_and_no_longer(desk: Desk, support: Person) -> None:
    desk.playing.fault("*/rollback", drop_after=True)
    first = desk.roll_back(23)
    desk.pass_time(59)
    with pytest.raises(Running):
        desk.roll_back(22, by=support)
    desk.pass_time(2)
    token = desk.draw(Kind.ROLL_BACK, desk.number(22), by=support)
    assert desk.confirm(Kind.ROLL_BACK, token, desk.number(22), by=support).error_code == "live_changed"
    assert not of(first).in_lane


def test_staff_step_over_an_unknown_with_a_reason_and_it_is_never_sent_again(desk: Desk, support: Person) -> None:
    desk.playing.fault("*/rollback", drop_before=True)
    first = desk.roll_back(22)
    assert of(first).state == "unknown"
    with pytest.raises(Forbidden):
        desk.roll_back(23, override=str(first.key))
    second = desk.roll_back(23, by=support, override=str(first.key), reason="it is urgent")
    assert (second.state, of(second).override_of) == ("succeeded", first.key)
    since = desk.mark()
    desk.settle(30)
    assert desk.heard(since) == []
    assert (of(first).state, of(first).error_code) == ("refused", "overtaken")
    assert desk.live == desk.number(23)


def test_only_what_is_unknown_can_be_stepped_over(desk: Desk, support: Person) -> None:
    page = desk.confirm(Kind.PUBLISH, desk.draw(Kind.PUBLISH))
    with pytest.raises(Running):
        desk.roll_back(23, by=support, override=str(page.key))
    with pytest.raises(Invalid):
        desk.roll_back(23, by=support, override="no key")


def test_a_publish_whose_call_takes_long_can_be_stepped_over_by_staff(desk: Desk, support: Person) -> None:
    page = desk.confirm(Kind.PUBLISH, desk.draw(Kind.PUBLISH))
    moment = timezone.now()
    Operation.objects.filter(key=page.key).update(
        state="sent", attempts=1, runner="alive", beat_at=moment, sent_at=moment - timedelta(seconds=11)
    )
    assert desk.roll_back(23, by=support, override=str(page.key)).state == "succeeded"
    assert not of(page).in_lane


def test_a_rollback_goes_out_while_a_publish_is_building(desk: Desk, simulator: Playing) -> None:
    simulator.knobs(step_times="stuck")
    publish = desk.do(Kind.PUBLISH)
    assert of(publish).state == "succeeded"
    assert publishing.get_progress(by=desk.owner, key=publish.key, now=timezone.now()).step == "building"
    assert desk.roll_back(23).state == "succeeded"


def test_lanes_are_each_their_own(desk: Desk) -> None:
    desk.playing.fault("*/rollback", drop_after=True)
    assert desk.roll_back(23).state == "unknown"
    assert desk.do(Kind.RENAME, by=desk.operator, name="Front page").state == "succeeded"
    assert desk.do(Kind.CREATE, by=desk.operator, name="Another").state == "succeeded"


def test_what_a_dead_process_left_holds_no_lane_for_ever(desk: Desk) -> None:
    page = desk.confirm(Kind.PUBLISH, desk.draw(Kind.PUBLISH))
    desk.pass_time(61)
    assert desk.roll_back(23).state == "succeeded"
    assert (of(page).state, of(page).error_code) == ("refused", "too_late")
    since = desk.mark()
    desk.settle(3)
    assert desk.heard(since) == []


def test_a_number_that_is_not_the_customers_is_not_told(desk: Desk) -> None:
    """What staff meet on a shared app is read by its customer too."""
    desk.slug = desk.external_id = "fjord-yoga"
    desk.use("Wellness campaign")
    version_refresh.refresh_versions(desk.row(), client=upstream.client(Purpose.BACKGROUND), now=timezone.now())
    live = desk.row().live_version
    assert live is not None
    foreign = live.customer is None or live.customer.external_id != desk.external_id
    token = desk.draw(Kind.ROLL_BACK, desk.number(12), by=desk.operator)
    desk.playing.act("publish", deployment_id=desk.deployment_id, external_workspace_id="pawsome-vets")
    error = desk.confirm(Kind.ROLL_BACK, token, desk.number(12), by=desk.operator).error
    assert "by now another version is" in error
    assert ("another version was live" in error) == foreign
