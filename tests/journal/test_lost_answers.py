"""The ways in which an answer can be lost on the wire: exactly one effect each, and nobody is told that it failed.

With keys MIOSA tells a repeat from a second wish. Without them what sets one thing is repeated after a look, and what
would act twice is looked for; where it can't be found, a person is asked.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from portal.services.operations import calls, publishing
from portal.services.operations.kinds import Kind, Rule
from portal.services.operations.publishing import Publication
from portal.services.queries import operations
from portal.services.sync import upstream
from tests.journal.desk import Desk, Effects, of, only
from tests.playing import Playing

pytestmark = pytest.mark.django_db(transaction=True)

DEADLINE_S = 0.5


@dataclass(frozen=True)
class ActivationKind:
    """A kind as it is played: what it is told, where it goes, and what MIOSA has done once it is done once."""

    kind: Kind
    effect: Effects
    path: str
    method: str = "POST"
    app: str = "Main site"
    number: int | None = None
    name: str = ""

    def __str__(self) -> str:
        return self.kind.value


ROLL_BACK = ActivationKind(Kind.ROLL_BACK, Effects(1, 0, 0, 0), "*/rollback", number=23)
PROMOTE = ActivationKind(Kind.PROMOTE, Effects(1, 0, 0, 0), "*/promote", app="Booking", number=12)
PUBLISH = ActivationKind(Kind.PUBLISH, Effects(1, 1, 0, 0), "*/publish")
REDEPLOY = ActivationKind(Kind.REDEPLOY, Effects(0, 0, 1, 0), "*/redeploy")
CREATE = ActivationKind(Kind.CREATE, Effects(0, 0, 0, 1), "*/deployments", name="Recall campaign")
RENAME = ActivationKind(Kind.RENAME, Effects(0, 0, 0, 0), "*", "PATCH", name="Front page")
STOP = ActivationKind(Kind.STOP, Effects(0, 0, 0, 0), "*/stop")
DELETE = ActivationKind(Kind.DELETE, Effects(-23, -24, 0, -1), "*", "DELETE", name="Main site")
DEEDS = (ROLL_BACK, PROMOTE, PUBLISH, REDEPLOY, CREATE, RENAME, STOP, DELETE)
# What acts twice if it is sent twice to a MIOSA without keys.
ACT_TWICE = (PUBLISH, REDEPLOY, CREATE)

LOST_BEFORE: dict[str, dict[str, Any]] = {"drop_before": {"drop_before": True}, "503_before": {"status": 503}}
LOST_AFTER: dict[str, dict[str, Any]] = {
    "drop_after": {"drop_after": True},
    "503_after": {"status": 503, "after": True},
    "late_answer": {"delay_s": 2 * DEADLINE_S},
    "late_effect": {"delay_before_s": 2 * DEADLINE_S},
    "cut": {"cut_after": 20},
    "html": {"body": "<html>502</html>", "status": 502, "after": True},
    "unreadable": {"body": "{", "content_type": "application/json"},
}
LOST = LOST_BEFORE | LOST_AFTER


def ways(deeds: Iterable[ActivationKind], ways: Iterable[str]) -> list[tuple[ActivationKind, str]]:
    """Every way of a rollback and of a publish, and of the others the two that differ most."""
    most = {ROLL_BACK, PUBLISH}
    return [(deed, how) for deed in deeds for how in ways if deed in most or how.startswith("drop")]


@pytest.fixture(autouse=True)
def _short_deadlines(monkeypatch: pytest.MonkeyPatch, simulator: Playing) -> None:
    monkeypatch.setattr(Rule, "deadline_s", DEADLINE_S)
    simulator.knobs(redeploy_answer="build")


def begin(desk: Desk, deed: ActivationKind, how: str) -> Effects:
    """Do it once with an answer that is lost; what MIOSA had done before."""
    desk.use(deed.app)
    before = desk.effects()
    if deed.kind is Kind.PUBLISH:
        desk.sandbox()
    desk.playing.fault(deed.path, method=deed.method, **LOST[how])
    more = {"name": deed.name} if deed.name else {}
    target = desk.number(deed.number) if deed.number else ""
    desk.do(deed.kind, target, by=desk.operator, **more)
    if how == "late_effect":
        time.sleep(2 * DEADLINE_S)
    return before


@pytest.mark.parametrize(("deed", "how"), ways(DEEDS, LOST), ids=str)
def test_with_keys_it_is_done_once(desk: Desk, deed: ActivationKind, how: str) -> None:
    before = begin(desk, deed, how)
    assert only().state == "unknown"
    assert desk.settle(10) <= 10
    assert only().state == "succeeded", only().error_for_operators
    assert desk.effects() - before == deed.effect
    assert only().error_code == ""
    assert not only().in_lane


@pytest.mark.usefixtures("without_keys")
@pytest.mark.parametrize(("deed", "how"), ways((ROLL_BACK, PROMOTE, RENAME, STOP, DELETE), LOST), ids=str)
def test_without_keys_what_sets_one_thing_is_repeated_after_a_look(desk: Desk, deed: ActivationKind, how: str) -> None:
    before = begin(desk, deed, how)
    assert desk.settle(10) <= 10
    assert only().state == "succeeded"
    assert desk.effects() - before == deed.effect


@pytest.mark.usefixtures("without_keys")
@pytest.mark.parametrize(("deed", "how"), ways(ACT_TWICE, LOST_AFTER), ids=str)
def test_without_keys_what_would_act_twice_is_found(desk: Desk, deed: ActivationKind, how: str) -> None:
    before, since = begin(desk, deed, how), desk.mark()
    assert desk.settle(10) <= 10
    assert only().state == "succeeded"
    assert only().result["by_reading"] is True
    assert desk.effects() - before == deed.effect
    assert desk.heard(since) == []


@pytest.mark.usefixtures("without_keys")
@pytest.mark.parametrize(("deed", "how"), ways(ACT_TWICE, LOST_BEFORE), ids=str)
def test_without_keys_what_would_act_twice_is_never_repeated_and_a_person_is_asked(
    desk: Desk, deed: ActivationKind, how: str
) -> None:
    before, since = begin(desk, deed, how), desk.mark()
    desk.settle(10)
    page = operations.get_operation(by=desk.operator, key=only().key, now=only().asked_at)
    assert (page.state, page.needs_decision, page.may_decide) == ("unknown", True, True)
    desk.settle(400)
    assert desk.effects() == before
    assert desk.heard(since) == []
    assert only().state == "unknown"
    assert only().look_at is None
    operations.decide(by=desk.operator, key=only().key, choice="did_not", now=only().asked_at)
    assert (only().state, only().decided_by) == ("decided", desk.operator.name)


def test_a_new_app_from_a_sandbox_is_made_once(desk: Desk) -> None:
    before = desk.effects()
    now = timezone.now()
    token = publishing.draw_publish(by=desk.owner, slug=desk.slug, now=now).token
    desk.playing.fault("*/deploy", drop_after=True)
    wanted = Publication(token=token, sandbox_id=desk.sandbox(), name="Recall campaign")
    publishing.publish(by=desk.owner, slug=desk.slug, publication=wanted, now=now)
    desk.turn()
    assert desk.settle(10) <= 10
    assert only().state == "succeeded"
    assert desk.effects().deployments - before.deployments == 1
    made = desk.simulator.platform.world.deployments[only().result["deployment_id"]]
    assert [version.id for version in made.versions] == [only().result["version_id"]]


def test_a_repeat_goes_the_way_the_first_attempt_went(desk: Desk, simulator: Playing) -> None:
    """The publish was lost; if the way were missing by then, the bridge would publish a second time."""
    before = begin(desk, PUBLISH, "503_after")
    only_version = desk.simulator.platform.world.deployments[desk.deployment_id].versions[-1]
    only_version.source_sandbox_id = "sbx_unreadable"
    simulator.knobs(publish_route=404)
    desk.settle(20)
    assert (desk.effects() - before).versions == 1


def test_when_miosa_is_away_for_a_while_nothing_is_said_and_then_all_is_found(desk: Desk) -> None:
    before = desk.effects()
    desk.playing.fault("*/rollback", drop_after=True)
    token = desk.draw(Kind.ROLL_BACK, desk.number(23))
    page = desk.confirm(Kind.ROLL_BACK, token, desk.number(23))
    desk.playing.fault("/api/v1/*", times=10_000, status=503)
    for _second in range(30):
        desk.turn()
        desk.pass_time(1)
    assert of(page).state == "unknown"
    desk.playing.heal()
    began = time.monotonic()
    while of(page).state == "unknown" and time.monotonic() - began < 10:
        desk.turn()
        desk.pass_time(0.5)
        time.sleep(0.5)
    assert of(page).state == "succeeded"
    assert desk.effects() - before == Effects(1, 0, 0, 0)


def test_a_minute_later_it_is_never_sent_again(desk: Desk) -> None:
    desk.playing.fault("*/rollback", times=50, drop_before=True)
    page = desk.roll_back(23)
    while of(page).state == "unknown":
        desk.pass_time(1)
        upstream.reset_client()
        desk.turn()
    desk.playing.heal()
    asked, last = page.asked_at, of(page)
    assert last.sent_at is not None
    assert (last.sent_at - last.asked_at).total_seconds() <= 60
    assert (last.state, last.error_code) == ("refused", "did_not_happen")
    since = desk.mark()
    desk.settle(200)
    assert desk.heard(since) == []
    assert asked > last.asked_at


@pytest.mark.parametrize(("kind", "path"), [(Kind.ROLL_BACK, "*/rollback"), (Kind.PUBLISH, "*/publish")])
def test_a_repeat_is_never_sent_after_its_minute_though_its_look_began_within(
    desk: Desk, kind: Kind, path: str
) -> None:
    desk.playing.fault(path, drop_before=True)
    page = desk.do(kind, desk.number(23) if kind is Kind.ROLL_BACK else "")
    desk.pass_time(59)
    since = desk.mark()
    desk.playing.fault(f"*/{desk.deployment_id}", method="GET", delay_s=1.2)
    desk.turn()
    assert desk.heard(since) == []
    assert of(page).state == "unknown"


def test_nothing_is_begun_after_its_minute_though_its_look_began_within(desk: Desk) -> None:
    page = desk.confirm(Kind.PUBLISH, desk.draw(Kind.PUBLISH))
    desk.pass_time(59)
    since = desk.mark()
    desk.playing.fault(f"*/{desk.deployment_id}", method="GET", delay_s=1.2)
    desk.turn()
    desk.turn()
    assert desk.heard(since) == []
    assert (of(page).state, of(page).error_code, of(page).attempts) == ("refused", "too_late", 0)


def test_nothing_goes_out_after_its_minute_though_its_row_was_let_go_within(desk: Desk) -> None:
    """The process stood still between the row and the request."""
    desk.playing.fault("*/rollback", drop_before=True)
    page = desk.roll_back(23)
    desk.pass_time(61)
    since = desk.mark()
    with pytest.raises(calls.TooLate):
        calls.make(of(page))
    assert desk.heard(since) == []


def test_a_repeat_waits_for_its_answer_no_longer_than_its_lane_is_its_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rule, "deadline_s", 10.0)
    desk.playing.fault("*/rollback", drop_before=True)
    page = desk.roll_back(23)
    desk.pass_time(58.5)
    desk.playing.fault("*/rollback", delay_s=8)
    began = time.monotonic()
    desk.turn()
    assert time.monotonic() - began < 6
    assert of(page).state == "unknown"
