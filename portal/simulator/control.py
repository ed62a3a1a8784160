"""Control below /_control: for tests and people, never faulted, never limited, never logged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from werkzeug.wrappers import Request, Response

from portal.simulator import summary
from portal.simulator.calls import json_response
from portal.simulator.errors import Refusal
from portal.simulator.knobs import BadSetting
from portal.simulator.platform import Platform

PREFIX = "/_control"


class Control:
    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._doors: dict[tuple[str, str], Callable[[Request], object]] = {
            ("POST", "/reset"): self.reset,
            ("GET", "/requests"): self.requests,
            ("GET", "/settings"): self.settings,
            ("POST", "/settings"): self.change_settings,
            ("GET", "/world"): self.world,
        }

    def answer(self, request: Request, base_url: str) -> Response:
        name = request.path.removeprefix(PREFIX).rstrip("/")
        door = self._doors.get((request.method, name))
        try:
            if door is None:
                known = sorted({f"{method} {PREFIX}{path}" for method, path in self._doors})
                raise Refusal(404, f"no such control; there are: {', '.join(known)}")
            return json_response(door(request))
        except BadSetting as error:
            return json_response({"error": str(error)}, 400)
        except Refusal as refusal:
            return json_response({"error": refusal.message}, refusal.status)

    def reset(self, request: Request) -> object:
        body = body_of(request, {"seed", "customers", "settings"})
        customers, number = body.get("customers", 12), body.get("seed", 1)
        if not isinstance(customers, int) or not 0 <= customers <= 20_000 or not isinstance(number, int):
            raise Refusal(400, "seed must be a whole number, customers one between 0 and 20000")
        settings = body.get("settings") or {}
        self.platform.reset(customers=customers, seed_number=number, settings=settings)
        return {"seed": number, "customers": customers, "deployments": len(self.platform.world.deployments)}

    def requests(self, request: Request) -> object:
        since = request.args.get("since", "0")
        if not since.isdigit():
            raise Refusal(400, "since must be a number")
        return self.platform.log.since(int(since), details="details" in request.args)

    def settings(self, request: Request) -> object:
        return {"settings": self.platform.settings.described()}

    def change_settings(self, request: Request) -> object:
        body = body_of(request)
        wanted = body["settings"] if isinstance(body.get("settings"), dict) else body
        with self.platform.lock:
            self.platform.settings.change(wanted)
        return self.settings(request)

    def world(self, request: Request) -> object:
        with self.platform.lock:
            return summary.of(self.platform)


def body_of(request: Request, known: set[str] | None = None) -> dict[str, Any]:
    raw = request.get_data()
    try:
        body = msgspec.json.decode(raw) if raw.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refusal(400, "body is not JSON") from None
    if not isinstance(body, dict):
        raise Refusal(400, "body must be an object")
    if known is not None and (odd := set(body) - known):
        raise Refusal(400, f"unknown: {', '.join(sorted(odd))}; choices: {', '.join(sorted(known))}")
    return body
