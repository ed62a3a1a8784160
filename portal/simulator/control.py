"""Control below /_control: for tests and people, never faulted, never limited, never logged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from werkzeug.wrappers import Request, Response

from portal.simulator import acts, summary
from portal.simulator.calls import Call, json_response
from portal.simulator.clock import iso
from portal.simulator.errors import Refusal
from portal.simulator.knobs import BadSetting
from portal.simulator.platform import Platform

PREFIX = "/_control"
CENTURY_S = 3_155_760_000


class Control:
    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._doors: dict[tuple[str, str], Callable[[Request, str], object]] = {
            ("POST", "/reset"): self.reset,
            ("GET", "/requests"): self.requests,
            ("GET", "/settings"): self.settings,
            ("POST", "/settings"): self.change_settings,
            ("GET", "/state"): self.world,
            ("GET", "/faults"): self.faults,
            ("POST", "/faults"): self.add_fault,
            ("DELETE", "/faults"): self.clear_faults,
            ("POST", "/advance"): self.advance,
            ("POST", "/actions"): self.act,
            ("GET", "/dns"): self.dns,
            ("POST", "/dns"): self.set_dns,
            ("DELETE", "/dns"): self.clear_dns,
            ("GET", "/canaries"): self.canaries,
        }

    def answer(self, request: Request, base_url: str) -> Response:
        name = request.path.removeprefix(PREFIX).rstrip("/")
        door = self._doors.get((request.method, name))
        try:
            if door is None:
                known = sorted({f"{method} {PREFIX}{path}" for method, path in self._doors})
                raise Refusal(404, f"no such control; there are: {', '.join(known)}")
            return json_response(door(request, base_url))
        except BadSetting as error:
            return json_response({"error": str(error)}, 400)
        except Refusal as refusal:
            return json_response({"error": refusal.message}, refusal.status)

    def reset(self, request: Request, base_url: str) -> object:
        body = body_of(request, {"seed", "customers", "settings"})
        customers, number = body.get("customers", 12), body.get("seed", 1)
        if not isinstance(customers, int) or not 0 <= customers <= 20_000 or not isinstance(number, int):
            raise Refusal(400, "seed must be a whole number, customers one between 0 and 20000")
        settings = body.get("settings") or {}
        now = self.platform.reset(customers=customers, seed_number=number, settings=settings)
        planted = len(self.platform.world.deployments)
        return {"seed": number, "customers": customers, "deployments": planted, "at": now.isoformat()}

    def requests(self, request: Request, base_url: str) -> object:
        since = request.args.get("since", "0")
        if not since.isdigit():
            raise Refusal(400, "since must be a number")
        return self.platform.log.since(int(since), details="details" in request.args, visits="visits" in request.args)

    def settings(self, request: Request, base_url: str) -> object:
        return {"settings": self.platform.settings.described()}

    def change_settings(self, request: Request, base_url: str) -> object:
        body = body_of(request)
        wanted = body["settings"] if isinstance(body.get("settings"), dict) else body
        with self.platform.lock:
            self.platform.settings.change(wanted)
            self.platform.world.ids.form = str(self.platform.settings["id_form"])
        return self.settings(request, base_url)

    def world(self, request: Request, base_url: str) -> object:
        with self.platform.lock:
            self.platform.catch_up()
            return summary.of(self.platform)

    def faults(self, request: Request, base_url: str) -> object:
        return {"faults": self.platform.faults.described()}

    def add_fault(self, request: Request, base_url: str) -> object:
        self.platform.faults.add(body_of(request, {"match", "times", "effect"}))
        return self.faults(request, base_url)

    def clear_faults(self, request: Request, base_url: str) -> object:
        self.platform.faults.clear()
        return self.faults(request, base_url)

    def advance(self, request: Request, base_url: str) -> object:
        seconds = body_of(request, {"seconds"}).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= CENTURY_S:
            raise Refusal(400, "seconds must be a number that is not negative")
        with self.platform.lock:
            now = self.platform.clock.advance(seconds)
            self.platform.world.revision += 1
            self.platform.catch_up()
        return {"now": iso(now)}

    def act(self, request: Request, base_url: str) -> object:
        body = body_of(request)
        with self.platform.lock:
            self.platform.catch_up()
            call = Call(self.platform, self.platform.world, request, {}, base_url)
            return acts.Acts(call, body).perform()

    def dns(self, request: Request, base_url: str) -> object:
        return {"names": self.platform.dns.described()}

    def set_dns(self, request: Request, base_url: str) -> object:
        body = body_of(request, {"name", "records", "rcode"})
        records = body.get("records")
        if not isinstance(body.get("name"), str) or not isinstance(records, list | None):
            raise Refusal(400, "name is text, records a list")
        if records is None and body.get("rcode") is None:
            raise Refusal(400, "records or rcode is missing")
        with self.platform.lock:
            self.platform.dns.set(body["name"], records, body.get("rcode"))
        return self.dns(request, base_url)

    def clear_dns(self, request: Request, base_url: str) -> object:
        with self.platform.lock:
            self.platform.dns.clear()
        return self.dns(request, base_url)

    def canaries(self, request: Request, base_url: str) -> object:
        """Those served so far, and real ids and addresses that customers must not see either."""
        with self.platform.lock:
            return {"canaries": self.platform.canaries.served(), "internal": summary.internal(self.platform.world)}


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
