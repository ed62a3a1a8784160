"""How often, and after what delay, a read is retried."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.miosa import errors
from portal.miosa.session import RetryBudget, RetryPolicy


@given(st.lists(st.booleans(), max_size=400))
def test_retries_stay_below_a_tenth(tries: list[bool]) -> None:
    """True is a request, False an attempt to retry."""
    budget = RetryBudget()
    first = retried = 0
    for is_first in tries:
        if is_first:
            budget.deposit()
            first += 1
        elif budget.take():
            retried += 1
        assert retried <= 3 + first / 10 + 1e-6


def test_a_third_of_errors_costs_a_tenth_more_requests() -> None:
    policy = RetryPolicy(sleep=lambda _: None)
    outcomes = itertools.cycle([True, True, False])
    sent = 0
    for _ in range(3000):
        policy.budget.deposit()
        for number in itertools.count(1):
            sent += 1
            if next(outcomes) or policy.get_delay_s(number + 1, errors.ServerError(), 2.5) is None:
                break
    assert sent <= 3000 * 1.1 + 5


@given(
    st.integers(2, 5),
    st.none() | st.floats(0, 4000),
    st.floats(0, 5),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([errors.ServerError, errors.RateLimited, errors.Unreachable, errors.NotFound]),
)
def test_delays_are_short_and_end_before_the_deadline(
    attempt: int, retry_after_s: float | None, left: float, chance: float, kind: type[errors.MiosaError]
) -> None:
    policy = RetryPolicy(jitter=lambda: chance)
    delay = policy.get_delay_s(attempt, kind(retry_after_s=retry_after_s), left)
    if delay is not None:
        assert 0 <= delay <= min(2.0, left)
        assert attempt <= 3
        assert kind is not errors.NotFound
        assert delay >= (retry_after_s or 0)


def test_jitter_is_full() -> None:
    chances: Iterator[float] = iter([0.0, 0.5, 0.99])
    policy = RetryPolicy(jitter=lambda: next(chances))
    delays = [policy.get_delay_s(2, errors.ServerError(), 9) for _ in range(3)]
    assert delays == [0.0, pytest.approx(0.05), pytest.approx(0.099)]
