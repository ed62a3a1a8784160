"""Receives the body of a request before the application is called. Knows no Django."""

from __future__ import annotations

from typing import Any


class RequestReader:
    """Reads the body of a request, up to `most_bytes`, and passes it on in one piece.

    A longer body is not read any further. The scope then has `body_too_large`, and the application answers at once.
    """

    def __init__(self, app: Any, *, most_bytes: int) -> None:
        self.app = app
        self.most_bytes = most_bytes

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        # `X_Forwarded_For` would become the same WSGI variable as `X-Forwarded-For`, which a proxy sets.
        headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
        body: bytes | None = None
        if not announces_more(headers, self.most_bytes):
            try:
                body = await self.read_body(receive)
            except ConnectionError:
                return
        scope = {**scope, "headers": with_length(headers, body or b""), "body_too_large": body is None}

        async def receive_body() -> dict[str, Any]:
            return {"type": "http.request", "body": body or b"", "more_body": False}

        await self.app(scope, receive_body, send)

    async def read_body(self, receive: Any) -> bytes | None:
        """None if it is too long. Raises ConnectionError if the client is gone."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise ConnectionError
            body += message.get("body", b"")
            if len(body) > self.most_bytes:
                return None
            if not message.get("more_body"):
                return bytes(body)


def announces_more(headers: list[tuple[bytes, bytes]], most_bytes: int) -> bool:
    return any(name == b"content-length" and int(value) > most_bytes for name, value in headers)


def with_length(headers: list[tuple[bytes, bytes]], body: bytes) -> list[tuple[bytes, bytes]]:
    """The headers with the length of the body as it was received: WSGI knows no other way to tell its end."""
    kept = [(name, value) for name, value in headers if name not in {b"content-length", b"transfer-encoding"}]
    return [*kept, (b"content-length", str(len(body)).encode())]
