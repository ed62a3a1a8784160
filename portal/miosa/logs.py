"""Logs come as plain text, as JSON with lines or one text, or as a stream of events; here they become one text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from portal.miosa import wire
from portal.miosa.transport import Answer

ACCEPT = "text/plain, application/json;q=0.9, text/event-stream;q=0.5"
ACCEPT_JSON = "application/json, text/plain;q=0.9, text/event-stream;q=0.5"

_TEXT_KEYS = ("line", "text", "message", "data", "msg")


class LogText(str):
    """A log's text, and what a text can't say.

    `complete`: False if it was cut at 8 MB or by the deadline of a stream that went on.
    `stderr`: numbers (from 0) of the lines that came from stderr, where MIOSA says so.
    `state`: how the work ended, if the stream said so.
    """

    __slots__ = ("complete", "state", "stderr")

    complete: bool
    state: str | None
    stderr: tuple[int, ...]


def log_text(text: str, *, complete: bool = True, stderr: Sequence[int] = (), state: str | None = None) -> LogText:
    log = LogText(wire.clean(text))
    log.complete, log.stderr, log.state = complete, tuple(stderr), state
    return log


def read_log(answer: Answer) -> LogText | None:
    """None where the answer is no log."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status == 204 or not answer.body:
        return log_text("", complete=not answer.cut)
    if kind == "text/event-stream":
        return _of_events(answer)
    if kind == "application/json" or kind.endswith("+json"):
        return _of_json(answer)
    text = answer.body.decode("utf-8", "replace")
    if kind in {"text/html", "application/xhtml+xml"} or (not kind and text.lstrip()[:1] == "<"):
        return None
    return log_text(text, complete=not answer.cut)


def _of_json(answer: Answer) -> LogText | None:
    try:
        document = wire.load(answer.body).value
    except wire.BadJsonError:
        return None
    found = _content(document)
    if isinstance(found, str):
        return log_text(found)
    return _joined([_line(each) for each in found]) if isinstance(found, list) else None


def _content(document: object) -> object:
    """The text or the list of lines, bare, or below `lines`, `logs` or `data`."""
    for _ in range(3):
        if not isinstance(document, dict):
            return document
        document = next((document[key] for key in ("lines", "logs", "log", "data") if key in document), None)
    return None


def _line(value: object) -> tuple[str, bool]:
    """(text, from stderr)."""
    if isinstance(value, dict):
        text = next((value[key] for key in _TEXT_KEYS if isinstance(value.get(key), str)), "")
        return text, "stderr" in (value.get("stream"), value.get("type"))
    return (value if isinstance(value, str) else ""), False


def _joined(lines: Sequence[tuple[str, bool]], *, complete: bool = True, state: str | None = None) -> LogText:
    rows: list[str] = []
    stderr: list[int] = []
    for text, is_error in lines:
        parts = text.removesuffix("\n").split("\n")
        if is_error:
            stderr += range(len(rows), len(rows) + len(parts))
        rows += parts
    return log_text("\n".join(rows), complete=complete, stderr=stderr, state=state)


def _of_events(answer: Answer) -> LogText:
    lines: list[tuple[str, bool]] = []
    state: str | None = None
    ended = False
    for name, data in _events(answer.body.decode("utf-8", "replace")):
        frame = _frame(data)
        kind = frame.get("type") if isinstance(frame, dict) else None
        if kind == "done" or name == "done":
            ended = True
            state = _end_state(frame)
        elif kind == "error" or name == "error":
            lines.append((_line(frame)[0] if isinstance(frame, dict) else data, True))
        elif kind not in {"heartbeat", "ping"}:
            lines.append(_line(frame) if isinstance(frame, dict) else (data, False))
    return _joined(lines, complete=ended or not answer.cut, state=state)


def _frame(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data


def _end_state(frame: object) -> str | None:
    result = frame.get("result") if isinstance(frame, dict) else None
    state = result.get("state") if isinstance(result, dict) else None
    return wire.clean(state) if isinstance(state, str) else None


def _events(text: str) -> Iterator[tuple[str, str]]:
    """(event name, data) of each frame; comments are heartbeats."""
    name, data = "", list[str]()
    for line in [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield name, "\n".join(data)
            name, data = "", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
