"""Logs: plain text, JSON with lines or one text, or a stream of events, all become one text (miosa-api.md 10.9)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from portal.miosa import parsing
from portal.miosa.messages import JSON, Gap, Response

ACCEPT_TEXT = "text/plain, application/json;q=0.9, text/event-stream;q=0.5"
ACCEPT_JSON = "application/json, text/plain;q=0.9, text/event-stream;q=0.5"

_TEXT_KEYS = ("line", "text", "message", "data", "msg")
_KEY = rf'"(?:{"|".join((*_TEXT_KEYS, "log", "logs"))})"\s*:\s*'
_STRING = r'(?:[^"\\]|\\.)*+'
# In a part of a JSON document: a line in a list or below a key, and a line in which the part begins or ends.
_JSON_LINE = re.compile(
    rf'(?:[\[,]\s*|{_KEY})"({_STRING})"(?!\s*:)|{_KEY}"({_STRING})\\?\Z'
    rf'|\A(?!\s*[\[{{])({_STRING})(?<![\[{{,:\s])"',
    re.DOTALL,
)
_CUT_ESCAPE = re.compile(r"(?<!\\)\\u[0-9a-fA-F]{0,3}\Z")
_MOST_DROPPED = 4096


class LogText(str):
    """A log's text with four attributes.

    `complete`: False if its end is missing, since a stream went on at the deadline, or reading took too long.
    `gap`: what is missing in the middle, in bytes, at a character of the text; only of a log longer than 8 MB.
    `stderr`: numbers (from 0) of the lines that came from stderr, if MIOSA tells them apart.
    `state`: how the build ended, if the stream contains it.
    """

    __slots__ = ("complete", "gap", "state", "stderr")

    complete: bool
    gap: Gap | None
    state: str | None
    stderr: tuple[int, ...]

    @classmethod
    def create(
        cls,
        text: str,
        *,
        complete: bool = True,
        gap: Gap | None = None,
        stderr: Sequence[int] = (),
        state: str | None = None,
    ) -> LogText:
        # A terminal shows nothing for a NUL. Any other character that can't be stored is shown as missing.
        log = cls(parsing.clean(text.replace("\0", "")))
        log.complete, log.gap, log.stderr, log.state = complete, gap, tuple(stderr), state
        return log


def parse_log(response: Response) -> LogText | None:
    """None if the response is not a log."""
    kind = response.content_type
    if response.status == 204 or not response.body:
        return LogText.create("", complete=not response.truncated)
    if kind == "text/event-stream":
        return _read_parts(response, _read_events)
    if kind == JSON or kind.endswith("+json"):
        return _read_parts(response, _read_json_lines) if response.gap else _read_json(response)
    if kind in {"text/html", "application/xhtml+xml"} or (not kind and response.body.lstrip()[:1] == b"<"):
        return None
    return _read_parts(response, _read_text)


def _read_parts(response: Response, read: Callable[[str, bool], LogText]) -> LogText:
    """The log, or its beginning and its end with a gap between them that is cut at the ends of words or lines."""
    if response.gap is None:
        return read(response.body.decode("utf-8", "replace"), not response.truncated)
    head = _drop_last_line(response.body[: response.gap.at].decode("utf-8", "replace"))
    tail = _drop_first_line(response.body[response.gap.at :].decode("utf-8", "replace"))
    first, last = read(head, True), read(tail, not response.truncated)
    text = f"{first.rstrip()}\n{last}"
    gap = Gap(len(first.rstrip()) + 1, response.gap.size)
    return LogText.create(text, complete=last.complete, gap=gap, state=last.state)


def _drop_last_line(head: str) -> str:
    """Without the line, or the word, in which the beginning was cut: a part of it could not be scrubbed."""
    at = max(head.rfind("\n", -_MOST_DROPPED), 0) or head.rfind(" ", -_MOST_DROPPED)
    return head[: at if at > 0 else -_MOST_DROPPED]


def _drop_first_line(tail: str) -> str:
    at = max(tail.find("\n", 0, _MOST_DROPPED), 0) or tail.find(" ", 0, _MOST_DROPPED)
    return tail[at + 1 if at > 0 else _MOST_DROPPED :]


def _read_text(text: str, is_complete: bool) -> LogText:
    return LogText.create(text, complete=is_complete)


def _read_json(response: Response) -> LogText | None:
    try:
        document = parsing.load(response.body).value
    except parsing.BadJsonError:
        return None
    content = _find_content(document)
    if isinstance(content, str):
        return LogText.create(content)
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
    return LogText.create("\n".join(rows), complete=complete, stderr=stderr, state=state)


def _read_json_lines(text: str, is_complete: bool) -> LogText:
    """What can be read of a part of a document: its lines, and what there is of a cut one."""
    lines = []
    for found in _JSON_LINE.finditer(text):
        try:
            lines.append((json.loads(f'"{_CUT_ESCAPE.sub("", found[found.lastindex or 1])}"', strict=False), False))
        except ValueError:
            continue
    return _join(lines, complete=is_complete)


def _read_events(text: str, is_complete: bool) -> LogText:
    lines: list[tuple[str, bool]] = []
    state: str | None = None
    for name, data in _iter_frames(text):
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
