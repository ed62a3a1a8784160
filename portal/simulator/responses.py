"""HTTP responses: JSON, and errors in the shape that the knob `error_shape` selects."""

from __future__ import annotations

import json
import secrets

import msgspec
from werkzeug.wrappers import Request, Response

from portal.simulator.canaries import Canaries
from portal.simulator.clock import isoformat
from portal.simulator.errors import ApiError, error_json, error_text
from portal.simulator.knobs import Settings


def encode_json(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # lone surrogates: JSON allows them as escapes, msgspec does not
        return json.dumps(value, default=isoformat).encode()


def json_response(value: object, status: int = 200, *, content_type: str = "application/json") -> Response:
    return Response(encode_json(value), status, content_type=content_type)


def error_response(error: ApiError, request_id: str, settings: Settings, canaries: Canaries) -> Response:
    shape = str(settings["error_shape"])
    if text := error_text(error, shape):
        response = Response(text[0], error.status, content_type=text[1])
    else:
        body = error_json(error, shape, request_id)
        if settings["canaries"]:
            body = canaries.plant(body, request_id)
        response = json_response(body, error.status, content_type=str(settings["content_type"]))
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def request_id_of(request: Request) -> str:
    """The caller's id if it is a plausible one, else a new one (section 1)."""
    sent = request.headers.get("X-Request-Id", "")
    return sent if 20 <= len(sent) <= 200 and sent.isascii() and sent.isprintable() else f"req_{secrets.token_hex(10)}"
