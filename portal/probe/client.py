"""One GET over a connection that is pinned to an address, and redirects within the host."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, urljoin, urlsplit

from portal.probe import addresses

HTTPS_PORT = 443
MAX_REDIRECTS = 3
MAX_ADDRESSES = 3
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})


class Outcome(StrEnum):
    """How a check ended. Only ANSWERED and ELSEWHERE are about the app; with the others, it could not be checked."""

    ANSWERED = "answered"
    ELSEWHERE = "elsewhere"
    NO_ADDRESS = "no_address"
    NO_CONNECTION = "no_connection"
    NOT_ALLOWED = "not_allowed"
    TIMEOUT = "timeout"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is set if there was a response. ELSEWHERE: it redirects to another host, which was not followed."""

    outcome: Outcome
    status: int | None = None
    elapsed_ms: int = 0


@dataclass(frozen=True, slots=True)
class _Result:
    outcome: Outcome
    status: int | None = None
    location: str = ""


def ask(url: str, *, loopback_port: int | None = None, timeout_s: float = 5.0) -> Answer:
    """GET `url`, over https on port 443 only. `timeout_s` is for everything, redirects included.

    `loopback_port` also allows plain http on that port of this machine, for the simulator's sites.
    """
    started_at = time.monotonic()
    result = _follow(url, loopback_port, started_at + timeout_s)
    return Answer(result.outcome, result.status, round((time.monotonic() - started_at) * 1000))


def _follow(url: str, loopback_port: int | None, ends_at: float) -> _Result:
    """Follow redirects within the host, by the same rules."""
    result = _Result(Outcome.NOT_ALLOWED)
    first = _split(url)
    for hop in range(MAX_REDIRECTS + 1):
        parts = _split(url)
        if first is None or parts is None or not _is_allowed(parts, loopback_port) or parts.hostname != first.hostname:
            return _Result(Outcome.ELSEWHERE, result.status) if hop else _Result(Outcome.NOT_ALLOWED)
        result = _get(parts, loopback_port, ends_at)
        if result.status not in _REDIRECT_STATUSES or not result.location:
            return result
        try:
            url = urljoin(url, result.location)
        except ValueError:
            return _Result(Outcome.ELSEWHERE, result.status)
    return result


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # an invalid port raises only when it is read
    except ValueError:
        return None
    return parts if parts.hostname else None


def _is_allowed(parts: SplitResult, loopback_port: int | None) -> bool:
    return _is_simulated(parts, loopback_port) or (parts.scheme == "https" and parts.port in {None, 443})


def _is_simulated(parts: SplitResult, loopback_port: int | None) -> bool:
    return loopback_port is not None and parts.scheme == "http" and parts.port == loopback_port


def _get(parts: SplitResult, loopback_port: int | None, ends_at: float) -> _Result:
    """One GET, to the first of the host's addresses that accepts a connection."""
    host, is_simulated = parts.hostname or "", _is_simulated(parts, loopback_port)
    port = (parts.port if is_simulated else None) or HTTPS_PORT
    try:
        found = addresses.resolve(host, port, timeout_s=ends_at - time.monotonic())
    except TimeoutError:
        return _Result(Outcome.TIMEOUT)
    except (OSError, UnicodeError):
        return _Result(Outcome.NO_ADDRESS)
    allowed = [address.is_loopback if is_simulated else addresses.is_public(address) for address in found]
    if not all(allowed):
        return _Result(Outcome.NOT_ALLOWED)
    result = _Result(Outcome.NO_ADDRESS)
    for address in found[:MAX_ADDRESSES]:
        connection = _PinnedConnection(host, port, str(address), tls=not is_simulated, ends_at=ends_at)
        result = _exchange(connection, parts)
        if result.outcome is not Outcome.NO_CONNECTION:
            break
    return result


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to one address, whatever its name resolves to by now, that is cut at the deadline."""

    def __init__(self, host: str, port: int, address: str, *, tls: bool, ends_at: float) -> None:
        super().__init__(host, port, timeout=max(0.1, ends_at - time.monotonic()))
        # The timeout of a socket is for one wait, and a response that drips byte by byte never exceeds it.
        self._timer = threading.Timer(max(0.1, ends_at - time.monotonic()), self._cut)
        self._timer.daemon = True
        self._address = address
        self._tls = tls
        self.timed_out = False

    def connect(self) -> None:
        self._timer.start()
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._tls:
            context = ssl.create_default_context()
            tls = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = tls
            tls.do_handshake()

    def close(self) -> None:
        self._timer.cancel()
        super().close()

    def _cut(self) -> None:
        self.timed_out = True
        try:
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
        except (AttributeError, OSError, TypeError):
            return  # not connected yet, or no longer


def _exchange(connection: _PinnedConnection, parts: SplitResult) -> _Result:
    """Only the head of the response is read."""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", path, headers={"User-Agent": "deploy-desk-check", "Accept": "*/*"})
        response = connection.getresponse()
        return _Result(Outcome.ANSWERED, response.status, response.headers.get("Location", ""))
    except TimeoutError:
        return _Result(Outcome.TIMEOUT)
    except ssl.SSLError:
        return _Result(Outcome.TIMEOUT if connection.timed_out else Outcome.TLS)
    except (OSError, http.client.HTTPException, ValueError):
        return _Result(Outcome.TIMEOUT if connection.timed_out else Outcome.NO_CONNECTION)
    finally:
        connection.close()
