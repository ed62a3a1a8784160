from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, urljoin, urlsplit

from portal.probe import places

HTTPS_PORT = 443
_MOST_REDIRECTS = 3
_MOST_ADDRESSES = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Outcome(StrEnum):
    """How asking ended.

    Only ANSWERED and ELSEWHERE say anything about the app; the others mean that it could not be asked.
    """

    ANSWERED = "answered"
    ELSEWHERE = "elsewhere"
    NO_ADDRESS = "no_address"
    NO_CONNECTION = "no_connection"
    NOT_ALLOWED = "not_allowed"
    TIMEOUT = "timeout"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is there if it answered. ELSEWHERE: it sends visitors to another place, where we did not follow."""

    outcome: Outcome
    status: int | None = None
    elapsed_ms: int = 0


@dataclass(frozen=True, slots=True)
class _Heard:
    outcome: Outcome
    status: int | None = None
    location: str = ""


def ask(url: str, *, loopback_port: int | None = None, timeout_s: float = 5.0) -> Answer:
    """GET `url`, over https on port 443 only.

    `loopback_port` allows plain http to this machine on that port, for the simulator's sites.
    """
    began = time.monotonic()
    heard = _follow(url, loopback_port, began + timeout_s)
    return Answer(heard.outcome, heard.status, round((time.monotonic() - began) * 1000))


def _follow(url: str, loopback_port: int | None, ends_at: float) -> _Heard:
    """Redirects are followed within the host, by the same rules."""
    heard = _Heard(Outcome.NOT_ALLOWED)
    first = _split(url)
    for hop in range(_MOST_REDIRECTS + 1):
        parts = _split(url)
        if first is None or parts is None or not _may_ask(parts, loopback_port) or parts.hostname != first.hostname:
            return _Heard(Outcome.ELSEWHERE, heard.status) if hop else _Heard(Outcome.NOT_ALLOWED)
        heard = _get(parts, loopback_port, ends_at)
        if heard.status not in _REDIRECTS or not heard.location:
            return heard
        try:
            url = urljoin(url, heard.location)
        except ValueError:
            return _Heard(Outcome.ELSEWHERE, heard.status)
    return heard


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises what it can't read only when it is asked for
    except ValueError:
        return None
    return parts if parts.hostname else None


def _may_ask(parts: SplitResult, loopback_port: int | None) -> bool:
    return _is_simulated(parts, loopback_port) or (parts.scheme == "https" and parts.port in {None, 443})


def _is_simulated(parts: SplitResult, loopback_port: int | None) -> bool:
    return loopback_port is not None and parts.scheme == "http" and parts.port == loopback_port


def _get(parts: SplitResult, loopback_port: int | None, ends_at: float) -> _Heard:
    is_simulated = _is_simulated(parts, loopback_port)
    port = (parts.port if is_simulated else None) or HTTPS_PORT
    try:
        addresses = places.resolve(parts.hostname or "", port, within_s=ends_at - time.monotonic())
    except TimeoutError:
        return _Heard(Outcome.TIMEOUT)
    except (OSError, UnicodeError):
        return _Heard(Outcome.NO_ADDRESS)
    allowed = [address.is_loopback if is_simulated else places.is_public(address) for address in addresses]
    if not all(allowed):
        return _Heard(Outcome.NOT_ALLOWED)
    heard = _Heard(Outcome.NO_ADDRESS)
    for address in addresses[:_MOST_ADDRESSES]:
        heard = _talk(_Pinned(parts.hostname or "", port, str(address), tls=not is_simulated, ends_at=ends_at), parts)
        if heard.outcome is not Outcome.NO_CONNECTION:
            break
    return heard


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, whatever the name would resolve to by now, and for no longer than it has."""

    def __init__(self, host: str, port: int, address: str, *, tls: bool, ends_at: float) -> None:
        super().__init__(host, port, timeout=max(0.1, ends_at - time.monotonic()))
        # An answer that comes byte by byte never meets a timeout of the socket.
        self._alarm = threading.Timer(max(0.1, ends_at - time.monotonic()), self._cut)
        self._alarm.daemon = True
        self._address = address
        self._tls = tls
        self.is_late = False

    def connect(self) -> None:
        self._alarm.start()
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._tls:
            context = ssl.create_default_context()
            tls = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = tls
            tls.do_handshake()

    def close(self) -> None:
        self._alarm.cancel()
        super().close()

    def _cut(self) -> None:
        self.is_late = True
        try:
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
        except (AttributeError, OSError, TypeError):
            # Not connected yet, or not any more.
            return


def _talk(connection: _Pinned, parts: SplitResult) -> _Heard:
    """Only the head of the answer is read."""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", path, headers={"User-Agent": "deploy-desk-check", "Accept": "*/*"})
        answer = connection.getresponse()
        return _Heard(Outcome.ANSWERED, answer.status, answer.headers.get("Location", ""))
    except TimeoutError:
        return _Heard(Outcome.TIMEOUT)
    except ssl.SSLError:
        return _Heard(Outcome.TIMEOUT if connection.is_late else Outcome.TLS)
    except (OSError, http.client.HTTPException, ValueError):
        return _Heard(Outcome.TIMEOUT if connection.is_late else Outcome.NO_CONNECTION)
    finally:
        connection.close()
