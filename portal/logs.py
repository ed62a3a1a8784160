"""Logs: one JSON object per line on standard error, for our code and for all libraries."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import structlog
from structlog.typing import EventDict

from portal.line_writer import LineHandler, LineWriter
from portal.redaction import Redactor


def drop_color_message(_logger: object, _name: str, event: EventDict) -> EventDict:
    """uvicorn adds each message a second time, with colours."""
    event.pop("color_message", None)
    return event


COMMON: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def create_handler() -> LineHandler:
    return LineHandler(LineWriter(sys.stderr, describe_dropped))


def describe_dropped(count: int) -> str:
    return json.dumps({"event": "log lines dropped, since nobody read them", "level": "warning", "count": count})


def configure(*, level: str, secrets: Iterable[str]) -> dict[str, Any]:
    """Configures structlog and returns Django's LOGGING. `secrets` are the values to redact."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *COMMON,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*COMMON, structlog.stdlib.ExtraAdder(), drop_color_message],
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            Redactor(secrets),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {"stderr": {"()": create_handler, "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Without Django's own handlers, which would write each record again in another format.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            "uvicorn": {"handlers": [], "level": level, "propagate": True},
            "uvicorn.access": {"handlers": [], "propagate": False},
            # RequestMiddleware writes a line per request. SQL statements hold values, so they are not logged.
            "django.request": {"level": "ERROR"},
            "django.db.backends": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
            "werkzeug": {"level": "WARNING"},
        },
    }
