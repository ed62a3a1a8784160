"""Env vars: typed, reviewed, applied, and never read back."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import EnvMark, EnvVar, Freshness, Operation, SealedValues
from portal.permissions import Person, Role
from portal.services.env_vars import drafts, names, reviews, sealing
from portal.services.errors import Forbidden, Invalid, NotFound
from portal.services.operations import background
from portal.services.operations.accept import LaneBusy
from portal.services.operations.submit import Confirmation
from portal.services.operations.tokens import BadToken
from portal.services.sync import leases
from tests.env.booking import SECRET, SLUG, Booking, whole_database
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


def posts(simulator: SimulatorControl, since: int) -> list[dict[str, object]]:
    return [row for row in simulator.requests(since) if row["method"] == "POST"]


def last(simulator: SimulatorControl) -> int:
    return int(simulator.requests()[-1]["n"])


def test_a_value_goes_out_once_and_stays_nowhere(simulator: SimulatorControl, booking: Booking) -> None:
    key = booking.draft(pasted=f"API_KEY={SECRET}\nexport EMPTY=\n# a comment\nbad line")
    review = booking.review(key)
    assert [(line.name, line.effect) for line in review.lines] == [("API_KEY", "added"), ("EMPTY", "kept")]
    assert review.unread == (4,)
    before = last(simulator)
    page = booking.apply(key)
    assert (page.state, page.names) == ("succeeded", ("API_KEY",))
    assert [row["body"]["env"] for row in posts(simulator, before)] == [{"API_KEY": len(SECRET)}]  # type: ignore[index]
    assert not SealedValues.objects.exists()
    mine = booking.row("API_KEY")
    assert mine.who == booking.owner.name
    assert mine.fingerprint == EnvMark.objects.get(name="API_KEY").fingerprint
    assert SECRET not in whole_database()


def test_the_same_press_twice_sends_once(simulator: SimulatorControl, booking: Booking) -> None:
    key = booking.draft(name="API_KEY", value=SECRET)
    confirmation = Confirmation(token=booking.review(key).token)
    first = reviews.apply(**booking.where(), key=key, confirmation=confirmation)
    before = last(simulator)
    again = reviews.apply(**booking.where(), key=key, confirmation=confirmation)
    assert again.key == first.key
    assert not posts(simulator, before)


def test_what_is_sealed_is_for_one_person_deployment_and_operation(
    booking: Booking, person_of: Callable[..., Person], operator: Person
) -> None:
    key = booking.draft(name="API_KEY", value=SECRET)
    token = booking.review(key).token
    with pytest.raises(NotFound):
        booking.review(key, by=operator)
    with pytest.raises(BadToken):
        reviews.apply(**booking.where(operator), key=key, confirmation=Confirmation(token=token, reason="x"))
    other = booking.draft(name="OTHER", value="x")
    with pytest.raises(BadToken):
        reviews.apply(**booking.where(), key=other, confirmation=Confirmation(token=token))
    with pytest.raises(NotFound):
        booking.review(uuid.uuid4())
    assert SealedValues.objects.count() == 2


def test_after_ten_minutes_nothing_can_be_applied(simulator: SimulatorControl, booking: Booking) -> None:
    key = booking.draft(name="API_KEY", value=SECRET)
    token = booking.review(key).token
    late = {**booking.where(), "now": timezone.now() + sealing.LASTS}
    before = last(simulator)
    with pytest.raises(NotFound):
        reviews.apply(**late, key=key, confirmation=Confirmation(token=token))
    assert not posts(simulator, before)


@pytest.mark.parametrize("role", [Role.VIEWER])
def test_who_may_not_set_sees_dots_and_is_refused(
    booking: Booking, person_of: Callable[..., Person], role: Role
) -> None:
    viewer = person_of(SLUG, role)
    support = Person(id=9, name="Sue", email="s@portal.test", staff=Role.SUPPORT)
    booking.set(name="PLAIN", value="long-enough-to-have-a-mask")
    assert booking.row("PLAIN").mask != names.DOTS
    for person in (viewer, support):
        page = booking.page(by=person)
        assert {row.mask for row in page.rows} == {names.DOTS}
        assert not page.may_set
        with pytest.raises(Forbidden):
            booking.draft(by=person, name="A", value="x")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "1A", "value": SECRET}, "name"),
        ({"name": SECRET, "value": "x"}, "name"),
        ({"name": "A", "value": ""}, "value"),
        ({"name": "A", "value": SECRET * 2000}, "value"),
        ({"name": "", "value": ""}, "name"),
        ({"pasted": SECRET}, "pasted"),
        ({"pasted": "\n".join(f"A{n}={SECRET}" for n in range(201))}, "pasted"),
        ({"pasted": f"A={SECRET}" * 30_000}, "pasted"),
        ({"name": "A", "value": SECRET, "environment": "moon"}, "environment"),
    ],
)
def test_what_can_not_be_set_is_told_without_it(booking: Booking, typed: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as raised:
        booking.draft(by=None, **typed)
    assert field in raised.value.fields
    assert SECRET not in str(raised.value)
    assert not SealedValues.objects.exists()


def test_names_are_mended_and_values_are_not(simulator: SimulatorControl, booking: Booking) -> None:
    key = booking.draft(pasted=f"MY-KEY={SECRET}\nhunter2&x={SECRET}\nGOOD=1\nGONE=2")
    lines = {line.key: line for line in booking.review(key).lines}
    assert [line.effect for line in lines.values()] == ["refused", "refused", "added", "added"]
    assert "hunter2" not in whole_database()
    until = booking.review(key).expires_at
    drafts.mend(**booking.where(), key=key, renamed={"MY-KEY": "MY_KEY", "line 2": "SECOND", "GONE": ""})
    review = booking.review(key)
    assert [(line.name, line.effect) for line in review.lines] == [
        ("MY_KEY", "added"),
        ("SECOND", "added"),
        ("GOOD", "added"),
    ]
    assert review.expires_at == until
    before = last(simulator)
    booking.apply(key)
    sent = posts(simulator, before)[0]["body"]["env"]  # type: ignore[index]
    assert sent == {"MY_KEY": len(SECRET), "SECOND": len(SECRET), "GOOD": 1}


def test_two_lines_mended_to_one_name_say_so(booking: Booking) -> None:
    key = booking.draft(pasted="A=1\nB=2")
    drafts.mend(**booking.where(), key=key, renamed={"B": "A"})
    (line,) = booking.review(key).lines
    assert "2 times" in " ".join(line.notices)
    with pytest.raises(Invalid):
        drafts.mend(**booking.where(), key=key, renamed={"A": ""})


def test_forgetting_is_at_once(booking: Booking) -> None:
    key = booking.draft(name="A", value=SECRET)
    drafts.discard(**booking.where(), key=key)
    assert not SealedValues.objects.exists()


def test_who_finds_the_lane_taken_keeps_what_was_typed(booking: Booking, operator: Person) -> None:
    first = booking.draft(by=operator, name="A", value="x")
    booking.apply(first, by=operator)
    Operation.objects.update(state=Operation.State.SENT, in_lane=True, runner=uuid.uuid4(), beat_at=timezone.now())
    key = booking.draft(name="B", value=SECRET)
    until = booking.review(key).expires_at
    with pytest.raises(LaneBusy):
        booking.apply(key)
    assert booking.review(key).expires_at == until


def test_names_that_vanish_are_told_until_they_are_back(simulator: SimulatorControl, booking: Booking) -> None:
    there = {row.name for row in booking.page().rows}
    simulator.configure(env_mode="replace")
    page = booking.set(name="NEW", value="x")
    assert page.state == "succeeded"
    assert set(page.vanished) == there
    told = booking.page().vanished
    assert told is not None
    assert set(told.names) == there
    simulator.configure(env_mode="merge")
    back, *missing = sorted(there)
    booking.set(name=back, value="y")
    told = booking.page().vanished
    assert told is not None
    assert list(told.names) == missing


def test_a_platform_that_gives_values_away_is_not_listened_to(simulator: SimulatorControl, booking: Booking) -> None:
    simulator.configure(env_rows="key_value")
    booking.set(name="API_KEY", value=SECRET)
    Freshness.objects.filter(scope__startswith="env:").update(read_at=None)
    assert "API_KEY" in {row.name for row in booking.page().rows}
    assert {row.mask for row in booking.page().rows} == {names.DOTS}
    assert SECRET not in whole_database()


def test_live_runs_with_the_old_value_until_it_is_deployed_again(booking: Booking) -> None:
    booking.set(name="API_KEY", value="x")
    assert booking.row("API_KEY").waits
    assert booking.page().waits
    assert booking.page().redeploy.may
    Operation.objects.create(
        key=uuid.uuid4(),
        kind="redeploy",
        lane="pointer",
        person_id=1,
        customer_id=1,
        deployment_id=booking.id,
        state=Operation.State.SUCCEEDED,
        asked_at=timezone.now(),
        settled_at=timezone.now(),
    )
    assert not booking.page().waits


def test_a_lost_answer_is_found_out_and_the_values_are_gone_within_a_minute(
    simulator: SimulatorControl, booking: Booking
) -> None:
    key = booking.draft(name="API_KEY", value=SECRET)
    simulator.fault("*/env", method="POST", drop_after=True)
    page = booking.apply(key)
    assert page.state == "unknown"
    assert SealedValues.objects.get().expires_at <= timezone.now() + sealing.LASTS_WITH_OPERATION
    Operation.objects.update(look_at=timezone.now(), beat_at=None)
    background.run_step(Operation.objects.get())
    assert Operation.objects.get().state == Operation.State.SUCCEEDED
    assert not SealedValues.objects.exists()
    assert SECRET not in whole_database()


def test_values_that_are_gone_are_never_sent_as_something_else(simulator: SimulatorControl, booking: Booking) -> None:
    key = booking.draft(name="API_KEY", value=SECRET)
    simulator.fault("*/env", method="POST", times=5, drop_before=True)
    page = booking.apply(key)
    simulator.clear_faults()
    SealedValues.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    Operation.objects.update(look_at=timezone.now(), beat_at=None, sent_at=timezone.now() - timedelta(seconds=10))
    before = last(simulator)
    if page.state == "unknown":
        background.run_step(Operation.objects.get())
    assert not posts(simulator, before)


def test_a_reserved_name_is_refused_with_words(booking: Booking) -> None:
    page = booking.set(name="MIOSA_X", value=SECRET)
    assert page.state == "refused"
    assert "names" in page.error
    assert "MIOSA" not in page.error
    assert not SealedValues.objects.exists()


def test_a_row_that_can_not_be_read_hides_no_name(booking: Booking) -> None:
    booking.page()
    known = EnvVar.objects.count()
    Freshness.objects.filter(scope__startswith="env:").update(read_at=None)
    assert len(booking.page().rows) == known


def test_what_an_operation_was_made_of_is_not_changed_any_more(simulator: SimulatorControl, booking: Booking) -> None:
    """Renamed or forgotten in a second tab, while nobody knows yet whether they were set."""
    key = booking.draft(pasted="ONE=1\nTWO=22")
    simulator.fault("*/env", method="POST", times=5, drop_before=True)
    assert booking.apply(key).state == "unknown"
    sealed = bytes(SealedValues.objects.get().sealed)
    with pytest.raises(NotFound):
        drafts.mend(**booking.where(), key=key, renamed={"ONE": "TWO", "TWO": "ONE"})
    with pytest.raises(NotFound):
        drafts.discard(**booking.where(), key=key)
    with pytest.raises(NotFound):
        booking.review(key)
    assert bytes(SealedValues.objects.get().sealed) == sealed
    simulator.clear_faults()
    long_ago = timezone.now() - timedelta(seconds=10)
    Operation.objects.update(look_at=timezone.now(), beat_at=None, sent_at=long_ago)
    before = last(simulator)
    background.run_step(Operation.objects.get())
    assert [row["body"]["env"] for row in posts(simulator, before)] == [{"ONE": 1, "TWO": 2}]  # type: ignore[index]


def test_what_was_mended_while_it_was_applied_is_not_sent(simulator: SimulatorControl, booking: Booking) -> None:
    """Two tabs in the same instant: the names that were accepted would be set to values that were not reviewed."""
    key = booking.draft(pasted="ONE=1\nTWO=22")
    row = SealedValues.objects.get()
    reviewed = bytes(row.sealed)
    drafts.mend(**booking.where(), key=key, renamed={"ONE": "TWO", "TWO": "ONE"})
    mended = bytes(SealedValues.objects.get().sealed)
    SealedValues.objects.update(sealed=reviewed)
    simulator.fault("*/env", method="POST", times=5, drop_before=True)
    assert booking.apply(key).state == "unknown"
    SealedValues.objects.update(sealed=mended)
    simulator.clear_faults()
    before = last(simulator)
    Operation.objects.update(look_at=timezone.now(), beat_at=None, sent_at=timezone.now() - timedelta(seconds=10))
    background.run_step(Operation.objects.get())
    assert posts(simulator, before) == []
    assert Operation.objects.get().state != "succeeded"


def asked(simulator: SimulatorControl) -> int:
    return len([row for row in simulator.requests() if row["method"] == "GET" and row["path"].endswith("/env")])


def forget(booking: Booking) -> Freshness:
    booking.page()
    Freshness.objects.filter(scope__startswith="env:").update(read_at=None)
    return Freshness.objects.get(scope__startswith="env:")


def test_names_that_can_not_be_read_are_asked_for_once_in_ten_seconds(
    simulator: SimulatorControl, booking: Booking
) -> None:
    row = forget(booking)
    known = len(booking.page().rows)
    Freshness.objects.filter(pk=row.pk).update(read_at=None)
    simulator.fault("*/env", times=50, status=501)
    before = asked(simulator)
    pages = [booking.page() for _view in range(5)]
    assert {len(page.rows) for page in pages} == {known}
    assert asked(simulator) - before == 1
    assert pages[-1].age.reach != "ok"
    simulator.clear_faults()
    Freshness.objects.filter(pk=row.pk).update(failed_at=timezone.now() - timedelta(seconds=11))
    assert booking.page().age.reach == "ok"


def test_names_read_before_our_own_change_are_not_written_after_it(booking: Booking) -> None:
    row = forget(booking)
    with leases.take_lease(row.scope) as held:
        assert held is not None
        booking.set(name="NEW", value="x")
        with pytest.raises(leases.LeaseLost), held.writing():
            pass
    assert booking.row("NEW").name == "NEW"


def test_pages_in_a_circle_take_no_name_away(simulator: SimulatorControl, booking: Booking) -> None:
    booking.set(pasted="ONE=1\nTWO=2")
    there = {row.name for row in booking.page().rows}
    forget(booking)
    body = '{"data": [{"name": "ONE", "preview": "1"}], "next_cursor": "again"}'
    simulator.fault("*/env", method="GET", times=50, status=200, body=body, content_type="application/json")
    assert {row.name for row in booking.page().rows} == there
    assert booking.set(name="ONE", value="x").vanished == ()
    assert {row.name for row in booking.page().rows} == there
