"""The error tree, its texts, and whether the request may have been executed."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from portal import miosa
from portal.miosa import error_bodies, errors
from portal.miosa.error_bodies import parse_error
from portal.miosa.messages import Response
from tests.miosa.conftest import Serve
from tests.miosa.server import respond, send_json

TREE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.MiosaError)]


def parse(document: Any) -> error_bodies.ErrorBody:
    return error_bodies.parse_body(json.dumps(document).encode())


def test_the_drawn_tree_is_the_real_one() -> None:
    drawing = Path(errors.__file__).read_text().split('"""')[1]
    branches = re.finditer(r"^([│ ]*(?:├── |└── )?)([A-Z]\w+)(?: |$)", drawing, re.MULTILINE)
    drawn = [(len(match[1]) // 4, match[2]) for match in branches]
    parents: dict[str, str] = {}
    stack: list[str] = []
    for depth, name in drawn[1:]:
        del stack[depth:]
        if stack:
            parents[name] = stack[-1]
        stack.append(name)
    real = {kind.__name__: kind.__base__.__name__ for kind in TREE if kind is not errors.MiosaError and kind.__base__}
    assert parents == real


def test_texts_for_people_name_no_vendor() -> None:
    for kind in TREE:
        assert kind.for_people.endswith(".")
        assert "miosa" not in kind.for_people.lower()
    codes = [kind.code for kind in TREE]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", TREE)
def test_errors_survive_copies(kind: type[errors.MiosaError]) -> None:
    error = kind("why", status=418, request_id="r-1", sent=True, retry_after_s=3.0)
    error.path = "/x"
    for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 - our own bytes
        assert again.__dict__ == error.__dict__
        assert str(again) == error.for_log


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, miosa.Invalid),
        (401, miosa.Unauthorized),
        (402, miosa.PaymentRequired),
        (403, miosa.Forbidden),
        (404, miosa.NotFound),
        (405, miosa.NotSupported),
        (406, miosa.NotSupported),
        (408, miosa.ServerError),
        (409, miosa.Conflict),
        (410, miosa.Gone),
        (413, miosa.TooLarge),
        (418, miosa.Refused),
        (422, miosa.Invalid),
        (429, miosa.RateLimited),
        (500, miosa.ServerError),
        (501, miosa.NotSupported),
        (502, miosa.ServerError),
        (503, miosa.ServerError),
        (504, miosa.ServerError),
        (599, miosa.ServerError),
        (304, miosa.Redirected),
        (600, miosa.BadAnswer),
        (999, miosa.BadAnswer),
    ],
)
def test_every_status_of_a_change(serve: Serve, status: int, kind: type[errors.MiosaError]) -> None:
    client, server = serve(send_json({"error": {"code": "SOME_CODE", "message": "words"}}, status=status))
    with pytest.raises(miosa.MiosaError) as caught:
        client.deployments.rollback("dep_1", version_id="ver_1", idempotency_key="k-1")
    error = caught.value
    assert type(error) is kind
    assert error.status == status
    assert error.request_id == "up-1"
    assert error.sent is not issubclass(kind, miosa.Refused)
    assert (error.method, error.path) == ("POST", "/deployments/{id}/rollback")
    assert "status=" in error.for_log
    assert "up-1" in error.for_log
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("document", "message", "code"),
    [
        (
            {"error": {"code": "VALIDATION_ERROR", "message": "text", "details": {"name": ["x"]}}},
            "text",
            "validation_error",
        ),
        ({"error": "human text", "code": "CONFLICT"}, "human text", "conflict"),
        ({"error": "UPPER_CODE", "detail": "text", "message": "later"}, "text", "upper_code"),
        ({"error": "not_found"}, "not_found", "not_found"),
        ({"error": "human", "detail": "not this"}, "not this", None),
        ({"message": "text", "code": "Mixed_Case"}, "text", "mixed_case"),
        ({"errors": {"field": ["odd"]}}, "", None),
        ({"errors": [{"code": "BAD_NAME", "field": "name", "message": "odd"}]}, "odd", "bad_name"),
        ({"errors": ["first", "second"]}, "first", None),
        ({"detail": "text"}, "text", None),
        ({"reason": "text"}, "text", None),
        ("just text", "just text", None),
        ({"error": {"message": 5, "code": {"x": 1}}, "errors": "odd"}, "", None),
        ([1], "", None),
    ],
)
def test_every_shape_of_an_error_body(document: Any, message: str, code: str | None) -> None:
    found = parse(document)
    assert (found.message, found.code) == (message, code)
    assert found.is_json


def test_invalid_fields_are_named_without_their_texts() -> None:
    assert parse({"error": {"details": {"name": ["secret is too short"]}}}).fields == ("name",)
    assert parse({"errors": {"port": ["x"], "name": ["y"]}}).fields == ("port", "name")
    assert parse({"errors": [{"field": "port"}, {"field": 5}, "x"]}).fields == ("port",)


@pytest.mark.parametrize("content", [b"<!doctype html><h1>Not here</h1>", b"not found", b""])
def test_not_found_from_a_gateway_is_marked(serve: Serve, content: bytes) -> None:
    client, _ = serve(respond(content, status=404, kind="text/html"))
    with pytest.raises(miosa.NotFound) as caught:
        client.deployments.get("dep_1")
    assert caught.value.from_gateway
    assert "<h1>" not in caught.value.for_log


def test_not_found_from_miosa_is_not_from_a_gateway(serve: Serve) -> None:
    client, _ = serve(send_json({"error": "not_found"}, status=404))
    with pytest.raises(miosa.NotFound) as caught:
        client.deployments.get("dep_1")
    assert not caught.value.from_gateway


def test_the_request_id_may_be_in_the_body(serve: Serve) -> None:
    for document in ({"error": {"request_id": "b-1"}}, {"request_id": "b-1"}):
        client, _ = serve(send_json(document, status=404, headers={"x-request-id": "no good id"}))
        with pytest.raises(miosa.NotFound) as caught:
            client.deployments.get("dep_1")
        assert caught.value.request_id == "b-1"


def test_a_log_line_is_one_short_line() -> None:
    error = parse_error(Response(400, {}, b'{"message": "a\\r\\nfake line\\u0000\\u2028\\ud800 ' + b"x" * 5000 + b'"}'))
    assert len(error.for_log) < 500
    assert error.for_log.isprintable()


def test_a_key_in_use_may_have_been_executed() -> None:
    in_flight = parse_error(Response(409, {}, b'{"error": {"code": "IDEMPOTENCY_IN_PROGRESS"}}'))
    assert isinstance(in_flight, miosa.Conflict)
    assert in_flight.in_flight
    assert in_flight.sent
    other = parse_error(Response(409, {}, b'{"error": {"code": "IDEMPOTENCY_PAYLOAD_MISMATCH"}}'))
    assert isinstance(other, miosa.Conflict)
    assert other.key_mismatch
    assert not other.sent


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("2", 2),
        (" 1.5 ", 1.5),
        ("3600", 3600),
        ("86400", 3600),
        ("999999999999", 3600),
        ("-1", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("٣", None),
        ("1e9", None),
        ("nan", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert error_bodies.parse_retry_after(header) == seconds


def test_retry_after_as_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 57 < (error_bodies.parse_retry_after(soon) or 0) <= 60


@pytest.mark.parametrize(
    ("document", "seconds"),
    [
        ({"error": {"retry_after_ms": 1500}}, 1.5),
        ({"retry_after": 4}, 4),
        ({"error": {"retry_after": -4}}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": 1e11}, 3600),
    ],
)
def test_retry_after_in_the_body(document: Any, seconds: float | None) -> None:
    assert parse_error(Response(429, {}, json.dumps(document).encode())).retry_after_s == seconds


def test_an_invalid_id_is_not_sent(serve: Serve) -> None:
    client, server = serve(send_json({}))
    for bad in ("", ".", "..", "x" * 129, "a\x00b", "\ud800"):
        with pytest.raises(miosa.NotFound):
            client.deployments.get(bad)
    assert server.requests == []


def test_ids_cannot_change_the_path(serve: Serve) -> None:
    client, server = serve(send_json({"data": {"id": "x", "version_number": 1}}))
    client.deployments.get("../tenants?x=1#y")
    client.versions.get("a/b", "%2e%2e")
    assert [request.target for request in server.requests] == [
        "/api/v1/deployments/..%2Ftenants%3Fx%3D1%23y",
        "/api/v1/deployments/a%2Fb/versions/%252e%252e",
    ]


def test_budget_spent_is_easy_to_raise() -> None:
    spent = miosa.BudgetSpent("no token", retry_after_s=2.0)
    assert not spent.sent
    assert spent.may_retry
    assert spent.retry_after_s == 2.0
