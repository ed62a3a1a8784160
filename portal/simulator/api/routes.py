"""Declares which function answers which method and path, and with which scopes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from portal.simulator.api.call import Call
from portal.simulator.defaults import API_PREFIX

View = Callable[[Call], Response]


class Route(NamedTuple):
    """`scopes`: any one of them suffices."""

    view: View
    scopes: tuple[str, ...]


class Routes:
    """The routes of one resource. The methods are decorators: `@routes.get("/path/<id>", "scope")`."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def get(self, path: str, *scopes: str) -> Callable[[View], View]:
        return self._add("GET", path, scopes)

    def post(self, path: str, *scopes: str) -> Callable[[View], View]:
        return self._add("POST", path, scopes)

    def patch(self, path: str, *scopes: str) -> Callable[[View], View]:
        return self._add("PATCH", path, scopes)

    def delete(self, path: str, *scopes: str) -> Callable[[View], View]:
        return self._add("DELETE", path, scopes)

    def _add(self, method: str, path: str, scopes: tuple[str, ...]) -> Callable[[View], View]:
        def decorate(view: View) -> View:
            self.rules.append(Rule(API_PREFIX + path, methods=[method], endpoint=Route(view, scopes)))
            return view

        return decorate
