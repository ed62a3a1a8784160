"""The key and env values are sent, and appear nowhere else."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal import miosa
from portal.miosa.messages import Endpoint, Request, Secret
from tests.miosa.conftest import KEY, Serve
from tests.miosa.server import (
    Responder,
    never_respond,
    reset_connection,
    respond,
    send_bytes,
    send_json,
)
from tests.ports import pick_port

VALUE = "planted-value-91c4"
TESTS = f"{Path(__file__).parents[1]}/"

FAULTS = [
    pytest.param(reset_connection, id="reset"),
    pytest.param(never_respond, id="late"),
    pytest.param(send_bytes(b"nonsense\r\n\r\n", close=True), id="nonsense"),
    pytest.param(respond(b"no gzip at all", headers={"Content-Encoding": "gzip"}), id="gzip"),
    pytest.param(respond(b"<html>" + VALUE.encode(), kind="text/html"), id="page"),
    pytest.param(send_json({"error": {"code": "X", "message": f"{KEY} and A={VALUE}"}}, status=422), id="quoting"),
    pytest.param(send_json({"error": f"{VALUE}"}, status=500), id="quoting fault"),
    pytest.param(send_json({"data": [{"name": "A", "value": VALUE}], "env": 5}, status=300), id="redirect"),
]


def frames_of_ours(error: BaseException) -> str:
    """The whole chain as a debug page would show it, locals and all, but for the test's own frames."""
    seen = traceback.TracebackException.from_exception(error, capture_locals=True, limit=-50)
    text = ""
    while seen is not None:
        ours = [frame for frame in seen.stack if not frame.filename.startswith(TESTS)]
        text += "".join(f"{frame.name}: {frame.locals}\n" for frame in ours) + "".join(seen.format_exception_only())
        seen = seen.__cause__ or seen.__context__  # type: ignore[assignment]  # the last one has none
    return text


def fails(call: Callable[[], Any]) -> BaseException:
    with pytest.raises(miosa.MiosaError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("answer", FAULTS)
def test_no_error_shows_a_secret(serve: Serve, answer: Responder, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client, server = serve(answer, deadline_s=0.3)
    bound = client.bind(deadline_s=0.3)
    error = fails(lambda: bound.env.set("dep_1", {"A": VALUE}, idempotency_key="k"))
    assert VALUE.encode() in server.requests[0].body
    shown = frames_of_ours(error) + repr(error) + caplog.text
    assert VALUE not in shown
    assert KEY not in shown
    assert error.__cause__ is None
    assert error.__context__ is None


def test_a_refused_connection_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = miosa.Client(base_url=f"http://127.0.0.1:{pick_port()}", api_key=KEY)
    error = fails(lambda: client.env.set("dep_1", {"A": VALUE}, idempotency_key="k"))
    shown = frames_of_ours(error) + repr(error) + caplog.text
    assert VALUE not in shown
    assert KEY not in shown


def test_a_failing_gate_shows_no_secret(serve: Serve) -> None:
    def closed(_: miosa.Attempt) -> None:
        raise miosa.BudgetSpent

    client, _ = serve(send_json({}), gate=closed)
    shown = frames_of_ours(fails(lambda: client.env.set("dep_1", {"A": VALUE}, idempotency_key="k")))
    assert VALUE not in shown
    assert KEY not in shown


def test_a_key_that_the_server_quotes_is_redacted(serve: Serve) -> None:
    client, _ = serve(send_json({"error": {"code": "invalid_token", "message": f"unknown key {KEY}"}}, status=401))
    error = fails(lambda: client.deployments.get("dep_1"))
    assert KEY not in str(error)
    assert "unknown key" in str(error)


def test_reprs(serve: Serve) -> None:
    client, _ = serve(send_json({}))
    request = Request("POST", Endpoint("/x"), body=Secret(VALUE))
    session = client._session
    http = session.transport._session
    shown = "".join(
        map(repr, [client, client.env, session, session.transport, vars(session.transport), request, vars(http)])
    )
    assert KEY not in shown
    assert VALUE not in shown


def test_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(VALUE))


def test_returned_values_are_dropped(serve: Serve) -> None:
    client, _ = serve(send_json({"data": [{"name": "A", "preview": "p…", "value": VALUE}]}))
    page = client.env.set("dep_1", {"A": VALUE}, idempotency_key="k")
    assert page.items[0].preview == "p…"
    assert VALUE not in repr(page)
    assert VALUE not in repr(client.env.list("dep_1"))
