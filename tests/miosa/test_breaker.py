"""The breaker by its rules, with a clock of its own."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import miosa
from portal.miosa import breaker


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


steps = st.lists(st.tuples(st.floats(0, 6), st.sampled_from(["well", "badly", "neither"])), max_size=60)


@given(steps)
def test_the_breaker_by_its_rules(path: list[tuple[float, str]]) -> None:
    """Against a model that keeps every failure."""
    clock = Clock()
    under_test = breaker.Breaker(clock)
    failures: list[float] = []
    open_until: float | None = None
    pause = breaker.FIRST_PAUSE_S
    for wait, how in path:
        clock.now += wait
        if open_until is not None and clock.now < open_until:
            with pytest.raises(miosa.BreakerOpen), under_test.permit():
                pass
            continue
        with under_test.permit() as permit:
            assert permit.is_probe is (open_until is not None)
            if how != "neither":
                permit.succeeded = how == "well"
        if permit.is_probe and how == "well":
            failures, open_until, pause = [], None, breaker.FIRST_PAUSE_S
        elif permit.is_probe and how == "badly":
            pause = min(pause * 2, breaker.MAX_PAUSE_S)
            open_until = clock.now + pause
        elif how == "badly":
            failures.append(clock.now)
            if len([moment for moment in failures if clock.now - moment <= breaker.WINDOW_S]) >= breaker.THRESHOLD:
                open_until = clock.now + pause
    assert under_test.is_open is (open_until is not None)


def test_one_probe_at_a_time_and_a_lost_one_frees_the_place() -> None:
    clock = Clock()
    under_test = breaker.Breaker(clock)
    for _ in range(breaker.THRESHOLD):
        with under_test.permit() as permit:
            permit.record(miosa.ServerError())
    clock.now += breaker.FIRST_PAUSE_S
    with suppress(KeyError), under_test.permit() as probe:
        assert probe.is_probe
        with pytest.raises(miosa.BreakerOpen), under_test.permit():
            pass
        raise KeyError("the thread of the probe failed")
    with under_test.permit() as probe:
        probe.record(None)
    assert not under_test.is_open
