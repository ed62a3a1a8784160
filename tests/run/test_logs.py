"""Logs are JSON and hold no secret, wherever it comes from."""

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from portal import logs
from portal.redaction import Redactor

API_KEY = "a-key-of-no-known-shape"
NAME = "tests.run.logs"
ReadLines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def read_lines() -> Iterator[ReadLines]:
    """A logger with the portal's format. Calling the fixture returns its lines."""
    stream = io.StringIO()
    formatter = logs.configure(level="DEBUG", secrets=[API_KEY])["formatters"]["json"]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        formatter["()"](processors=formatter["processors"], foreign_pre_chain=formatter["foreign_pre_chain"])
    )
    logger = logging.getLogger(NAME)
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel("DEBUG")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.handlers = []


def test_each_line_is_a_json_object(read_lines: ReadLines) -> None:
    structlog.contextvars.bind_contextvars(request_id="r1")
    logging.getLogger(NAME).info("plain %s", "record", extra={"scope": "customer:1"})
    structlog.get_logger(NAME).info("structured", count=3)
    structlog.contextvars.clear_contextvars()
    plain, structured = read_lines()
    assert plain["event"] == "plain record"
    assert plain["scope"] == "customer:1"
    assert structured["count"] == 3
    assert plain["request_id"] == structured["request_id"] == "r1"
    assert {"level", "timestamp", "logger"} <= plain.keys()


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": {"Authorization": "Bearer canary-1"}},
        {"cookies": "sessionid=canary-1"},
        {"text": "Cookie: a=b; sessionid=canary-1"},
        {"text": "authorization: bearer canary-1"},
        {"text": f"the response repeated {API_KEY}"},
        {"text": "used msk_live_canary-1 here"},
        {"url": "postgres://portal:canary-1@db:5432/portal"},
        {"env": [{"name": "A", "value": "canary-1"}]},
        {"env_vars": {"SECRET": "canary-1"}},
        {"nested": ({"deep": [{"api_key": "canary-1"}]},)},
    ],
)
def test_no_secret_is_written(read_lines: ReadLines, fields: dict[str, Any]) -> None:
    structlog.get_logger(NAME).warning("refused", **fields)
    (line,) = read_lines()
    text = json.dumps(line)
    assert "canary-1" not in text
    assert API_KEY not in text
    assert "[hidden]" in text


UNSAFE = ["\x00", "\x07", "\x1b[31m", "\r", "\x7f", "\x85", "\x9b31m", "\u2028", "\u2029", "\u202e", "\u2066"]


@pytest.mark.parametrize("unsafe", UNSAFE)
def test_no_control_character_or_line_separator_is_written(read_lines: ReadLines, unsafe: str) -> None:
    log = structlog.get_logger(NAME)
    log.info("a%sb", unsafe, path=f"/c{unsafe}d", nested={f"e{unsafe}f": [f"g{unsafe}h"]})
    logging.getLogger(NAME).info("%s", f"i{unsafe}j", extra={"request": f"k{unsafe}l"})
    try:
        raise ValueError(f"m{unsafe}n")
    except ValueError:
        log.exception("failed")
    assert len(read_lines()) == 3
    assert unsafe[0] not in "".join(map(str, walk(read_lines())))


def test_half_of_a_surrogate_pair_is_replaced() -> None:
    """Not written by a logger here: pytest captures what is logged, and can't pass this on between its processes."""
    assert Redactor([])(None, "info", {"event": "a\ud83db"}) == {"event": "a\ufffdb"}


def walk(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in [*value, *(value.values() if isinstance(value, dict) else ())]:
            yield from walk(item)
    else:
        yield str(value)


def test_text_in_any_language_and_line_breaks_of_tracebacks_remain(read_lines: ReadLines) -> None:
    structlog.get_logger(NAME).info("Zoë 東京 🎉\n\tat line 1")
    assert read_lines()[0]["event"] == "Zoë 東京 🎉\n\tat line 1"


def test_no_secret_is_in_a_traceback(read_lines: ReadLines) -> None:
    try:
        raise ValueError(f"refused {API_KEY}")
    except ValueError:
        logging.getLogger(NAME).exception("failed")
    (line,) = read_lines()
    assert "ValueError: refused [hidden]" in line["exception"]
