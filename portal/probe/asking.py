from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, urljoin, urlsplit

_MOST_REDIRECTS = 3
_MOST_BYTES = 16_384
_RESOLVERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")


class Outcome(StrEnum):
    """How asking ended. Only ANSWERED says anything about the app; the others mean that it could not be asked."""

    ANSWERED = "answered"
    ELSEWHERE = "elsewhere"
    NO_ADDRESS = "no_address"
    NO_CONNECTION = "no_connection"
    NOT_ALLOWED = "not_allowed"
    TIMEOUT = "timeout"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is there if it answered. ELSEWHERE: it sends visitors to another host, where we did not follow."""

    outcome: Outcome
    status: int | None = None
    elapsed_ms: int = 0


def ask(url: str, *, loopback_port: int | None = None, timeout_s: float = 5.0) -> Answer:
    """GET `url`, over https on port 443 only. `loopback_port` allows plain http to this machine on that port, for the simulator's sites."""
    began = time.monotonic()
    ends_at = began + timeout_s
    host = urlsplit(url).hostname or ""
    for _hop in range(_MOST_REDIRECTS + 1):
        parts = urlsplit(url)
        if parts.hostname != host:
            return Answer(Outcome.ELSEWHERE, elapsed_ms=_since(began))
        outcome, status, location = _get(parts, loopback_port, ends_at)
        if outcome is not Outcome.ANSWERED:
            return Answer(outcome, elapsed_ms=_since(began))
        if status not in {301, 302, 303, 307, 308} or not location:
            return Answer(outcome, status, _since(began))
        url = urljoin(url, location)
    return Answer(Outcome.ANSWERED, 310, _since(began))


def _get(parts: SplitResult, loopback_port: int | None, ends_at: float) -> tuple[Outcome, int | None, str]:
    try:
        port = parts.port
    except ValueError:
        return Outcome.NOT_ALLOWED, None, ""
    is_loopback = loopback_port is not None and parts.scheme == "http" and port == loopback_port
    if not is_loopback and (parts.scheme != "https" or port not in {None, 443}):
        return Outcome.NOT_ALLOWED, None, ""
    try:
        addresses = _RESOLVERS.submit(_resolve, parts.hostname or "", port or 443).result(
            max(0.1, ends_at - time.monotonic())
        )
    except NotInTime:
        return Outcome.TIMEOUT, None, ""
    except (OSError, UnicodeError):
        return Outcome.NO_ADDRESS, None, ""
    if not addresses:
        return Outcome.NO_ADDRESS, None, ""
    if not all(
        address.is_loopback if is_loopback else address.is_global and not address.is_multicast for address in addresses
    ):
        return Outcome.NOT_ALLOWED, None, ""
    return _talk(parts, str(addresses[0]), port or 443, is_loopback, ends_at)


def _resolve(host: str, port: int) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = (ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_kind, sockaddr in found)
    return list(dict.fromkeys(_unmapped(address) for address in addresses))


def _unmapped(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address inside an IPv6 one, so that none hides in it."""
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, whatever the name would resolve to by now."""

    def __init__(self, host: str, port: int, address: str, *, tls: bool, ends_at: float) -> None:
        super().__init__(host, port, timeout=max(0.1, ends_at - time.monotonic()))
        self._address = address
        self._tls = tls

    def connect(self) -> None:
        raw = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=self.host) if self._tls else raw


def _talk(
    parts: SplitResult, address: str, port: int, is_loopback: bool, ends_at: float
) -> tuple[Outcome, int | None, str]:
    connection = _Pinned(parts.hostname or "", port, address, tls=not is_loopback, ends_at=ends_at)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(
            "GET", path, headers={"User-Agent": "deploy-desk-check", "Accept": "*/*", "Connection": "close"}
        )
        if connection.sock is not None:
            connection.sock.settimeout(max(0.1, ends_at - time.monotonic()))
        answer = connection.getresponse()
        answer.read(_MOST_BYTES)
        return Outcome.ANSWERED, answer.status, answer.headers.get("Location", "")
    except TimeoutError:
        return Outcome.TIMEOUT, None, ""
    except ssl.SSLError:
        return Outcome.TLS, None, ""
    except (OSError, http.client.HTTPException, ValueError):
        return Outcome.NO_CONNECTION, None, ""
    finally:
        connection.close()


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
