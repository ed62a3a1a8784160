"""Sends requests with `requests`. The only module that imports an HTTP library."""

from __future__ import annotations

import http.client
import ipaddress
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, NamedTuple, TypedDict, Unpack
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

from portal.miosa.deadline import CONNECT_TIMEOUT_S, Deadline, DeadlineTLSSocket, Exchange, connect
from portal.miosa.errors import AnswerLost, BadAnswer, DeadlineExceeded, MiosaError, Unreachable
from portal.miosa.messages import Gap, Request, Response, Secret, check_header_value

MAX_BODY_BYTES = 8 * 1024 * 1024
# Of a longer log, how much is kept of its beginning; the rest is its end.
HEAD_BYTES = 2 * 1024 * 1024
POOL_SIZE = 20
USER_AGENT = "deploy-desk"  # names neither MIOSA nor this software (miosa-api.md 1)

_CHUNK_BYTES = 64 * 1024
_OVERFLOW_BYTES = 1024 * 1024  # so that the middle is cut seldom
_MAX_CAUSES = 6
_VERSIONED = re.compile(r"/v\d+\Z")


class BodyTooLongError(ValueError):
    pass


_FAILURES = (
    BodyTooLongError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    UnicodeError,
)


class BaseURL(NamedTuple):
    """`origin` is the only host that gets the key; `prefix` ends with the API's version."""

    origin: str
    prefix: str

    def __str__(self) -> str:
        return self.origin + self.prefix


def parse_base_url(text: str) -> BaseURL:
    """`https://host`, with or without `/api/v1` (miosa-api.md 1). Plain http only for this machine.

    Raises ValueError with a sentence that names the mistake.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("The base URL is not a URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("The base URL must begin with https:// and name a host")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("The base URL must not contain a user, query or fragment")
    if not host.isascii() or not re.fullmatch(r"[A-Za-z0-9._:\-]+", host):
        raise ValueError("The base URL's host must be plain ASCII")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("The base URL must be https, unless it is on this machine: the key would be sent unencrypted")
    host = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    return BaseURL(origin, _with_version(parts.path))


def _with_version(path: str) -> str:
    path = re.sub(r"/+", "/", path).rstrip("/")
    if _VERSIONED.search(path):
        return path
    return f"{path}/v1" if path.endswith("/api") else f"{path}/api/v1"


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class TransportOptions(TypedDict, total=False):
    """`user_agent` may be "", which is sent as it is. `ca_bundle`: a file of certificates to trust."""

    user_agent: str
    pool_size: int
    ca_bundle: str | None


class Transport:
    """One connection pool to one host. Threads may share it."""

    def __init__(
        self, base_url: str, api_key: str, tenant: str | None = None, **options: Unpack[TransportOptions]
    ) -> None:
        self.base_url = parse_base_url(base_url)
        self._api_key = Secret(check_header_value(api_key, "API key"))
        pool_size = options.get("pool_size", POOL_SIZE)
        # urllib3's pool would wait for a free connection without a limit.
        self._free_connections = threading.BoundedSemaphore(pool_size)
        self._session = _Session()
        # No other adapter: a request to another host, and with it the key, has nowhere to go.
        self._session.adapters.clear()
        self._session.mount(f"{self.base_url.origin}/", _Adapter(pool_size))
        self._session.auth = _BearerAuth(self._api_key)
        user_agent = check_header_value(options.get("user_agent", USER_AGENT), "user agent", may_be_empty=True)
        self._session.headers = CaseInsensitiveDict({"User-Agent": user_agent, "Accept-Encoding": "gzip"})
        if tenant:
            self._session.headers["X-MIOSA-Tenant"] = check_header_value(tenant, "tenant")
        ca_bundle = options.get("ca_bundle")
        if ca_bundle and not Path(ca_bundle).is_file():
            raise ValueError("The CA bundle is not a file")
        self._session.verify = ca_bundle or True

    def __repr__(self) -> str:
        return f"<Transport {self.base_url}>"

    def close(self) -> None:
        self._session.close()

    def send(self, request: Request, *, request_id: str, deadline: Deadline) -> Response:
        """Send `request` once and return its response, of any status.

        Raises Unreachable, AnswerLost, DeadlineExceeded or BadAnswer. No error has a cause or a context: their frames
        hold the key.
        """
        status: int | None = None
        result: Response | MiosaError
        with self._connection_slot(deadline), Exchange(deadline) as exchange:
            try:
                with closing(self._session.request(**self._arguments(request, request_id, deadline))) as received:
                    status = received.status_code
                    result = _read_response(request, received)
            except _FAILURES as failure:
                result = _translate(failure, exchange)
                result.status = status
        if isinstance(result, MiosaError):
            raise result
        return result if result.is_success else result.redact(self._api_key)

    @contextmanager
    def _connection_slot(self, deadline: Deadline) -> Iterator[None]:
        if deadline.left_s <= 0 or not self._free_connections.acquire(timeout=max(deadline.left_s, 0)):
            raise DeadlineExceeded("no connection was free in time", is_local=True)
        try:
            yield
        finally:
            self._free_connections.release()

    def _arguments(self, request: Request, request_id: str, deadline: Deadline) -> dict[str, Any]:
        left_s = max(deadline.left_s, 0.001)
        return {
            "method": request.method,
            "url": f"{self.base_url}{request.target}",
            "headers": {**request.headers, "X-Request-ID": request_id},
            "data": request.body.reveal() if request.body else None,
            "timeout": (min(CONNECT_TIMEOUT_S, left_s), left_s),
            "allow_redirects": False,
            "stream": True,
        }


class _Session(requests.Session):
    """Keeps no cookies, reads nothing from the environment (proxies, netrc), follows no redirect."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, always: `requests` would read a redirect's body without a limit, even when it may not follow it."""


class _BearerAuth(AuthBase):
    """Adds the key when a request is prepared, so that it is in no argument and no attribute of the session."""

    def __init__(self, api_key: Secret) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._api_key.reveal()}"
        return request


class _Adapter(HTTPAdapter):
    """Connects with sockets that keep the deadline, over TLS 1.2 or newer.

    It sends each request once: urllib3's own retries would send a change again.
    """

    def __init__(self, pool_size: int) -> None:
        super().__init__(pool_connections=1, pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        context = create_urllib3_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = DeadlineTLSSocket
        super().init_poolmanager(*args, ssl_context=context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _HTTPConnection(HTTPConnection):
    def _new_conn(self) -> Any:
        return connect(self._dns_host, self.port or 80)


class _HTTPSConnection(HTTPSConnection):
    def _new_conn(self) -> Any:
        return connect(self._dns_host, self.port or 443)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


def _read_response(request: Request, received: requests.Response) -> Response:
    """Raises BodyTooLongError above MAX_BODY_BYTES, unless part of the body will do."""
    headers = {name.lower(): value for name, value in received.headers.items()}
    is_stream = headers.get("content-type", "").startswith("text/event-stream")
    # read() waits for a full chunk, and what a stream has sent of one would be lost at the deadline.
    read = received.raw.read1 if is_stream else received.raw.read
    body = bytearray()
    omitted = 0
    truncated = False
    try:
        while chunk := read(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > MAX_BODY_BYTES and not request.may_truncate:
                raise BodyTooLongError
            if len(body) > MAX_BODY_BYTES + _OVERFLOW_BYTES:
                omitted += _omit_middle(body)
    except _FAILURES:
        if not request.may_truncate or not (is_stream or omitted):
            raise
        truncated = True
    omitted += _omit_middle(body)
    gap = Gap(HEAD_BYTES, omitted) if omitted else None
    return Response(received.status_code, headers, bytes(body), truncated, request, gap)


def _omit_middle(body: bytearray) -> int:
    """Cut what is more than MAX_BODY_BYTES from the middle. Returns how many bytes that was."""
    excess = max(len(body) - MAX_BODY_BYTES, 0)
    del body[HEAD_BYTES : HEAD_BYTES + excess]
    return excess


def _translate(failure: Exception, exchange: Exchange) -> MiosaError:
    if isinstance(failure, BodyTooLongError):
        return BadAnswer("the body is longer than 8 MB", sent=True)
    if isinstance(failure, urllib3.exceptions.DecodeError):
        return BadAnswer("the body can't be decompressed", sent=True)
    causes = _causes(failure)
    if exchange.deadline.left_s <= 0:
        return DeadlineExceeded(causes, sent=exchange.sent)
    return AnswerLost(causes, sent=True) if exchange.sent else Unreachable(causes, sent=False)


def _causes(failure: BaseException) -> str:
    """Class names, outermost first, with the system's own words. Other texts may quote the request."""
    chain: list[str] = []
    current: BaseException | None = failure
    while current is not None and len(chain) < _MAX_CAUSES:
        words = f" ({current.strerror})" if isinstance(current, OSError) and current.strerror else ""
        chain.append(type(current).__name__ + words)
        current = current.__cause__ or current.__context__
    return " < ".join(dict.fromkeys(chain))
