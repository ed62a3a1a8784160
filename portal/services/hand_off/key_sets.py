"""The keys that a URL publishes (JWKS). Fetched when needed, kept for a while, and not at a stranger's pace."""

import json
import threading
import time
import urllib.error
import urllib.request
from functools import lru_cache
from http.client import HTTPException
from typing import Any

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


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_redirect: Any) -> None:
        """None makes it an error: keys come from the URL of the settings and from nowhere else."""


def fetch_keys(url: str) -> dict[str, TokenKey]:
    """The keys with an id that we can use, by id. Raises OSError, HTTPException, ValueError or RecursionError."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)
    deadline = time.monotonic() + FETCH_TIMEOUT_S
    with opener.open(url, timeout=FETCH_TIMEOUT_S) as response:
        body = b""
        while chunk := response.read1(MOST_BYTES):
            body += chunk
            if len(body) > MOST_BYTES or time.monotonic() > deadline:
                raise ValueError("too long, or too slow")
    published = json.loads(body)
    rows = published.get("keys") if isinstance(published, dict) else None
    if not isinstance(rows, list):
        raise ValueError("no list of keys")
    return {key.kid: key for row in rows[:MOST_KEYS] if (key := _find_usable(row)) is not None}


def _find_usable(row: object) -> TokenKey | None:
    if not isinstance(row, dict) or row.get("use", "sig") != "sig":
        return None
    try:
        key = parse_jwk(row)
    except ValueError:
        return None
    return key if key.kid else None
