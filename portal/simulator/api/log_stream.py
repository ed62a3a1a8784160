"""Logs as server-sent events or as JSON (sections 1 and 10.9)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from werkzeug.wrappers import Response

from portal.simulator.api.call import Call
from portal.simulator.clock import isoformat
from portal.simulator.errors import ApiError

EVENT_STREAM = "text/event-stream"


def wants_stream(call: Call) -> bool:
    """Accept decides, else the knob `log_format`. An event stream alone is refused: the route knows only JSON."""
    accept = call.request.headers.get("Accept", "")
    if EVENT_STREAM not in accept:
        return call.settings["log_format"] == "sse"
    if "json" not in accept and "*/*" not in accept and call.settings["sse_alone"] == 406:
        raise ApiError(406, "not acceptable: this route answers application/json")
    return True


def stream_response(call: Call, lines: Iterable[str], state: str) -> Response:
    now = isoformat(call.now)
    frames = [
        f"event: log_line\ndata: {json.dumps({'stream': 'stdout', 'line': line, 'ts': now})}\n\n" for line in lines
    ]
    done = json.dumps({"type": "done", "result": {"state": state}})
    return Response(": connected\n\n" + "".join(frames) + f"data: {done}\n\n", content_type=EVENT_STREAM)
