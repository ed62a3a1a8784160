"""The breaker, with a clock of its own."""

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


steps = st.lists(st.tuples(st.floats(0, 6), st.sampled_from(["success", "failure", "unrecorded"])), max_size=60)


@given(steps)
def test_the_breaker_agrees_with_a_model(path: list[tuple[float, str]]) -> None:
    """The model keeps every failure."""
    clock = Clock()
    circuit = breaker.Breaker(clock)
    failures: list[float] = []
    open_until: float | None = None
    pause = breaker.FIRST_PAUSE_S
    for wait_s, result in path:
        clock.now += wait_s
        if open_until is not None and clock.now < open_until:
            with pytest.raises(miosa.BreakerOpen), circuit.permit():
                pass
            continue
        with circuit.permit() as permit:
            assert permit.is_probe is (open_until is not None)
            if result != "unrecorded":
                permit.succeeded = result == "success"
        if permit.is_probe and result == "success":
            failures, open_until, pause = [], None, breaker.FIRST_PAUSE_S
        elif permit.is_probe and result == "failure":
            pause = min(pause * 2, breaker.MAX_PAUSE_S)
            open_until = clock.now + pause
        elif result == "failure":
            failures.append(clock.now)
            if len([moment for moment in failures if clock.now - moment <= breaker.WINDOW_S]) >= breaker.THRESHOLD:
                open_until = clock.now + pause
    assert circuit.is_open is (open_until is not None)


def test_there_is_one_probe_at_a_time_and_a_lost_one_is_replaced() -> None:
    clock = Clock()
    circuit = breaker.Breaker(clock)
    for _ in range(breaker.THRESHOLD):
        with circuit.permit() as permit:
            permit.record(miosa.ServerError())
    clock.now += breaker.FIRST_PAUSE_S
    with suppress(KeyError), circuit.permit() as probe:
        assert probe.is_probe
        with pytest.raises(miosa.BreakerOpen), circuit.permit():
            pass
        raise KeyError("the thread of the probe failed")
    with circuit.permit() as probe:
        probe.record(None)
    assert not circuit.is_open
