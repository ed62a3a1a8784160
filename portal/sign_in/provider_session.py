"""Requests to the OpenID provider. A thread of the portal waits for each, so they have limits."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import requests
from urllib3.exceptions import HTTPError

TIMEOUT_S = 5.0
MOST_BYTES = 500_000
_CHUNK_BYTES = 10_000


class ProviderSession(requests.Session):
    def request(self, *args: Any, **details: Any) -> requests.Response:
        """Raises OSError if the answer does not come in time, ValueError if it is too long or no JSON object."""
        deadline = time.monotonic() + TIMEOUT_S
        response = super().request(*args, **{**details, "timeout": TIMEOUT_S, "stream": True})
        with response:
            body = read_body(response, deadline=deadline)
        if response.ok:
            check_object(body)
        response.raw = io.BytesIO(body)
        return response


def read_body(response: requests.Response, *, deadline: float) -> bytes:
    body = b""
    try:
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if time.monotonic() > deadline:
                raise requests.Timeout
            if len(body) > MOST_BYTES:
                raise ValueError("too long")
    except HTTPError as error:
        raise requests.ConnectionError from error
    return body


def check_object(body: bytes) -> None:
    try:
        is_object = isinstance(json.loads(body), dict)
    except RecursionError:
        is_object = False
    if not is_object:
        raise ValueError("no JSON object")
