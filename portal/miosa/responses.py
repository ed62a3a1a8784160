"""From responses to what resources return: an object, a page, the answer to a change, the answer to a publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypedDict, TypeVar

import msgspec

from portal.miosa import envelope, parsing
from portal.miosa.errors import BadAnswer
from portal.miosa.messages import Response
from portal.miosa.paging import PageToken, find_next_token
from portal.miosa.types import Build, Deployment, Domain, Page, Row, Version
from portal.miosa.types.base import to_id

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Format(Generic[R]):
    """How to find rows of one kind in an envelope. `key`: rows may also be one object, each below its `key`."""

    row_type: type[R]
    object_names: tuple[str, ...] = ()
    list_names: tuple[str, ...] = ()
    key: str | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a change (miosa-api.md 8.9): often reduced, so any field may be missing.

    Read the deployment afterwards. `replayed`: MIOSA knew this idempotency key, executed nothing, and repeated its
    first answer.
    """

    status: int
    request_id: str | None = None
    replayed: bool = False
    deployment_id: str | None = None
    release_id: str | None = None
    deployment: Deployment | None = None
    version: Version | None = None
    build: Build | None = None
    domain: Domain | None = None


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """`promoted` is None if MIOSA leaves it out. It never shows what is live (docs/rules.md, 2)."""

    status: int
    request_id: str | None = None
    replayed: bool = False
    deployment_id: str | None = None
    version_id: str | None = None
    version_number: int | None = None
    version_state: str | None = None
    release_id: str | None = None
    promoted: bool | None = None
    promotion_pending: bool | None = None
    public_url: str | None = None
    deployment: Deployment | None = None
    version: Version | None = None


def parse_object(response: Response, row_format: Format[R]) -> R:
    """Raises BadAnswer if it isn't there or can't be read."""
    document = _load(response)
    row = envelope.find_object(document.value, row_format.object_names)
    if row is None:
        raise to_bad_answer(response, "no object in the answer")
    try:
        return parsing.read_row(
            row, row_format.row_type, needs_cleaning=document.needs_cleaning, defaults=row_format.defaults
        )
    except (ValueError, RecursionError) as error:
        reason = str(error)
    raise to_bad_answer(response, reason)


def parse_page(response: Response, row_format: Format[R], token: PageToken) -> Page[R]:
    """Raises BadAnswer if there is no list, which is never an empty one, or if it is longer than MAX_ROWS."""
    document = _load(response)
    listing = envelope.find_list(document.value, row_format.list_names)
    if listing is None and row_format.key:
        listing = envelope.find_map(document.value, row_format.list_names, row_format.key)
    if listing is None:
        raise to_bad_answer(response, "no list in the answer")
    if len(listing.rows) > envelope.MAX_ROWS:
        raise to_bad_answer(response, f"more than {envelope.MAX_ROWS} rows in the answer")
    rows, unreadable = parsing.read_rows(
        listing.rows, row_format.row_type, needs_cleaning=document.needs_cleaning, defaults=row_format.defaults
    )
    next_token = find_next_token(token, listing)
    return Page(
        items=rows,
        unreadable=unreadable,
        next=next_token.encode() if next_token else None,
        total=listing.paging.total,
        request_id=response.request_id,
    )


def parse_change(response: Response) -> Changed:
    """What can be read of a deployment, version or build. Any JSON, or an empty body, is an answer.

    A version has a number; a build has a commit or a deployment's id; anything else is a deployment (miosa-api.md 8.9).
    """
    document, row = _load_change(response, "deployment", "build")
    found: dict[str, Any] = {"release_id": _find_release_id(document, row)}
    if "version_number" in row:
        found["version"] = _read_or_none(row, Version, document)
        found["deployment_id"] = to_id(row.get("deployment_id"))
    elif "commit_sha" in row or "deployment_id" in row:
        found["build"] = _read_or_none(row, Build, document)
        found["deployment_id"] = to_id(row.get("deployment_id"))
    elif deployment := _read_or_none(row, Deployment, document):
        found["deployment"], found["deployment_id"] = deployment, deployment.id
    return Changed(**_read_facts(response), **found)


def parse_domain_change(response: Response) -> Changed:
    """The same for a domain."""
    document, row = _load_change(response, "domain")
    return Changed(
        **_read_facts(response),
        release_id=_find_release_id(document, row),
        deployment_id=to_id(row.get("deployment_id")),
        domain=_read_or_none(row, Domain, document),
    )


def parse_publish(response: Response, deployment_id: str | None) -> Published:
    """The answer to a publish may be nested, flat or nearly empty (miosa-api.md 8.9, 10.3): what is missing is None."""
    document = _load_if_any(response)
    flat = _flatten(document.value)
    deployment, version = _to_object(flat.get("deployment")), _to_object(flat.get("version"))
    version_id = to_id(version.get("id")) or to_id(flat.get("version_id"))
    if not version and "version_number" in flat:
        version, version_id = flat, to_id(flat.get("id"))
    number, state = version.get("version_number"), version.get("state") or (flat.get("state") if version_id else None)
    url = deployment.get("public_url") or flat.get("public_url") or flat.get("url")
    deployment_ids = (deployment.get("id"), flat.get("deployment_id"), version.get("deployment_id"), deployment_id)
    return Published(
        **_read_facts(response),
        deployment_id=_find_id(*deployment_ids),
        version_id=version_id,
        version_number=number if isinstance(number, int) and not isinstance(number, bool) else None,
        version_state=parsing.clean(state) if isinstance(state, str) else None,
        release_id=_find_id(_to_object(flat.get("release")).get("id"), flat.get("release_id")),
        promoted=_to_bool(flat.get("promoted")),
        promotion_pending=_to_bool(flat.get("promotion_pending")),
        public_url=parsing.clean(url) if isinstance(url, str) else None,
        deployment=_read_or_none(deployment, Deployment, document),
        version=_read_or_none(version, Version, document),
    )


def to_bad_answer(response: Response, reason: str) -> BadAnswer:
    """An error that describes the response and quotes nothing of it."""
    kind = response.content_type[:60] or "no content type"
    error = BadAnswer(
        f"{reason} ({kind}, {len(response.body)} bytes)",
        status=response.status,
        request_id=response.request_id,
        sent=True,
    )
    if response.request is not None:
        error.method, error.path = response.request.method, response.request.endpoint.template
    return error


def _load(response: Response) -> parsing.Document:
    try:
        return parsing.load(response.body)
    except parsing.BadJsonError as error:
        reason = str(error)
    raise to_bad_answer(response, reason)


def _load_if_any(response: Response) -> parsing.Document:
    return _load(response) if response.body.strip() else parsing.Document({}, needs_cleaning=False)


def _load_change(response: Response, *names: str) -> tuple[parsing.Document, dict[str, Any]]:
    document = _load_if_any(response)
    return document, envelope.find_object(document.value, names) or {}


class _Facts(TypedDict):
    status: int
    request_id: str | None
    replayed: bool


def _read_facts(response: Response) -> _Facts:
    return {"status": response.status, "request_id": response.request_id, "replayed": response.replayed}


def _read_or_none(row: object, row_type: type[R], document: parsing.Document) -> R | None:
    try:
        return parsing.read_row(row, row_type, needs_cleaning=document.needs_cleaning)
    except (ValueError, RecursionError):
        return None


def _find_release_id(document: parsing.Document, row: Mapping[str, Any]) -> str | None:
    return _find_id(_to_object(document.value).get("release_id"), row.get("release_id"))


def _find_id(*values: object) -> str | None:
    return next((found for value in values if (found := to_id(value))), None)


def _flatten(document: object) -> dict[str, Any]:
    outer = _to_object(document)
    return {**outer, **_to_object(outer.get("data"))}


def _to_object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _to_bool(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
