"""The budget of requests: its limit, and each purpose's share."""

from contextlib import suppress

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from portal import miosa
from portal.config import Upstream
from portal.models import Bucket, Connection
from portal.services import connection, rates
from portal.services.queries import reachability
from portal.services.sync import budget, upstream
from portal.services.sync.budget import Purpose
from tests.simulator_control import SimulatorControl

RPM = 60
BEGIN = 1_000_000.0
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sixty_a_minute(settings: Settings) -> None:
    settings.MIOSA = Upstream("http://127.0.0.1:1/api/v1", "msk_test", None, RPM, is_demo=True)
    Connection.only()


def taken(purpose: Purpose, *, at: float, customer_id: int | None = None, most: int = 1000) -> int:
    """How many tokens can be taken at one moment."""
    for count in range(most):
        try:
            budget.take(purpose, customer_id=customer_id, now=at)
        except miosa.BudgetSpent:
            return count
    return most


STEPS = st.lists(
    st.tuples(st.sampled_from(list(Purpose)), st.floats(0, 30), st.floats(-30, 30), st.sampled_from([None, 1, 2])),
    max_size=60,
)


@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
@given(steps=STEPS)
def test_the_budget_is_limited_and_refills(
    steps: list[tuple[Purpose, float, float, int | None]],
) -> None:
    """In any order of requests, also by machines with clocks up to half a minute apart."""
    Bucket.objects.all().delete()
    true, found, given_out = BEGIN, [], 0
    for purpose, step, off, customer_id in steps:
        true += step
        now = true + off
        found.append(now)
        with suppress(miosa.BudgetSpent):
            budget.take(purpose, customer_id=customer_id, now=now)
            given_out += 1
        assert given_out <= RPM / 4 + (max(found) - found[0]) * RPM / 60 + 1e-6


def test_each_purpose_leaves_a_reserve_for_more_urgent_ones() -> None:
    full = RPM // 4
    assert taken(Purpose.BACKGROUND, at=BEGIN) == full - full * 0.2
    assert taken(Purpose.PROGRESS, at=BEGIN) == 1
    assert taken(Purpose.READ, at=BEGIN) == 0
    assert taken(Purpose.ACTION, at=BEGIN) == 2
    assert taken(Purpose.ACTION, at=BEGIN) == 0


def test_background_never_takes_the_last_fifth() -> None:
    """Under steady load from behind, whatever comes back beyond the fifth is shared, and a person always finds some."""
    taken(Purpose.BACKGROUND, at=BEGIN)
    for second in range(1, 60):
        taken(Purpose.BACKGROUND, at=BEGIN + second)
        assert budget.wait_s(Purpose.READ, now=BEGIN + second) == 0
    assert taken(Purpose.READ, at=BEGIN + 59.5) >= 1


def test_reading_ahead_leaves_the_bucket_almost_full() -> None:
    """However long it goes on, at nearly the full pace, whoever opens a page finds four fifths of the bucket."""
    sent = sum(taken(Purpose.FILL, at=BEGIN + quarter / 4) for quarter in range(1, 241))
    assert 0.92 * RPM < sent <= RPM
    assert taken(Purpose.READ, at=BEGIN + 60) >= RPM // 4 * 0.8 - 2


@pytest.mark.parametrize("rpm", [1, 4, 10, 19])
def test_a_tiny_budget_still_allows_every_purpose(settings: Settings, rpm: int) -> None:
    settings.MIOSA = Upstream("http://127.0.0.1:1/api/v1", "msk_test", None, rpm, is_demo=True)
    for number, purpose in enumerate(Purpose):
        assert taken(purpose, at=BEGIN + number * 600) >= 1


def test_actions_go_before_reads_when_little_is_left() -> None:
    taken(Purpose.READ, at=BEGIN)
    assert budget.wait_s(Purpose.READ, now=BEGIN) > 0
    assert budget.wait_s(Purpose.ACTION, now=BEGIN) == 0


def test_progress_takes_a_quarter_at_most() -> None:
    total = sum(taken(Purpose.PROGRESS, at=BEGIN + second) for second in range(61))
    assert total <= RPM / 4 + RPM / 16


def test_one_customer_takes_a_quarter_of_a_minutes_reads_at_most() -> None:
    total = sum(taken(Purpose.READ, at=BEGIN + second, customer_id=1) for second in range(61))
    assert 0 < total <= RPM / 4 + 1
    assert taken(Purpose.READ, at=BEGIN + 61, customer_id=2) > 0


def test_one_person_refreshes_ten_times_a_minute() -> None:
    for _time in range(10):
        budget.take_refresh(1, now=BEGIN)
    with pytest.raises(miosa.BudgetSpent) as spent:
        budget.take_refresh(1, now=BEGIN)
    assert spent.value.retry_after_s == pytest.approx(6)
    budget.take_refresh(2, now=BEGIN)
    budget.take_refresh(1, now=BEGIN + 6.1)


def test_tokens_are_taken_from_all_buckets_or_none() -> None:
    """A customer that has had its share takes nothing from the others."""
    taken(Purpose.READ, at=BEGIN, customer_id=1)
    before = Bucket.objects.get(key="miosa").tokens
    with pytest.raises(miosa.BudgetSpent):
        budget.take(Purpose.READ, customer_id=1, now=BEGIN)
    assert Bucket.objects.get(key="miosa").tokens == before


@pytest.mark.parametrize(
    ("seconds", "blocked"), [(30.0, 30.0), (3600.0, 120.0), (-5.0, 1.0), (0.0, 1.0), (1e18, 120.0)]
)
def test_retry_after_empties_the_bucket_for_its_time_but_not_for_hours(seconds: float, blocked: float) -> None:
    budget.block(seconds, now=BEGIN)
    assert budget.wait_s(Purpose.ACTION, now=BEGIN) == pytest.approx(blocked)
    assert taken(Purpose.ACTION, at=BEGIN + blocked - 0.1) == 0
    assert taken(Purpose.ACTION, at=BEGIN + blocked + 0.1) == 0
    assert taken(Purpose.ACTION, at=BEGIN + blocked + 2.1) == 2


def test_a_shorter_block_does_not_end_a_longer_one() -> None:
    budget.block(100, now=BEGIN)
    budget.block(1, now=BEGIN + 1)
    assert budget.wait_s(Purpose.ACTION, now=BEGIN + 50) == pytest.approx(50)


@pytest.mark.parametrize("hours", [1, 24 * 365])
def test_a_clock_set_back_blocks_nobody(hours: int) -> None:
    taken(Purpose.ACTION, at=BEGIN)
    budget.block(60, now=BEGIN)
    back = BEGIN - hours * 3600
    assert taken(Purpose.ACTION, at=back) == 0
    assert taken(Purpose.ACTION, at=back + 5.01) == 5
    budget.block(10, now=back + 6)
    assert taken(Purpose.ACTION, at=back + 15) == 0


def test_a_clock_set_forward_gives_no_more_than_a_full_bucket() -> None:
    taken(Purpose.ACTION, at=BEGIN)
    assert taken(Purpose.ACTION, at=BEGIN + 3600) == RPM // 4


@pytest.mark.parametrize("header", ["30", "3600", "-5", "soon", "", "Wed, 21 Oct 2099 07:28:00 GMT", "1e999"])
def test_nothing_is_sent_before_retry_after(simulator: SimulatorControl, settings: Settings, header: str) -> None:
    simulator.fault("*", times=1, status=429, headers={"Retry-After": header})
    ask = upstream.client(Purpose.READ)
    with pytest.raises(miosa.RateLimited):
        ask.deployments.list()
    with pytest.raises(miosa.BudgetSpent) as spent:
        ask.deployments.list()
    assert spent.value.retry_after_s is not None
    assert 0 < spent.value.retry_after_s <= rates.LONGEST_BLOCK_S
    assert len(simulator.requests()) == 1


def test_a_spent_budget_is_explained_with_a_time() -> None:
    now = timezone.now()
    taken(Purpose.READ, at=now.timestamp())
    status = reachability.get_status(connection.get_connection(), is_stale=True, now=now)
    assert status.reach == "budget_spent"
    assert status.for_people
    assert "MIOSA" not in status.for_people
    assert status.retry_at is not None
    fresh = reachability.get_status(connection.get_connection(), is_stale=False, now=now)
    assert fresh.reach == "ok"
