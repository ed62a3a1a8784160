"""Retries, breaker, gate and observer around each request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from portal import miosa
from portal.miosa import breaker
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
    assert time.monotonic() - began < 2


def test_a_short_retry_after_is_obeyed(serve: Serve) -> None:
    client, server = serve(limited("0.3"), says(ROW))
    began = time.monotonic()
    client.deployments.get("dep_1")
    assert 0.3 <= time.monotonic() - began < 3
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
    client, server = serve(says(ROW), gate=lambda _: time.sleep(0.02))
    for _ in range(breaker.THRESHOLD):
        with pytest.raises(miosa.DeadlineExceeded) as caught:
            client.bind(deadline_s=0.01).deployments.get("dep_1")
        assert not caught.value.sent
    assert server.heard == []
    assert not client.is_open


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
    client, _ = serve(after(0.5, BUSY))
    threads = [threading.Thread(target=quietly, args=(client,)) for _ in range(20)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 5
    assert client.is_open


def quietly(client: miosa.Client) -> None:
    with pytest.raises(miosa.Outage):
        client.deployments.stop("dep_1", idempotency_key="k")
