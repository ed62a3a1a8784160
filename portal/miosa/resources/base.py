"""What all resources share: get an object, list pages, read a log, send a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Generic, TypedDict, TypeVar

from portal.miosa import logs, paging, responses
from portal.miosa.errors import Invalid
from portal.miosa.messages import Endpoint, Request
from portal.miosa.paging import PageToken
from portal.miosa.responses import Changed, Format
from portal.miosa.session import Session
from portal.miosa.types import Page, Row

R = TypeVar("R", bound=Row)


class Attribution(TypedDict, total=False):
    """The platform's own labels (miosa-api.md 7). As a filter they may be ignored, so callers check rows themselves."""

    external_workspace_id: str | None
    external_user_id: str | None
    external_project_id: str | None


def without_none(fields: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


class Resource(Generic[R]):
    format: Format[R]

    def __init__(self, session: Session) -> None:
        self._session = session

    def _get(self, endpoint: Endpoint) -> R:
        response = self._session.request(Request("GET", endpoint))
        return responses.parse_object(response, self._format_below(endpoint))

    def _list(
        self, endpoint: Endpoint, query: Mapping[str, object], limit: int | None, page_token: str | None
    ) -> Page[R]:
        """Raises ValueError for a `page_token` that is not a page's `next`. A `limit` that is refused is left out."""
        token = PageToken.decode(page_token) if page_token else PageToken(limit=limit)
        request = Request("GET", endpoint, {**without_none(query), **token.query()})
        try:
            response = self._session.request(request)
        except Invalid:
            if token.limit is None:
                raise
            token = token._replace(limit=None)
            response = self._session.request(replace(request, query={**without_none(query), **token.query()}))
        return responses.parse_page(response, self._format_below(endpoint), token)

    def _pages(self, endpoint: Endpoint, query: Mapping[str, object], limit: int | None) -> Iterator[Page[R]]:
        return paging.iter_pages(partial(self._list, endpoint, query, limit), _get_key)

    def _log(self, endpoint: Endpoint, query: Mapping[str, object], *, accept: str = logs.ACCEPT_TEXT) -> logs.LogText:
        response = self._session.request(
            Request("GET", endpoint, without_none(query), accept=accept, may_truncate=True)
        )
        log = logs.parse_log(response)
        if log is None:
            raise responses.to_bad_answer(response, "no log in the answer")
        return log

    def _change(self, request: Request) -> Changed:
        return responses.parse_change(self._session.request(request))

    def _format_below(self, endpoint: Endpoint) -> Format[R]:
        """Rows below a deployment's path belong to it, even if they leave its id out."""
        if not endpoint.template.startswith("/deployments/{id}/"):
            return self.format
        return replace(self.format, defaults={"deployment_id": endpoint.ids["id"]})


def _get_key(row: Any) -> str:
    key: str = getattr(row, "id", None) or row.name
    return key
