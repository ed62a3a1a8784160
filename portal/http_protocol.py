"""How long a connection may take to send a request, and how many connections one process holds."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# From the connection, or the first byte of its next request, to the last byte of the body.
REQUEST_DEADLINE_S = 20.0
# A client that accepts no byte of a response for this long is cut off, by the kernel (Linux).
RESPONSE_STALLED_MS = 30_000
# Far below the usual limit of 1024 open files.
MOST_CONNECTIONS = 500


class DeadlineProtocol(H11Protocol):
    """uvicorn's protocol, which closes a connection whose request has not arrived completely in time.

    When there are too many connections, idle ones go first, then those that have been sending for the longest time.
    """

    sending: ClassVar[dict[DeadlineProtocol, asyncio.TimerHandle]] = {}

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        set_stall_limit(transport)
        self._start_clock()
        if len(self.connections) > MOST_CONNECTIONS:
            self._abort_another()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state in {h11.IDLE, h11.SEND_BODY}:
            self._start_clock()
        else:
            self._stop_clock()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # A request that was sent before the response to the last one has begun by now.
        if self.conn.their_state is h11.SEND_BODY:
            self._start_clock()

    def send_400_response(self, msg: str) -> None:
        """For what is no HTTP at all, in words that are not those of a certain software."""
        super().send_400_response("This request can't be read.\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_clock()
        super().connection_lost(exc)

    def _abort_another(self) -> None:
        protocols = [each for each in self.connections if isinstance(each, DeadlineProtocol)]
        idle = [each for each in protocols if each.timeout_keep_alive_task is not None]
        # An aborted connection is still counted until the loop has closed it.
        another = next(each for each in (*idle, *self.sending) if not each.transport.is_closing())
        another.transport.abort()

    def _start_clock(self) -> None:
        if self not in self.sending:
            self.sending[self] = self.loop.call_later(REQUEST_DEADLINE_S, self.transport.abort)

    def _stop_clock(self) -> None:
        if timer := self.sending.pop(self, None):
            timer.cancel()


def set_stall_limit(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    if hasattr(socket, "TCP_USER_TIMEOUT") and connection is not None and connection.family != socket.AF_UNIX:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, RESPONSE_STALLED_MS)
