"""The control endpoints. No fault, rate limit or key applies to them, and they are not in the request log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from werkzeug.wrappers import Request, Response

from portal.simulator.access import FULL_KEY
from portal.simulator.api.call import Call
from portal.simulator.clock import isoformat
from portal.simulator.control.actions import ActionRunner
from portal.simulator.control.overview import list_internal_strings, summarize
from portal.simulator.defaults import CONTROL_PREFIX, SEED_CUSTOMERS, SEED_NUMBER
from portal.simulator.errors import ApiError
from portal.simulator.knobs import InvalidSetting
from portal.simulator.responses import json_response
from portal.simulator.state import Seed, State

MAX_CUSTOMERS = 20_000
MAX_ADVANCE_S = 3_155_760_000  # a hundred years


@dataclass(frozen=True)
class ControlCall:
    state: State
    request: Request
    base_url: str

    def body(self, known: set[str] | None = None) -> dict[str, Any]:
        """Raises ApiError 400 if a key is not among those known."""
        raw = self.request.get_data()
        try:
            body = msgspec.json.decode(raw) if raw.strip() else {}
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ApiError(400, "body is not JSON") from None
        if not isinstance(body, dict):
            raise ApiError(400, "body must be an object")
        if known is not None and (unknown := set(body) - known):
            raise ApiError(400, f"unknown: {', '.join(sorted(unknown))}; choices: {', '.join(sorted(known))}")
        return body


def answer_control(state: State, request: Request, base_url: str) -> Response:
    name = request.path.removeprefix(CONTROL_PREFIX).rstrip("/")
    endpoint = ENDPOINTS.get((request.method, name))
    try:
        if endpoint is None:
            choices = ", ".join(sorted(f"{method} {CONTROL_PREFIX}{path}" for method, path in ENDPOINTS))
            raise ApiError(404, f"no such control endpoint; choices: {choices}")
        return json_response(endpoint(ControlCall(state, request, base_url)))
    except InvalidSetting as error:
        return json_response({"error": str(error)}, 400)
    except ApiError as error:
        return json_response({"error": error.message}, error.status)


def reset(call: ControlCall) -> object:
    body = call.body({"seed", "customers", "settings"})
    customers, number = body.get("customers", SEED_CUSTOMERS), body.get("seed", SEED_NUMBER)
    if not isinstance(customers, int) or not 0 <= customers <= MAX_CUSTOMERS or not isinstance(number, int):
        raise ApiError(400, f"seed must be a whole number, customers one between 0 and {MAX_CUSTOMERS}")
    now = call.state.reset(Seed(number, customers), body.get("settings") or {})
    deployments = len(call.state.store.deployments)
    return {"seed": number, "customers": customers, "deployments": deployments, "at": now.isoformat()}


def list_requests(call: ControlCall) -> object:
    args = call.request.args
    since = args.get("since", "0")
    if not since.isdigit():
        raise ApiError(400, "since must be a number")
    return call.state.request_log.list_since(int(since), details="details" in args, visits="visits" in args)


def show_settings(call: ControlCall) -> object:
    return {"settings": call.state.settings.as_json()}


def change_settings(call: ControlCall) -> object:
    body = call.body()
    call.state.change_settings(body["settings"] if isinstance(body.get("settings"), dict) else body)
    return show_settings(call)


def show_state(call: ControlCall) -> object:
    with call.state.lock:
        call.state.catch_up()
        return summarize(call.state)


def list_faults(call: ControlCall) -> object:
    return {"faults": call.state.faults.as_json()}


def add_fault(call: ControlCall) -> object:
    call.state.faults.add(call.body({"match", "times", "effect"}))
    return list_faults(call)


def clear_faults(call: ControlCall) -> object:
    call.state.faults.clear()
    return list_faults(call)


def advance(call: ControlCall) -> object:
    seconds = call.body({"seconds"}).get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_ADVANCE_S:
        raise ApiError(400, "seconds must be a number that is not negative")
    return {"now": isoformat(call.state.advance(seconds))}


def run_action(call: ControlCall) -> object:
    body = call.body()
    with call.state.lock:
        call.state.catch_up()
        return ActionRunner(Call(call.state, FULL_KEY, call.request, call.base_url), body).run()


def show_dns(call: ControlCall) -> object:
    return {"names": call.state.dns.as_json()}


def set_dns(call: ControlCall) -> object:
    body = call.body({"name", "records", "rcode", "types", "ede"})
    name, records, rcode = body.get("name"), body.get("records"), body.get("rcode")
    types, ede = body.get("types", []), body.get("ede")
    if not isinstance(name, str) or not isinstance(records, list | None):
        raise ApiError(400, "name is text, records a list")
    if not isinstance(types, list) or not isinstance(ede, int | None):
        raise ApiError(400, "types is a list, ede a number")
    if records is None and rcode is None:
        raise ApiError(400, "records or rcode is missing")
    with call.state.lock:
        call.state.dns.set(name, records, rcode, types=types, ede=ede)
    return show_dns(call)


def clear_dns(call: ControlCall) -> object:
    with call.state.lock:
        call.state.dns.clear()
    return show_dns(call)


def show_canaries(call: ControlCall) -> object:
    """The canaries served so far, and real ids and addresses that customers must not see either."""
    with call.state.lock:
        return {"canaries": call.state.canaries.list_served(), "internal": list_internal_strings(call.state.store)}


ENDPOINTS: dict[tuple[str, str], Callable[[ControlCall], object]] = {
    ("POST", "/reset"): reset,
    ("GET", "/requests"): list_requests,
    ("GET", "/settings"): show_settings,
    ("POST", "/settings"): change_settings,
    ("GET", "/state"): show_state,
    ("GET", "/faults"): list_faults,
    ("POST", "/faults"): add_fault,
    ("DELETE", "/faults"): clear_faults,
    ("POST", "/advance"): advance,
    ("POST", "/actions"): run_action,
    ("GET", "/dns"): show_dns,
    ("POST", "/dns"): set_dns,
    ("DELETE", "/dns"): clear_dns,
    ("GET", "/canaries"): show_canaries,
}
