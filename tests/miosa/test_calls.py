"""Retries, breaker, gate and observer around each request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from portal import miosa
from portal.miosa import breaker
from portal.miosa.resources.deployments import Deployments
from portal.miosa.session import RetryPolicy, Session
from portal.miosa.transport import Transport
from tests.miosa.conftest import KEY, Serve
from tests.miosa.server import Responder, ScriptedServer, reset_connection, respond, send_json, send_together

ROW = {"data": {"id": "dep_1"}}
Build = Callable[..., tuple[Deployments, ScriptedServer]]

BUSY = send_json({"error": {"code": "INTERNAL_ERROR"}}, status=503)


def test_a_read_is_tried_three_times(serve: Serve) -> None:
    client, server = serve(BUSY)
    with pytest.raises(miosa.ServerError):
        client.deployments.get("dep_1")
    assert len(server.requests) == 3


def test_a_read_that_succeeds_when_retried(serve: Serve) -> None:
    client, server = serve(BUSY, reset_connection, send_json(ROW))
    assert client.deployments.get("dep_1").id == "dep_1"
    assert len({request.headers["x-request-id"] for request in server.requests}) == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 410, 413, 422, 501])
def test_a_refusal_is_not_retried(serve: Serve, status: int) -> None:
    client, server = serve(send_json({}, status=status))
    with pytest.raises(miosa.Refused):
        client.deployments.get("dep_1")
    assert len(server.requests) == 1


def test_a_server_error_marked_as_final_is_not_retried(serve: Serve) -> None:
    client, server = serve(send_json({"error": {"retryable": False}}, status=500))
    with pytest.raises(miosa.ServerError):
        client.deployments.get("dep_1")
    assert len(server.requests) == 1


def test_a_change_is_never_retried(serve: Serve) -> None:
    client, server = serve(BUSY, send_json(ROW))
    with pytest.raises(miosa.ServerError) as caught:
        client.deployments.delete("dep_1", idempotency_key="k")
    assert caught.value.sent
    assert len(server.requests) == 1


def rate_limited(retry_after: str | None) -> Responder:
    return send_json({}, status=429, headers={} if retry_after is None else {"Retry-After": retry_after})


@pytest.fixture
def build() -> Iterator[Build]:
    """`deployments, server = build(responder, …)`; keywords are parts of the session."""
    with ExitStack() as stack:

        def start(*responders: Responder, **parts: Any) -> tuple[Deployments, ScriptedServer]:
            server = stack.enter_context(ScriptedServer(*responders))
            transport = Transport(server.url, KEY)
            stack.callback(transport.close)
            return Deployments(Session(transport, **parts)), server

        yield start


@pytest.mark.parametrize("header", ["3600", "3", "garbage", "-5", None])
def test_a_rate_limit_without_a_short_retry_after_is_not_retried(build: Build, header: str | None) -> None:
    delays: list[float] = []
    deployments, server = build(rate_limited(header), retries=RetryPolicy(sleep=delays.append))
    with pytest.raises(miosa.RateLimited):
        deployments.get("dep_1")
    assert len(server.requests) == 1
    assert delays == []


def test_a_short_retry_after_is_obeyed(build: Build) -> None:
    delays: list[float] = []
    deployments, server = build(rate_limited("0.3"), send_json(ROW), retries=RetryPolicy(sleep=delays.append))
    deployments.get("dep_1")
    assert [0.3 <= delay <= 0.4 for delay in delays] == [True]
    assert len(server.requests) == 2


def test_gate_and_observer_are_called_for_each_attempt(serve: Serve) -> None:
    attempts: list[miosa.Attempt] = []
    outcomes: list[miosa.Outcome] = []
    client, _ = serve(
        rate_limited("0"), send_json(ROW), gate=attempts.append, observer=outcomes.append, request_id="req-1"
    )
    client.deployments.get("dep_1")
    assert [(each.method, each.path, each.number, each.is_change) for each in attempts] == [
        ("GET", "/deployments/{id}", 1, False),
        ("GET", "/deployments/{id}", 2, False),
    ]
    assert [(each.status, each.error, each.retry_after_s) for each in outcomes] == [
        (429, "RateLimited", 0.0),
        (200, None, None),
    ]
    assert all(each.request_id == "req-1" and each.upstream_request_id == "up-1" for each in outcomes)
    assert all(each.elapsed_ms > 0 for each in outcomes)


def test_nothing_is_sent_if_the_gate_refuses(serve: Serve) -> None:
    def closed(_: miosa.Attempt) -> None:
        raise miosa.BudgetSpent("no token", retry_after_s=1.0)

    client, server = serve(send_json(ROW), gate=closed)
    for call in (
        lambda: client.deployments.get("dep_1"),
        lambda: client.deployments.stop("dep_1", idempotency_key="k"),
    ):
        with pytest.raises(miosa.BudgetSpent) as caught:
            call()
        assert not caught.value.sent
    assert server.requests == []


def test_the_first_error_is_raised_if_the_gate_refuses_a_retry(serve: Serve) -> None:
    def once(attempt: miosa.Attempt) -> None:
        if attempt.number > 1:
            raise miosa.BudgetSpent

    client, server = serve(BUSY, gate=once)
    with pytest.raises(miosa.ServerError):
        client.deployments.get("dep_1")
    assert len(server.requests) == 1


def test_the_time_of_the_gate_counts(serve: Serve) -> None:
    client, server = serve(send_json(ROW), gate=lambda _: time.sleep(0.02))
    for _ in range(breaker.THRESHOLD):
        with pytest.raises(miosa.DeadlineExceeded) as caught:
            client.bind(deadline_s=0.01).deployments.get("dep_1")
        assert not caught.value.sent
    assert server.requests == []
    assert not client.is_open


def test_a_failing_observer_loses_no_response(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: miosa.Outcome) -> None:
        raise RuntimeError("no disk")

    client, _ = serve(send_json(ROW), observer=broken)
    assert client.deployments.stop("dep_1", idempotency_key="k").deployment_id == "dep_1"
    assert "the observer of POST /deployments/{id}/stop failed" in caplog.text


def test_a_bound_copy_shares_pool_and_breaker(serve: Serve) -> None:
    client, server = serve(send_json(ROW))
    outcomes: list[miosa.Outcome] = []
    copy = client.bind(observer=outcomes.append, request_id="r").bind(deadline_s=1)
    client.deployments.get("dep_1")
    copy.deployments.get("dep_1")
    assert server.connections == 1
    assert [outcome.request_id for outcome in outcomes] == ["r"]


def test_the_breaker_opens_and_closes_again(build: Build) -> None:
    now = [1000.0]
    circuit = breaker.Breaker(clock=lambda: now[0])
    deployments, server = build(*[BUSY] * breaker.THRESHOLD, send_json(ROW), breaker=circuit)
    for _ in range(breaker.THRESHOLD):
        with pytest.raises(miosa.ServerError):
            deployments.stop("dep_1", idempotency_key="k")
    assert circuit.is_open
    for call in (
        lambda: deployments.get("dep_1"),
        lambda: deployments.stop("dep_1", idempotency_key="k"),
    ):
        with pytest.raises(miosa.BreakerOpen) as caught:
            call()
        assert not caught.value.sent
        assert caught.value.retry_after_s == breaker.FIRST_PAUSE_S
        assert caught.value.path
    assert len(server.requests) == breaker.THRESHOLD
    now[0] += breaker.FIRST_PAUSE_S
    assert deployments.get("dep_1").id == "dep_1"
    assert not circuit.is_open


def test_refusals_and_bad_answers_do_not_open_the_breaker(serve: Serve) -> None:
    client, server = serve(*[send_json({}, status=404)] * 6, *[rate_limited(None)] * 6, respond(b"<html>"))
    for _ in range(18):
        with pytest.raises(miosa.MiosaError):
            client.deployments.get("dep_1")
    assert not client.is_open
    assert len(server.requests) == 18


def test_the_breaker_lets_requests_run_at_the_same_time(serve: Serve) -> None:
    client, server = serve(send_together(20, BUSY))
    threads = [threading.Thread(target=stop_in_vain, args=(client.bind(deadline_s=30),)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 20
    assert client.is_open


def stop_in_vain(client: miosa.Client) -> None:
    with pytest.raises(miosa.ServerError):
        client.deployments.stop("dep_1", idempotency_key="k")
