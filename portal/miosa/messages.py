"""Requests and responses as this package passes them around."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from portal.miosa import errors
from portal.miosa.types.base import to_id

JSON = "application/json"

_HEADER_VALUE = re.compile(r"[\x20-\x7e]*\Z")
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}\Z")


class Secret:
    """Text or bytes that appear in no repr, log or traceback."""

    __slots__ = ("_content",)

    def __init__(self, content: str | bytes) -> None:
        self._content = content

    @classmethod
    def json(cls, document: Mapping[str, object]) -> Secret:
        """`document` as the bytes of a JSON body."""
        return cls(msgspec.json.encode(document))

    def reveal(self) -> Any:
        return self._content

    def __repr__(self) -> str:
        return "<secret>"

    def __reduce__(self) -> Any:
        raise TypeError("a secret can't be pickled")


class Endpoint:
    """A path template and the ids that fill it: `Endpoint("/deployments/{id}", id="dep_1")`.

    Gates, observers and errors get the template, never an id. Raises NotFound for text that can't be an id of MIOSA's
    (miosa-api.md 2), so that it is never sent.
    """

    __slots__ = ("ids", "template")

    def __init__(self, template: str, **ids: str) -> None:
        for name, value in ids.items():
            if to_id(value) is None:
                raise errors.NotFound(f"{name} is not an id", status=404)
        self.template = template
        self.ids = ids

    def __repr__(self) -> str:
        return f"<Endpoint {self.template}>"

    @property
    def path(self) -> str:
        """The path with its ids, each quoted."""
        return self.template.format(**{name: quote(value, safe="") for name, value in self.ids.items()})


@dataclass(frozen=True, slots=True)
class Request:
    """A call of the API. Without a `deadline_s` of its own it gets the session's.

    `may_truncate`: part of the body is worth having (a log). `hide_error_text`: MIOSA's error text might repeat a
    secret of the body, so it is kept out of errors.
    """

    method: str
    endpoint: Endpoint
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Secret | None = None
    idempotency_key: str | None = None
    accept: str = JSON
    deadline_s: float | None = None
    may_truncate: bool = False
    hide_error_text: bool = False

    def __post_init__(self) -> None:
        if self.idempotency_key is not None:
            check_header_value(self.idempotency_key, "idempotency key")

    @property
    def is_change(self) -> bool:
        return self.method != "GET"

    @property
    def target(self) -> str:
        """Path and query below the base URL."""
        return f"{self.endpoint.path}?{urlencode(self.query)}" if self.query else self.endpoint.path

    @property
    def headers(self) -> dict[str, str]:
        headers = {"Accept": self.accept}
        if self.body is not None:
            headers["Content-Type"] = JSON
        if self.idempotency_key is not None:
            headers["Idempotency-Key"] = self.idempotency_key
        return headers


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing in the middle of something too long: `size` bytes, at `at` of what was kept."""

    at: int
    size: int


@dataclass(frozen=True, slots=True)
class Response:
    """A response of any status. `headers`: names in lower case. `truncated`: the body goes on."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool = False
    request: Request | None = None
    gap: Gap | None = None

    def __repr__(self) -> str:
        return f"<Response {self.status}, {len(self.body)} bytes>"

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def content_type(self) -> str:
        """In lower case, without parameters; "" if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def request_id(self) -> str | None:
        return to_request_id(self.headers.get("x-request-id"))

    def redact(self, secret: Secret) -> Response:
        """The same response with "[key]" wherever the body quotes `secret`."""
        return replace(self, body=self.body.replace(secret.reveal().encode(), b"[key]"))

    @property
    def replayed(self) -> bool:
        """MIOSA repeated its first response to this idempotency key and executed nothing (miosa-api.md 5)."""
        return self.headers.get("idempotency-replayed", "").lower() == "true"


def to_request_id(value: object) -> str | None:
    """`value` if it can be a request id, in a header and in a log."""
    return value if isinstance(value, str) and _REQUEST_ID.match(value) else None


def check_header_value(text: str, name: str, *, may_be_empty: bool = False) -> str:
    """`text` if a header can carry it. Raises ValueError, which names `name` and never the text."""
    if not _HEADER_VALUE.match(text) or text != text.strip() or (not text and not may_be_empty):
        raise ValueError(f"The {name} must be plain ASCII without line breaks or outer spaces, and not empty")
    return text
