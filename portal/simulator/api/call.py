"""One API call: reading its request, and wording its response as the knobs demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from werkzeug.wrappers import Request, Response

from portal.simulator.access import ApiKey
from portal.simulator.api.pagination import Pagination, SortKey, creation_key
from portal.simulator.api.serializers import Row, Serializer
from portal.simulator.errors import ApiError, invalid, not_found
from portal.simulator.knobs import Settings
from portal.simulator.lifecycle import Lifecycle
from portal.simulator.records import Attribution, Deployment, Sandbox, Version, Workspace
from portal.simulator.responses import json_response
from portal.simulator.state import State
from portal.simulator.store import Store

EXTERNAL_KEYS = {"external_workspace_id": "workspace", "external_user_id": "user", "external_project_id": "project"}
MAX_TEXT = 4096
ENUM_KEYS = ("state", "kind", "status")
BROKEN_VALUES: Mapping[str, Any] = {"version_number": "not a number", "name": 17, "state": {"no": "state"}}


class Call:
    """The argument of every view. `params` come from the path; `lifecycle` and `store` belong to the key's tenant."""

    def __init__(
        self, state: State, key: ApiKey, request: Request, base_url: str, params: Mapping[str, Any] | None = None
    ) -> None:
        self.state = state
        self.key = key
        self.request = request
        self.args: Mapping[str, str] = request.args
        self.params = params or {}
        self.now: datetime = state.clock.now()
        self.settings: Settings = state.settings
        self.lifecycle: Lifecycle = state.lifecycle_of(key)
        self.store: Store = self.lifecycle.store
        self.serializer = Serializer(self.store, self.settings, base_url)

    # -- reading the request

    def body(self) -> dict[str, Any]:
        """An absent body is an empty one, with or without a content type (section 15)."""
        raw = self.request.get_data()
        if not raw.strip():
            return {}
        try:
            body = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ApiError(400, "request body is not valid JSON", code="INVALID_JSON") from None
        if body is None:
            return {}
        if not isinstance(body, dict):
            raise ApiError(422, "request body must be an object")
        return body

    def text(self, body: Mapping[str, Any], name: str, *, required: bool = False, limit: int = MAX_TEXT) -> str | None:
        """A string field of the body; an empty one counts as absent."""
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

    def metadata(self, body: Mapping[str, Any]) -> dict[str, Any]:
        metadata = body.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise invalid("metadata", "must be an object")
        return metadata

    def attribution(self, body: Mapping[str, Any], inherited: Attribution | None = None) -> Attribution:
        own = Attribution(**{field: self.text(body, key) for key, field in EXTERNAL_KEYS.items()})
        return own.or_else(inherited or Attribution())

    def matches_attribution(self, attribution: Attribution) -> bool:
        """Whether a row passes the external_* filters of the query (section 7)."""
        if self.settings["attribution_filter"] == "ignored":
            return True
        return all(
            getattr(attribution, field) == self.args[key] for key, field in EXTERNAL_KEYS.items() if key in self.args
        )

    def customer_filter(self) -> str | None:
        """The external_workspace_id to look up in an index, if it filters at all."""
        if self.settings["attribution_filter"] == "ignored":
            return None
        return self.args.get("external_workspace_id")

    def get_deployment(self) -> Deployment:
        found = self.store.deployments.get(str(self.params["deployment_id"]))
        if found is None:
            raise not_found("deployment")
        return found

    def get_version(self, deployment: Deployment, version_id: str | None = None) -> Version:
        """The version of the path unless another id is given."""
        found = self.store.find_version(deployment, version_id or str(self.params.get("version_id")))
        if found is None:
            raise not_found("version")
        return found

    def get_release(self, deployment: Deployment, release_id: str | None = None) -> Version:
        """The version that points at the release of the path unless another id is given."""
        found = deployment.find_release(release_id or str(self.params.get("release_id")))
        if found is None:
            raise not_found("release")
        return found

    def get_workspace(self, workspace_id: str | None = None) -> Workspace:
        found = self.store.workspaces.get(workspace_id or str(self.params.get("workspace_id")))
        if found is None:
            raise not_found("workspace")
        return found

    def get_sandbox(self, sandbox_id: str | None = None) -> Sandbox:
        found = self.store.sandboxes.get(sandbox_id or str(self.params.get("sandbox_id")))
        if found is None:
            raise not_found("sandbox")
        return found

    def pagination(self, noun: str, sort_key: SortKey = creation_key) -> Pagination:
        return Pagination(noun, sort_key, self.args, self.settings)

    # -- wording the response (section 3.1)

    def respond(
        self, row: object, *, status: int = 200, noun: str = "", beside: Mapping[str, Any] | None = None
    ) -> Response:
        """One object. `beside`: keys next to `data`."""
        envelope = self.settings["envelope"]
        if envelope == "bare" and isinstance(row, dict) and not beside:
            return self.respond_json(row, status)
        if envelope == "named" and noun:
            row = {noun: row}
        return self.respond_json({"data": row, **(beside or {})}, status)

    def respond_page(
        self,
        noun: str,
        newest_first: Iterable[Any],
        serialize: Callable[[Any], Row],
        sort_key: SortKey = creation_key,
    ) -> Response:
        page = self.pagination(noun, sort_key).page(newest_first)
        return self.respond_rows(noun, [serialize(record) for record in page.records], page.beside)

    def respond_rows(self, noun: str, rows: list[Row], beside: Mapping[str, Any] | None = None) -> Response:
        envelope = self.settings["envelope"]
        if rows and self.settings["broken_row"] == "one":
            rows[0] = {**rows[0], **BROKEN_VALUES}
        if envelope == "bare":
            return self.respond_json(rows)
        if envelope == "nested":
            return self.respond_json({"data": {noun: rows}, **(beside or {})})
        key = {"items": "items", "named": noun}.get(str(envelope), "data")
        return self.respond_json({key: rows, **(beside or {})})

    def respond_deleted(self, **facts: str) -> Response:
        if self.settings["delete_status"] == 200:
            return self.respond_json({**facts, "deleted": True})
        return Response(status=204)

    def respond_json(self, value: Any, status: int = 200) -> Response:
        value = self._reworded(value)
        if self.settings["canaries"]:
            value = self.state.canaries.plant(value, is_open=self.settings["canaries"] == "open")
        return json_response(value, status, content_type=str(self.settings["content_type"]))

    def _reworded(self, value: Any) -> Any:
        """Applies the knobs that concern rows of every resource."""
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
            row.update({key: f"{row[key]}_v2" for key in ENUM_KEYS if isinstance(row.get(key), str)})
        return row
