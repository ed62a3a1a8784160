"""Logs: plain text, JSON with lines or one text, or a stream of events, all become one text (miosa-api.md 10.9)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from portal.miosa import parsing
from portal.miosa.messages import JSON, Response

ACCEPT_TEXT = "text/plain, application/json;q=0.9, text/event-stream;q=0.5"
ACCEPT_JSON = "application/json, text/plain;q=0.9, text/event-stream;q=0.5"

_TEXT_KEYS = ("line", "text", "message", "data", "msg")


class LogText(str):
    """A log's text with three attributes.

    `complete`: False if it was cut, at 8 MB or at the deadline of a stream that went on.
    `stderr`: numbers (from 0) of the lines that came from stderr, if MIOSA tells them apart.
    `state`: how the build ended, if the stream contains it.
    """

    __slots__ = ("complete", "state", "stderr")

    complete: bool
    state: str | None
    stderr: tuple[int, ...]


def _make_log(text: str, *, complete: bool = True, stderr: Sequence[int] = (), state: str | None = None) -> LogText:
    log = LogText(parsing.clean(text))
    log.complete, log.stderr, log.state = complete, tuple(stderr), state
    return log


def parse_log(response: Response) -> LogText | None:
    """None if the response is not a log."""
    kind = response.content_type
    if response.status == 204 or not response.body:
        return _make_log("", complete=not response.truncated)
    if kind == "text/event-stream":
        return _read_events(response)
    if kind == JSON or kind.endswith("+json"):
        return _read_json(response)
    text = response.body.decode("utf-8", "replace")
    if kind in {"text/html", "application/xhtml+xml"} or (not kind and text.lstrip()[:1] == "<"):
        return None
    return _make_log(text, complete=not response.truncated)


def _read_json(response: Response) -> LogText | None:
    try:
        document = parsing.load(response.body).value
    except parsing.BadJsonError:
        return None
    content = _find_content(document)
    if isinstance(content, str):
        return _make_log(content)
    return _join([_to_line(each) for each in content]) if isinstance(content, list) else None


def _find_content(document: object) -> object:
    """The text or the list of lines, bare, or below `lines`, `logs` or `data`."""
    for _ in range(3):
        if not isinstance(document, dict):
            return document
        document = next((document[key] for key in ("lines", "logs", "log", "data") if key in document), None)
    return None


def _to_line(value: object) -> tuple[str, bool]:
    """(text, whether it came from stderr)."""
    if isinstance(value, dict):
        text = next((value[key] for key in _TEXT_KEYS if isinstance(value.get(key), str)), "")
        return text, "stderr" in (value.get("stream"), value.get("type"))
    return (value if isinstance(value, str) else ""), False


def _join(lines: Sequence[tuple[str, bool]], *, complete: bool = True, state: str | None = None) -> LogText:
    rows: list[str] = []
    stderr: list[int] = []
    for text, is_error in lines:
        parts = text.removesuffix("\n").split("\n")
        if is_error:
            stderr += range(len(rows), len(rows) + len(parts))
        rows += parts
    return _make_log("\n".join(rows), complete=complete, stderr=stderr, state=state)


def _read_events(response: Response) -> LogText:
    lines: list[tuple[str, bool]] = []
    state: str | None = None
    is_complete = not response.truncated
    for name, data in _iter_frames(response.body.decode("utf-8", "replace")):
        frame = _load_frame(data)
        kind = frame.get("type") if isinstance(frame, dict) else None
        if kind == "done" or name == "done":
            is_complete = True
            state = _find_end_state(frame)
        elif kind == "error" or name == "error":
            lines.append((_to_line(frame)[0] if isinstance(frame, dict) else data, True))
        elif kind not in {"heartbeat", "ping"}:
            lines.append(_to_line(frame) if isinstance(frame, dict) else (data, False))
    return _join(lines, complete=is_complete, state=state)


def _load_frame(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data


def _find_end_state(frame: object) -> str | None:
    result = frame.get("result") if isinstance(frame, dict) else None
    state = result.get("state") if isinstance(result, dict) else None
    return parsing.clean(state) if isinstance(state, str) else None


def _iter_frames(text: str) -> Iterator[tuple[str, str]]:
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
