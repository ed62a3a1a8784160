"""Logs of every kind become one text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal import miosa
from portal.miosa import logs
from portal.miosa.messages import Gap, Response
from tests.miosa.conftest import Serve
from tests.miosa.server import drip, reset_connection, respond


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


def test_plain_text_is_unchanged_but_for_nul() -> None:
    log = read("\x1b[31mred\x1b[0m\r\ncafé\x00\n".encode(), "text/plain; charset=utf-8")
    assert log == "\x1b[31mred\x1b[0m\r\ncafé\n"
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


def test_of_a_log_that_is_too_long_the_beginning_and_the_end_are_kept(serve: Serve) -> None:
    lines = [b"line %06d is one of very many lines of this log" % number for number in range(200_000)]
    client, _ = serve(respond(b"\n".join(lines), kind="text/plain"), deadline_s=10)
    log = client.versions.logs("d", "v", stage="build")
    assert log.gap is not None
    assert log.complete
    kept = log.split("\n")
    assert kept[0] == lines[0].decode()
    assert kept[-1] == lines[-1].decode()
    assert set(kept) <= {line.decode() for line in lines}
    assert abs(log.gap.size + len(log) - len(b"\n".join(lines))) < 100
    assert log[: log.gap.at].endswith("\n")


def test_a_log_of_one_very_long_line_is_cut_between_words(serve: Serve) -> None:
    client, _ = serve(respond(b"secret-word " * 1_000_000, kind="text/plain"), deadline_s=10)
    log = client.versions.logs("d", "v")
    assert log.gap is not None
    assert set(log.split()) == {"secret-word"}


@pytest.mark.parametrize(
    ("document", "first", "last"),
    [
        ({"lines": [f'{{line {number}, "quoted"' for number in range(99)]}, '{line 0, "quoted"', '{line 98, "quoted"'),
        ([{"line": f"line {number}", "at": number} for number in range(99)], "line 0", "line 98"),
        ({"logs": "\n".join(f"line {number}\\" for number in range(99))}, "line 0\\", "line 98\\"),
    ],
)
def test_of_json_that_is_too_long_the_lines_are_read_all_the_same(document: Any, first: str, last: str) -> None:
    content = json.dumps(document).encode()
    for at in range(300, 330):
        kept = content[:at] + content[-400:]
        response = Response(200, {"content-type": "application/json"}, kept, gap=Gap(at, len(content) - len(kept)))
        log = logs.parse_log(response)
        assert log is not None
        assert log.gap is not None
        rows = log.split("\n")
        assert (rows[0], rows[-1]) == (first, last)
        assert len(rows) > 10


def test_of_a_stream_that_is_too_long_the_end_says_how_it_ended() -> None:
    frames = "".join(f"data: line {number}\n\n" for number in range(500))
    content = f"{frames}event: done\ndata: {json.dumps({'result': {'state': 'failed'}})}\n\n".encode()
    kept = content[:1000] + content[-1000:]
    response = Response(200, {"content-type": "text/event-stream"}, kept, gap=Gap(1000, len(content) - 2000))
    log = logs.parse_log(response)
    assert log is not None
    assert (log.complete, log.state) == (True, "failed")
    assert log.startswith("line 0\n")
    assert log.endswith("\nline 499")


def test_html_instead_of_a_log_is_a_bad_answer(serve: Serve) -> None:
    client, _ = serve(respond(b"<html>", kind="text/html"))
    with pytest.raises(miosa.BadAnswer):
        client.versions.logs("d", "v")


def test_a_log_is_retried_after_a_reset(serve: Serve) -> None:
    client, server = serve(reset_connection, respond(b"text", kind="text/plain"))
    assert client.deployments.logs("d", lines=5) == "text"
    assert server.requests[1].target == "/api/v1/deployments/d/logs?lines=5"
    assert server.requests[1].headers["accept"].startswith("application/json")
