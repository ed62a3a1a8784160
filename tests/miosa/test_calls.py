"""Retries, breaker, gate and observer around each request."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import miosa
from portal.miosa import breaker, errors, retry
from tests.miosa.conftest import Serve
from tests.miosa.scripted import after, body, resets, says

ROW = {"data": {"id": "dep_1"}}
BUSY = says({"error": {"code": "INTERNAL_ERROR"}}, status=503)


def test_a_get_is_tried_three_times_at_most(serve: Serve) -> None:
    client, server = serve(BUSY)
    with pytest.raises(miosa.ServerError):
        client.deployments.get("dep_1")
    assert len(server.heard) == 3


def test_a_get_that_comes_right(serve: Serve) -> None:
    client, server = serve(BUSY, resets, says(ROW))
    assert client.deployments.get("dep_1").id == "dep_1"
    assert len({heard.headers["x-request-id"] for heard in server.heard}) == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 410, 413, 422, 501])
def test_a_refusal_is_not_repeated(serve: Serve, status: int) -> None:
    client, server = serve(says({}, status=status))
    with pytest.raises(miosa.Refused):
        client.deployments.get("dep_1")
    assert len(server.heard) == 1


def test_miosa_may_say_that_repeating_is_no_use(serve: Serve) -> None:
    client, server = serve(says({"error": {"retryable": False}}, status=500))
    with pytest.raises(miosa.ServerError):
        client.deployments.get("dep_1")
    assert len(server.heard) == 1


def test_a_change_is_never_repeated(serve: Serve) -> None:
    client, server = serve(BUSY, says(ROW))
    with pytest.raises(miosa.ServerError) as caught:
        client.deployments.delete("dep_1", idempotency_key="k")
    assert caught.value.sent
    assert len(server.heard) == 1


def limited(retry_after: str | None) -> Callable[..., None]:
    return says({}, status=429, headers={} if retry_after is None else {"Retry-After": retry_after})


@pytest.mark.parametrize("header", ["3600", "3", "garbage", "-5", None])
def test_a_rate_limit_is_not_pushed_against(serve: Serve, header: str | None) -> None:
    client, server = serve(limited(header))
    began = time.monotonic()
    with pytest.raises(miosa.RateLimited):
        client.deployments.get("dep_1")
    assert len(server.heard) == 1
    assert time.monotonic() - began < 0.3


def test_a_short_retry_after_is_obeyed(serve: Serve) -> None:
    client, server = serve(limited("0.3"), says(ROW))
    began = time.monotonic()
    client.deployments.get("dep_1")
    assert 0.3 <= time.monotonic() - began < 0.6
    assert len(server.heard) == 2


def test_gate_and_observer_hear_of_each_attempt(serve: Serve) -> None:
    asked: list[miosa.Attempt] = []
    seen: list[miosa.Outcome] = []
    client, _ = serve(limited("0"), says(ROW), gate=asked.append, observer=seen.append, request_id="req-1")
    client.deployments.get("dep_1")
    assert [(each.method, each.path, each.number, each.mutation) for each in asked] == [
        ("GET", "/deployments/{id}", 1, False),
        ("GET", "/deployments/{id}", 2, False),
    ]
    assert [(each.status, each.error, each.retry_after_s) for each in seen] == [
        (429, "RateLimited", 0.0),
        (200, None, None),
    ]
    assert all(each.request_id == "req-1" and each.upstream_request_id == "up-1" for each in seen)
    assert all(0 < each.elapsed_ms < 1000 for each in seen)


def test_a_gate_that_refuses_sends_nothing(serve: Serve) -> None:
    def closed(_: miosa.Attempt) -> None:
        raise miosa.BudgetSpent("no token", retry_after_s=1.0)

    client, server = serve(says(ROW), gate=closed)
    for call in (
        lambda: client.deployments.get("dep_1"),
        lambda: client.deployments.stop("dep_1", idempotency_key="k"),
    ):
        with pytest.raises(miosa.BudgetSpent) as caught:
            call()
        assert not caught.value.sent
    assert server.heard == []


def test_a_gate_that_refuses_a_repetition_leaves_the_first_error(serve: Serve) -> None:
    def once(attempt: miosa.Attempt) -> None:
        if attempt.number > 1:
            raise miosa.BudgetSpent

    client, server = serve(BUSY, gate=once)
    with pytest.raises(miosa.ServerError):
        client.deployments.get("dep_1")
    assert len(server.heard) == 1


def test_a_gate_that_takes_its_time_counts(serve: Serve) -> None:
    client, server = serve(says(ROW), gate=lambda _: time.sleep(0.3), deadline_s=0.2)
    with pytest.raises(miosa.DeadlineExceeded) as caught:
        client.deployments.get("dep_1")
    assert not caught.value.sent
    assert server.heard == []


def test_an_observer_that_fails_loses_no_answer(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: miosa.Outcome) -> None:
        raise RuntimeError("no disk")

    client, _ = serve(says(ROW), observer=broken)
    assert client.deployments.stop("dep_1", idempotency_key="k").deployment_id == "dep_1"
    assert "the observer of POST /deployments/{id}/stop failed" in caplog.text


def test_a_bound_copy_shares_pool_and_breaker(serve: Serve) -> None:
    client, server = serve(says(ROW))
    seen: list[miosa.Outcome] = []
    copy = client.bind(observer=seen.append, request_id="r").bind(deadline_s=1)
    client.deployments.get("dep_1")
    copy.deployments.get("dep_1")
    assert server.connections == 1
    assert [outcome.request_id for outcome in seen] == ["r"]


def test_the_breaker_opens_and_finds_out(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "FIRST_PAUSE_S", 0.3)
    client, server = serve(*[BUSY] * 5, says(ROW))
    for _ in range(5):
        with pytest.raises(miosa.ServerError):
            client.deployments.stop("dep_1", idempotency_key="k")
    assert client.is_open
    for call in (
        lambda: client.deployments.get("dep_1"),
        lambda: client.deployments.stop("dep_1", idempotency_key="k"),
    ):
        with pytest.raises(miosa.BreakerOpen) as caught:
            call()
        assert not caught.value.sent
        assert 0 < (caught.value.retry_after_s or 0) <= 0.3
        assert caught.value.path
    assert len(server.heard) == 5
    time.sleep(0.3)
    assert client.deployments.get("dep_1").id == "dep_1"
    assert not client.is_open


def test_refusals_and_bad_answers_do_not_open_the_breaker(serve: Serve) -> None:
    client, server = serve(*[says({}, status=404)] * 6, *[limited(None)] * 6, body(b"<html>"))
    for _ in range(18):
        with pytest.raises(miosa.MiosaError):
            client.deployments.get("dep_1")
    assert not client.is_open
    assert len(server.heard) == 18


def test_waiting_calls_are_not_held_by_the_breaker(serve: Serve) -> None:
    client, _ = serve(after(0.3, BUSY))
    threads = [threading.Thread(target=quietly, args=(client,)) for _ in range(20)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 1.0
    assert client.is_open


def quietly(client: miosa.Client) -> None:
    with pytest.raises(miosa.Outage):
        client.deployments.stop("dep_1", idempotency_key="k")


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
            assert permit.probe is (open_until is not None)
            if how != "neither":
                permit.went_well = how == "well"
        if permit.probe and how == "well":
            failures, open_until, pause = [], None, breaker.FIRST_PAUSE_S
        elif permit.probe and how == "badly":
            pause = min(pause * 2, breaker.LONGEST_PAUSE_S)
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
            permit.fail()
    clock.now += breaker.FIRST_PAUSE_S
    with suppress(KeyError), under_test.permit() as probe:
        assert probe.probe
        with pytest.raises(miosa.BreakerOpen), under_test.permit():
            pass
        raise KeyError("the thread of the probe failed")
    with under_test.permit() as probe:
        probe.succeed()
    assert not under_test.is_open


@given(st.lists(st.booleans(), max_size=400))
def test_retries_stay_below_a_tenth(tries: list[bool]) -> None:
    """True is a first try, False the wish to retry."""
    allowance = retry.Allowance()
    first = retried = 0
    for is_first in tries:
        if is_first:
            allowance.earn()
            first += 1
        elif allowance.spend():
            retried += 1
        assert retried <= 3 + first / 10 + 1e-6


def test_a_third_of_errors_costs_a_tenth_more_requests() -> None:
    retries = retry.Retries(sleep=lambda _: None)
    outcomes = itertools.cycle([True, True, False])
    sent = 0
    for _ in range(3000):
        retries.allowance.earn()
        for number in itertools.count(1):
            sent += 1
            if next(outcomes) or retries.pause_before(number + 1, errors.ServerError(), 2.5) is None:
                break
    assert sent <= 3000 * 1.1 + 5


@given(
    st.integers(2, 5),
    st.none() | st.floats(0, 4000),
    st.floats(0, 5),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([errors.ServerError, errors.RateLimited, errors.Unreachable, errors.NotFound]),
)
def test_pauses_are_short_and_fit_the_deadline(
    attempt: int, asked: float | None, left: float, chance: float, kind: type[errors.MiosaError]
) -> None:
    retries = retry.Retries(jitter=lambda: chance)
    pause = retries.pause_before(attempt, kind(retry_after_s=asked), left)
    if pause is not None:
        assert 0 <= pause <= min(2.0, left)
        assert attempt <= 3
        assert kind is not errors.NotFound
        assert pause >= (asked or 0)


def test_jitter_is_full() -> None:
    chances: Iterator[float] = iter([0.0, 0.5, 0.99])
    retries = retry.Retries(jitter=lambda: next(chances))
    pauses = [retries.pause_before(2, errors.ServerError(), 9) for _ in range(3)]
    assert pauses == [0.0, pytest.approx(0.05), pytest.approx(0.099)]
