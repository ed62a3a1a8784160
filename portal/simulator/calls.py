"""One API call, the routes that answer it, and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from portal.simulator import listing
from portal.simulator.errors import Refusal, invalid, not_found
from portal.simulator.records import Attribution, Deployment, Version
from portal.simulator.shapes import Shapes

if TYPE_CHECKING:
    from portal.simulator.knobs import Settings
    from portal.simulator.lifecycle import Lifecycle
    from portal.simulator.platform import Platform
    from portal.simulator.world import World

Endpoint = Callable[["Call"], Response]
PREFIX = "/api/v1"


class Route(NamedTuple):
    endpoint: Endpoint
    scopes: tuple[str, ...]  # any of them suffices


_routes: list[Rule] = []


def route(method: str, path: str, *scopes: str) -> Callable[[Endpoint], Endpoint]:
    def add(endpoint: Endpoint) -> Endpoint:
        _routes.append(Rule(PREFIX + path, methods=[method], endpoint=Route(endpoint, scopes)))
        return endpoint

    return add


def routes() -> Map:
    return Map([rule.empty() for rule in _routes], strict_slashes=False, merge_slashes=False)


def encoded(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # lone surrogates: legal in JSON as escapes
        return json.dumps(value, default=lambda item: item.isoformat().replace("+00:00", "Z")).encode()


def json_response(value: object, status: int = 200) -> Response:
    return Response(encoded(value), status, content_type="application/json")


class Call:
    """What an endpoint knows: the question, the world, and how to word the answer."""

    def __init__(
        self,
        platform: Platform,
        world: World,
        request: Request,
        params: Mapping[str, Any],
        base_url: str,
        *,
        scopes: frozenset[str] = frozenset(),
    ) -> None:
        self.platform = platform
        self.world = world
        self.scopes = scopes
        self.lifecycle: Lifecycle = next(one for one in platform.lifecycles if one.world is world)
        self.settings: Settings = platform.settings
        self.request = request
        self.params = params
        self.args: Mapping[str, str] = request.args
        self.now: datetime = platform.clock.now()
        self.shapes = Shapes(world, self.settings, base_url)

    # -- the question

    def body(self) -> dict[str, Any]:
        """An absent body is an empty one, with or without a content type."""
        raw = self.request.get_data()
        if not raw.strip():
            return {}
        try:
            body = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Refusal(400, "request body is not valid JSON", code="INVALID_JSON") from None
        if body is None:
            return {}
        if not isinstance(body, dict):
            raise Refusal(422, "request body must be an object")
        return body

    def text(self, body: Mapping[str, Any], name: str, *, required: bool = False, limit: int = 4096) -> str | None:
        value = body.get(name)
        if value is None or value == "":
            if required:
                raise invalid(name, "can't be blank")
            return None
        if not isinstance(value, str):
            raise invalid(name, "must be a string")
        if len(value) > limit:
            raise invalid(name, f"must be at most {limit} characters")
        return value

    def attribution(self, body: Mapping[str, Any], inherited: Attribution | None = None) -> Attribution:
        own = {field: self.text(body, name) for name, field in listing.EXTERNAL.items()}
        base = inherited or Attribution()
        return Attribution(**{field: value or getattr(base, field) for field, value in own.items()})

    def deployment(self) -> Deployment:
        found = self.world.deployments.get(str(self.params["deployment_id"]))
        if found is None:
            raise not_found("deployment")
        return found

    def version(self, deployment: Deployment, version_id: str | None = None) -> Version:
        found = self.world.find_version(deployment, version_id or str(self.params.get("version_id")))
        if found is None:
            raise not_found("version")
        return found

    # -- the answer

    def one(self, row: object, *, status: int = 200, noun: str = "", beside: dict[str, Any] | None = None) -> Response:
        envelope = self.settings["envelope"]
        if envelope == "bare" and isinstance(row, dict) and not beside:
            return self.json(row, status)
        if envelope == "named" and noun:
            return self.json({"data": {noun: row}, **(beside or {})}, status)
        return self.json({"data": row, **(beside or {})}, status)

    def many(
        self,
        noun: str,
        newest_first: Iterable[Any],
        *,
        key: Callable[[Any], list[Any]],
        draw: Callable[[Any], dict[str, Any]],
        beside: Callable[[], dict[str, Any]] | None = None,
    ) -> Response:
        page = listing.arrange(noun, newest_first, key=key, args=self.args, settings=self.settings)
        return self.rows(noun, [draw(row) for row in page.rows], page.beside)

    def rows(self, noun: str, rows: list[dict[str, Any]], beside: dict[str, Any] | None = None) -> Response:
        envelope = self.settings["envelope"]
        if rows and self.settings["broken_row"] == "one":
            rows[0] = {**rows[0], "version_number": "not a number", "name": 17, "state": {"no": "state"}}
        if envelope == "bare":
            return self.json(rows)
        if envelope == "nested":
            return self.json({"data": {noun: rows}, **(beside or {})})
        name = {"items": "items", "named": noun}.get(str(envelope), "data")
        return self.json({name: rows, **(beside or {})})

    def json(self, value: Any, status: int = 200) -> Response:
        value = self._reworded(value)
        if self.settings["canaries"]:
            value = self.platform.canaries.plant(value)
        return Response(encoded(value), status, content_type=str(self.settings["content_type"]))

    def _reworded(self, value: Any) -> Any:
        """The knobs that touch rows of every noun."""
        if self.settings["time_keys"] == "created_at" and self.settings["enum_values"] == "known":
            return value
        if isinstance(value, list):
            return [self._reworded(item) for item in value]
        if not isinstance(value, dict):
            return value
        row = {key: self._reworded(item) for key, item in value.items()}
        if self.settings["time_keys"] == "inserted_at" and "created_at" in row:
            row["inserted_at"] = row.pop("created_at")
        if self.settings["enum_values"] == "unknown":
            row.update({key: f"{row[key]}_v2" for key in ("state", "kind", "status") if isinstance(row.get(key), str)})
        return row

    def deleted(self, **facts: str) -> Response:
        if self.settings["delete_status"] == 200:
            return self.json({**facts, "deleted": True})
        return Response(status=204)
