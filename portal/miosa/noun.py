"""What the modules of all nouns do alike: read one, read a page, read all pages, change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from msgspec import UNSET, UnsetType

from portal.miosa import envelope, errors, logs, paging, refusals, wire
from portal.miosa.caller import Caller, Place
from portal.miosa.transport import Answer
from portal.miosa.types.base import Page, Row
from portal.miosa.types.changes import Changed
from portal.miosa.types.deployments import Deployment, Version
from portal.miosa.types.domains import Domain
from portal.miosa.types.releases import Build

R = TypeVar("R", bound=Row)

Query = Mapping[str, str | int | None]
Maybe = str | None | UnsetType


class Listed(NamedTuple):
    """How one kind of row is listed."""

    kind: type[Any]
    names: tuple[str, ...]
    fill: Mapping[str, str] = {}
    keyed_by: str | None = None  # rows may also come as one object, each below its name


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given: neither None nor UNSET."""
    return {name: value for name, value in fields.items() if value is not None and value is not UNSET}


def said(**fields: Any) -> dict[str, Any]:
    """The fields that were said, None among them: it clears a field."""
    return {name: value for name, value in fields.items() if value is not UNSET}


class Noun:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def _one(self, place: Place, kind: type[R], names: Sequence[str], fill: Mapping[str, str] | None = None) -> R:
        answer = self._caller.get(place)
        row, suspect, _ = _unwrap(answer, names)
        try:
            return wire.read_row(row, kind, suspect=suspect, fill=fill)
        except (ValueError, RecursionError) as error:
            reason = str(error)
        raise _bad(answer, reason)

    def _page(self, place: Place, listed: Listed, query: Query, limit: int | None, page_token: str | None) -> Page[Any]:
        token = paging.Token.read(page_token) if page_token else paging.Token(limit=limit)
        asked = given(**query)
        try:
            answer = self._caller.get(place, {**asked, **token.query()})
        except errors.Invalid:
            if token.limit is None:
                raise
            token = token._replace(limit=None)
            answer = self._caller.get(place, {**asked, **token.query()})
        return read_page(answer, listed, token)

    def _pages(self, place: Place, listed: Listed, query: Query, limit: int | None) -> Iterator[Page[Any]]:
        def read(token: str | None) -> Page[Any]:
            return self._page(place, listed, query, limit, token)

        key: Callable[[Any], str] = lambda row: getattr(row, "id", None) or row.name  # noqa: E731 — one use, typed
        return paging.walk(read, key)

    def _log(self, place: Place, query: Query, accept: str = logs.ACCEPT) -> logs.LogText:
        answer = self._caller.get(place, given(**query), accept=accept, may_be_cut=True)
        log = logs.read_log(answer)
        if log is None:
            raise _bad(answer, "no log in the answer")
        return log

    def _change(
        self,
        method: str,
        place: Place,
        *,
        idempotency_key: str,
        body: Mapping[str, Any] | None = None,
        of_domain: bool = False,
        **how: Any,
    ) -> Changed:
        answer = self._caller.change(method, place, idempotency_key=idempotency_key, body=body, **how)
        return read_change(answer, of_domain=of_domain)


def read_page(answer: Answer, listed: Listed, token: paging.Token) -> Page[Any]:
    document = read_document(answer)
    listing = envelope.find_list(document.value, listed.names)
    if listing is None and listed.keyed_by:
        listing = envelope.find_map(document.value, listed.names, listed.keyed_by)
    if listing is None:
        raise _bad(answer, "no list in the answer")
    rows, broken = wire.read_rows(listing.rows, listed.kind, suspect=document.suspect, fill=listed.fill)
    after = paging.token_after(token, listing)
    return Page(
        items=rows,
        unreadable=broken,
        next=after.write() if after else None,
        total=listing.paging.total,
        request_id=refusals.request_id_of(answer.headers),
    )


def read_document(answer: Answer) -> wire.Document:
    try:
        return wire.load(answer.body)
    except wire.BadJsonError as error:
        reason = str(error)
    raise _bad(answer, reason)


def _unwrap(answer: Answer, names: Sequence[str]) -> tuple[dict[str, Any], bool, Mapping[str, Any]]:
    """(the object, whether its strings are suspect, what stands beside it)."""
    document = read_document(answer)
    row = envelope.find_object(document.value, names)
    if row is None:
        raise _bad(answer, "no object in the answer")
    return row, document.suspect, document.value


def _bad(answer: Answer, reason: str) -> errors.BadAnswer:
    kind = answer.headers.get("content-type", "").partition(";")[0][:60]
    error = errors.BadAnswer(
        f"{reason} ({kind or 'no content type'}, {len(answer.body)} bytes)",
        status=answer.status,
        request_id=refusals.request_id_of(answer.headers),
        sent=True,
    )
    error.method, error.path = answer.method, answer.path
    return error


def read_change(answer: Answer, *, of_domain: bool = False) -> Changed:
    """Whatever can be read of a mutation's answer. That it is JSON or empty is all that is asked of it."""
    facts: dict[str, Any] = {
        "status": answer.status,
        "request_id": refusals.request_id_of(answer.headers),
        "replayed": is_replay(answer),
    }
    if not answer.body.strip():
        return Changed(**facts)
    document = read_document(answer)
    whole = document.value if isinstance(document.value, dict) else {}
    row = envelope.find_object(whole, ("domain",) if of_domain else ("deployment", "build")) or {}
    found: dict[str, Any] = {"release_id": wire.legible(whole.get("release_id")) or wire.legible(row.get("release_id"))}
    found |= _domain_in(row, document.suspect) if of_domain else _found_in(row, document.suspect)
    return Changed(**facts, **found)


def _domain_in(row: dict[str, Any], suspect: bool) -> dict[str, Any]:
    return {"domain": try_row(row, Domain, suspect), "deployment_id": wire.legible(row.get("deployment_id"))}


def _found_in(row: dict[str, Any], suspect: bool) -> dict[str, Any]:
    """A version has a number; a build names its commit or its deployment; anything else is a deployment."""
    if "version_number" in row:
        return {"version": try_row(row, Version, suspect), "deployment_id": wire.legible(row.get("deployment_id"))}
    if "commit_sha" in row or "deployment_id" in row:
        return {"build": try_row(row, Build, suspect), "deployment_id": wire.legible(row.get("deployment_id"))}
    deployment = try_row(row, Deployment, suspect)
    return {"deployment": deployment, "deployment_id": deployment.id if deployment else None}


def try_row(row: object, kind: type[R], suspect: bool) -> R | None:
    try:
        return wire.read_row(row, kind, suspect=suspect)
    except (ValueError, RecursionError):
        return None


def is_replay(answer: Answer) -> bool:
    return answer.headers.get("idempotency-replayed", "").lower() == "true"
