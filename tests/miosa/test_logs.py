"""Logs of every kind become one text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal import miosa
from portal.miosa import logs
from portal.miosa.messages import Response
from tests.miosa.conftest import Serve
from tests.miosa.server import MEGABYTE, drip, reset_connection, respond, send_spaces


def read(content: bytes, kind: str = "application/json") -> miosa.LogText | None:
    return logs.parse_log(Response(200, {"content-type": kind}, content))


@pytest.mark.parametrize(
    "document",
    [
        {"lines": ["one", "two"]},
        {"logs": "one\ntwo"},
        {"data": {"lines": [{"line": "one", "stream": "stdout"}, {"text": "two"}]}},
        {"data": {"logs": ["one", "two"]}},
        {"data": "one\ntwo"},
        {"runtime_instance_id": "i", "log_path": "/x", "logs": "one\ntwo"},
        ["one", "two"],
        "one\ntwo",
    ],
)
def test_json(document: Any) -> None:
    assert read(json.dumps(document).encode()) == "one\ntwo"


@pytest.mark.parametrize("document", [{}, {"data": {}}, {"lines": 5}, 5, None])
def test_json_that_is_not_a_log(document: Any) -> None:
    assert read(json.dumps(document).encode()) is None


def test_plain_text_is_unchanged() -> None:
    log = read("\x1b[31mred\x1b[0m\r\ncafé\x00\n".encode(), "text/plain; charset=utf-8")
    assert log == "\x1b[31mred\x1b[0m\r\ncafé\ufffd\n"
    assert log is not None
    assert log.complete


def test_html_is_not_a_log() -> None:
    assert read(b"<html>", "text/html") is None
    assert read(b" <!doctype html>", "") is None


def test_events() -> None:
    stream = (
        ": heartbeat\n\n"
        'event: log_line\ndata: {"stream": "stdout", "line": "one", "ts": "x"}\n\n'
        'data: {"type": "stderr", "data": "two\\nthree\\n"}\r\n\r\n'
        "data: bare\ndata: words\n\n"
        'data: {"type": "heartbeat"}\n\n'
        'data: {"type": "error", "message": "oh"}\n\n'
        'data: {"type": "done", "result": {"state": "failed"}}\n\n'
    )
    log = read(stream.encode(), "text/event-stream")
    assert log == "one\ntwo\nthree\nbare\nwords\noh"
    assert log is not None
    assert (log.stderr, log.state, log.complete) == ((1, 2, 5), "failed", True)


def test_a_stream_that_goes_on_is_read_until_the_deadline(serve: Serve) -> None:
    head = b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {"type":"stdout","data":"one"}\n\n:'
    client, server = serve(drip(head), deadline_s=0.3)
    log = client.builds.logs("d", "b")
    assert log == "one"
    assert not log.complete
    assert len(server.requests) == 1
    assert not client.is_open


def test_an_empty_log(serve: Serve) -> None:
    client, _ = serve(respond(b"", status=204))
    assert client.builds.logs("d", "b") == ""


def test_a_log_that_is_too_long_is_cut(serve: Serve) -> None:
    client, _ = serve(send_spaces(10 * MEGABYTE, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"), deadline_s=5)
    log = client.versions.logs("d", "v", stage="build")
    assert len(log) == 8 * MEGABYTE
    assert not log.complete


def test_html_instead_of_a_log_is_a_bad_answer(serve: Serve) -> None:
    client, _ = serve(respond(b"<html>", kind="text/html"))
    with pytest.raises(miosa.BadAnswer):
        client.versions.logs("d", "v")


def test_a_log_is_retried_after_a_reset(serve: Serve) -> None:
    client, server = serve(reset_connection, respond(b"text", kind="text/plain"))
    assert client.deployments.logs("d", lines=5) == "text"
    assert server.requests[1].target == "/api/v1/deployments/d/logs?lines=5"
    assert server.requests[1].headers["accept"].startswith("application/json")
