"""The keys that a URL publishes (JWKS). Fetched when needed, kept for a while, and not at a stranger's pace."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit, urlunsplit

from django.utils.translation import gettext as _

from portal.services.errors import Unavailable
from portal.token_keys import TokenKey, parse_jwk

FETCH_TIMEOUT_S = 3.0
MOST_BYTES = 100_000
MOST_KEYS = 50
# Keys are fetched again after this, so that one which was withdrawn stops to work.
KEPT_S = 600.0
# While the URL can't be reached, they are used for so long.
KEPT_AT_MOST_S = 3600.0
# A token with an unknown key id leads to a new fetch, but to no more than one in this time.
FETCH_EVERY_S = 10.0


class KeySet:
    """The keys of one URL, in this process. Times are on the monotonic clock, in seconds."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._keys: dict[str, TokenKey] = {}
        self._fetched_at = self._tried_at = float("-inf")

    def find(self, kid: str, *, now_s: float) -> TokenKey | None:
        """None if the URL publishes no key with this id. Raises Unavailable if its keys are not known."""
        with self._lock:
            is_due = kid not in self._keys or now_s - self._fetched_at > KEPT_S
            if is_due and now_s - self._tried_at >= FETCH_EVERY_S:
                self._refresh(now_s=now_s)
            if now_s - self._fetched_at > KEPT_AT_MOST_S:
                raise Unavailable(_("Sign-in can't be checked right now. Try again in a minute."), retry_after_s=60)
            return self._keys.get(kid)

    def _refresh(self, *, now_s: float) -> None:
        self._tried_at = now_s
        try:
            self._keys = fetch_keys(self.url)
        except (OSError, HTTPException, ValueError, RecursionError):
            return
        self._fetched_at = now_s


@lru_cache(maxsize=4)
def get_key_set(url: str) -> KeySet:
    return KeySet(url)


def fetch_keys(url: str) -> dict[str, TokenKey]:
    """The keys with an id that we can use, by id. Raises OSError, HTTPException, ValueError or RecursionError.

    No redirect is followed: keys come from the URL of the settings and from nowhere else.
    """
    parts = urlsplit(url)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    with closing(connect(parts.hostname or "", parts.port, timeout=FETCH_TIMEOUT_S)) as connection:
        connection.connect()
        with _shut_down_after(FETCH_TIMEOUT_S, connection.sock):
            connection.request("GET", urlunsplit(("", "", parts.path or "/", parts.query, "")))
            response = connection.getresponse()
            body = response.read(MOST_BYTES + 1)
    if response.status != HTTPStatus.OK or len(body) > MOST_BYTES:
        raise ValueError("no answer with keys, or too long")
    published = json.loads(body)
    rows = published.get("keys") if isinstance(published, dict) else None
    if not isinstance(rows, list):
        raise ValueError("no list of keys")
    return {key.kid: key for row in rows[:MOST_KEYS] if (key := _find_usable(row)) is not None}


@contextmanager
def _shut_down_after(seconds: float, connection: socket.socket) -> Iterator[None]:
    """A limit for all of it: the timeout of a socket begins anew with each byte."""
    timer = threading.Timer(seconds, _shut_down, [connection])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):  # it was closed just now
        connection.shutdown(socket.SHUT_RDWR)


def _find_usable(row: object) -> TokenKey | None:
    if not isinstance(row, dict) or row.get("use", "sig") != "sig":
        return None
    try:
        key = parse_jwk(row)
    except ValueError:
        return None
    return key if key.kid else None
