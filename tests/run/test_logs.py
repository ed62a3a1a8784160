"""Logs are JSON, and no secret is in them, whatever way it came."""

import io
import json
import logging
import logging.config
from typing import Any

import pytest
import structlog

from portal import logs

API_KEY = "a-key-of-no-known-shape"


@pytest.fixture
def written() -> Any:
    """Makes a log of our own, and gives what was written into it."""
    stream = io.StringIO()
    configuration = logs.configure(level="DEBUG", secrets=[API_KEY])
    formatter = configuration["formatters"]["json"]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        formatter["()"](processors=formatter["processors"], foreign_pre_chain=formatter["foreign_pre_chain"])
    )
    logger = logging.getLogger("tests.of.logs")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel("DEBUG")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.handlers = []


def test_one_json_object_a_line(written: Any) -> None:
    structlog.contextvars.bind_contextvars(request_id="r1")
    logging.getLogger("tests.of.logs").info("plain %s", "record", extra={"scope": "customer:1"})
    structlog.get_logger("tests.of.logs").info("structured", count=3)
    structlog.contextvars.clear_contextvars()
    plain, structured = written()
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
        {
            "text": f"the answer repeated {API_KEY} to us".replace(
                API_KEY, f"{API_KEY}canary-1".removesuffix("canary-1")
            )
        },
        {"text": "used msk_live_canary-1 here"},
        {"url": "postgres://portal:canary-1@db:5432/portal"},
        {"env": [{"name": "A", "value": "canary-1"}]},
        {"env_vars": {"SECRET": "canary-1"}},
        {"nested": ({"deep": [{"api_key": "canary-1"}]},)},
    ],
)
def test_no_secret_is_written(written: Any, fields: dict[str, Any]) -> None:
    structlog.get_logger("tests.of.logs").warning("asked", **fields)
    (line,) = written()
    said = json.dumps(line)
    assert "canary-1" not in said
    assert API_KEY not in said
    assert "[hidden]" in said


def test_no_secret_is_in_a_traceback(written: Any) -> None:
    try:
        raise ValueError(f"refused {API_KEY}")
    except ValueError:
        logging.getLogger("tests.of.logs").exception("it broke")
    (line,) = written()
    assert "ValueError: refused [hidden]" in line["exception"]
