"""The only file that speaks HTTP."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

from portal.miosa import address, errors, sockets

CONNECT_S = 1.0
MOST_BYTES = 8 * 1024 * 1024
_CHUNK = 64 * 1024

_FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    UnicodeError,
)


class Hidden:
    """Bytes or text that never shows in a repr, a log or a traceback."""

    __slots__ = ("_content",)

    def __init__(self, content: str | bytes) -> None:
        self._content = content

    def reveal(self) -> Any:
        return self._content

    def __repr__(self) -> str:
        return "<hidden>"

    def __reduce__(self) -> Any:
        raise TypeError("a secret is not pickled")


class Request(NamedTuple):
    method: str
    target: str  # path and query, quoted, below the base URL
    request_id: str
    accept: str = "application/json"
    body: Hidden | None = None
    idempotency_key: str | None = None
    may_be_cut: bool = False  # a text that is worth having in part


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    cut: bool = False
    method: str = ""
    path: str = ""  # the template, for errors about what the body holds

    def __repr__(self) -> str:
        return f"<Answer {self.status}, {len(self.body)} bytes>"


class _BoundedHTTPConnection(HTTPConnection):
    def _new_conn(self) -> Any:
        return sockets.connect(self._dns_host, self.port or 80, CONNECT_S)


class _BoundedHTTPSConnection(HTTPSConnection):
    def _new_conn(self) -> Any:
        return sockets.connect(self._dns_host, self.port or 443, CONNECT_S)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _BoundedHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedHTTPSConnection


class _Adapter(HTTPAdapter):
    """Never tries twice: urllib3 would send a PUT or a DELETE again."""

    def __init__(self, size: int) -> None:
        super().__init__(pool_connections=1, pool_maxsize=size, max_retries=0, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        context = create_urllib3_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = sockets.BoundedTLSSocket
        super().init_poolmanager(*args, ssl_context=context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _Bearer(requests.auth.AuthBase):
    """Puts the key on a request at the last moment, if it goes where the key belongs."""

    def __init__(self, key: Hidden, origin: str) -> None:
        self._key, self._origin = key, origin

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if not (request.url or "").startswith(f"{self._origin}/"):
            raise ValueError("the key goes to one host only")
        request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
        return request


class Transport:
    """One connection pool to one host, safe for threads.

    It drives the adapter itself: a session would add what must not be here, which is cookies, redirects (whose bodies
    it reads without bound), and proxies and passwords from the environment.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        tenant: str | None = None,
        user_agent: str = "deploy-desk",
        pool_size: int = 20,
        ca_bundle: str | None = None,
    ) -> None:
        self.base = address.read_base(base_url)
        self._key = Hidden(address.header_text(api_key, "key"))
        self._auth = _Bearer(self._key, self.base.origin)
        agent = address.header_text(user_agent, "user agent", may_be_empty=True)
        self._headers = {"User-Agent": agent, "Accept-Encoding": "gzip"}
        if tenant:
            self._headers["X-MIOSA-Tenant"] = address.header_text(tenant, "tenant")
        if ca_bundle and not Path(ca_bundle).is_file():
            raise ValueError("The CA bundle is no file")
        self._verify: str | bool = ca_bundle or True
        self._adapter = _Adapter(pool_size)
        self._places = threading.BoundedSemaphore(pool_size)

    def __repr__(self) -> str:
        return f"<Transport {self.base.url}>"

    def without_key(self, content: bytes) -> bytes:
        """For texts of errors: a server may quote the key it doesn't know."""
        key: str = self._key.reveal()
        return content.replace(key.encode(), b"[key]")

    def close(self) -> None:
        self._adapter.close()

    def send(self, request: Request, ends_at: float) -> Answer:
        """The answer, whatever its status. Raises Unreachable, AnswerLost, DeadlineExceeded or BadAnswer.

        No error carries a chain: what lies below holds the key in its frames.
        """
        call = sockets.Call(ends_at)
        if call.left_s() <= 0 or not self._places.acquire(timeout=max(call.left_s(), 0)):
            late = errors.DeadlineExceeded("before a connection was free", sent=False)
            late.at_home = True
            raise late
        try:
            outcome = self._try(request, call)
        finally:
            self._places.release()
        if isinstance(outcome, errors.MiosaError):
            raise outcome
        return outcome

    def _try(self, request: Request, call: sockets.Call) -> Answer | errors.MiosaError:
        sockets.current.call = call
        try:
            return self._exchange(request, call)
        except _FAILURES as failure:
            return _explain(failure, call)
        finally:
            sockets.current.call = None

    def _exchange(self, request: Request, call: sockets.Call) -> Answer | errors.MiosaError:
        prepared = requests.Request(
            request.method,
            self.base.url + request.target,
            headers=self._headers_of(request),
            data=request.body.reveal() if request.body else None,
            auth=self._auth,
        ).prepare()
        left = max(call.left_s(), 0.001)
        response = self._adapter.send(prepared, stream=True, timeout=(min(CONNECT_S, left), left), verify=self._verify)
        try:
            return _receive(request, response, call)
        finally:
            response.close()

    def _headers_of(self, request: Request) -> dict[str, str]:
        headers = {**self._headers, "Accept": request.accept, "X-Request-ID": request.request_id}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if request.idempotency_key is not None:
            headers["Idempotency-Key"] = request.idempotency_key
        return headers


def _receive(request: Request, response: requests.Response, call: sockets.Call) -> Answer | errors.MiosaError:
    headers = {name.lower(): value for name, value in response.headers.items()}
    streams = headers.get("content-type", "").startswith("text/event-stream")
    # A stream's bytes are taken as they come, or those waiting for their chunk to fill would be lost at the deadline.
    read = response.raw.read1 if streams else response.raw.read
    body = bytearray()
    cut = False
    try:
        while chunk := read(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > MOST_BYTES:
                if not request.may_be_cut:
                    return errors.BadAnswer("longer than 8 MB", status=response.status_code, sent=True)
                del body[MOST_BYTES:]
                cut = True
                break
    except _FAILURES as failure:
        if not (request.may_be_cut and streams):
            error = _explain(failure, call)
            error.status = response.status_code
            return error
        cut = True
    return Answer(response.status_code, headers, bytes(body), cut)


def _explain(failure: Exception, call: sockets.Call) -> errors.MiosaError:
    names = _names(failure)
    if isinstance(failure, urllib3.exceptions.DecodeError):
        return errors.BadAnswer("can't be unpacked", sent=True)
    if call.left_s() <= 0:
        return errors.DeadlineExceeded(names, sent=call.sent)
    return errors.AnswerLost(names, sent=True) if call.sent else errors.Unreachable(names, sent=False)


def _names(failure: BaseException) -> str:
    """Class names from the outside in, with the system's own words at the end; others' texts may quote a request."""
    chain: list[str] = []
    current: BaseException | None = failure
    while current is not None and len(chain) < 6:
        words = f" ({current.strerror})" if isinstance(current, OSError) and current.strerror else ""
        chain.append(type(current).__name__ + words)
        current = current.__cause__ or current.__context__
    return " < ".join(dict.fromkeys(chain))
