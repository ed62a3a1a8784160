"""HTTP as a hostile or broken server speaks it: late, endless, cut or missing responses."""

from __future__ import annotations

import gzip
import inspect
import os
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
import pytest
from requests.exceptions import InvalidSchema

from portal import miosa
from portal.miosa.transport import Transport
from tests.miosa.conftest import KEY, Serve
from tests.miosa.server import (
    MEGABYTE,
    Responder,
    ScriptedServer,
    drip,
    exceed_deadline,
    never_respond,
    reset_connection,
    respond,
    send_after,
    send_bytes,
    send_forever,
    send_json,
    send_spaces,
    send_together,
    send_when_set,
)
from tests.ports import pick_port

OWN_FOLDER = f"{Path(__file__).parents[2]}/portal/miosa/"
ROW = {"data": {"id": "dep_1", "state": "running"}}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LATE = [
    pytest.param(never_respond, id="nothing"),
    pytest.param(drip(HEAD + b"Content-Length: 100000\r\n\r\n{"), id="dripping body"),
    pytest.param(drip(HEAD + b"\r\n"), id="dripping body without a length"),
    pytest.param(drip(CHUNKED + b"5\r\n{"), id="dripping chunk"),
    pytest.param(drip(CHUNKED + b"5"), id="dripping chunk length"),
    pytest.param(drip(HEAD + b"X-Long: "), id="dripping header"),
    pytest.param(drip(b"HTTP/1.1 200"), id="dripping status line"),
    pytest.param(send_forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), id="for ever continue"),
]


def bomb() -> bytes:
    """100 MB, packed into 100 KB."""
    packer = zlib.compressobj(wbits=31)
    return b"".join(packer.compress(b" " * MEGABYTE) for _ in range(100)) + packer.flush()


@pytest.mark.parametrize("responder", LATE)
def test_the_deadline_is_kept_whatever_drips(serve: Serve, responder: Responder) -> None:
    client, _ = serve(responder, deadline_s=0.5)
    assert exceed_deadline(0.5, lambda: client.deployments.get("dep_1")).sent


def test_the_deadline_is_for_all_retries_together(serve: Serve) -> None:
    """Were it for each attempt, all three would end with a 503."""
    client, server = serve(send_after(0.9, send_json({}, status=503)), deadline_s=1.5)
    exceed_deadline(1.5, lambda: client.deployments.get("dep_1"))
    assert len(server.requests) == 2


def test_a_change_has_its_own_deadline_and_is_sent_once(serve: Serve) -> None:
    client, server = serve(never_respond, deadline_s=0.1)
    bound = client.bind(deadline_s=0.4)
    assert exceed_deadline(0.4, lambda: bound.deployments.stop("dep_1", idempotency_key="k")).sent
    assert len(server.requests) == 1


def test_a_change_without_a_bound_deadline_has_longer_than_a_read(serve: Serve) -> None:
    client, _ = serve(send_after(0.4, send_json(ROW)), deadline_s=0.1)
    assert client.deployments.stop("dep_1", idempotency_key="k").deployment_id == "dep_1"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(send_forever(HEAD + b"\r\n", b" " * 65536), id="endless"),
        pytest.param(send_spaces(100 * MEGABYTE), id="100 MB"),
        pytest.param(respond(bomb(), headers={"Content-Encoding": "gzip"}), id="gzip bomb"),
        pytest.param(send_spaces(100 * MEGABYTE, b"HTTP/1.1 302 Found\r\nLocation: /x\r\n"), id="100 MB of redirect"),
        pytest.param(send_spaces(100 * MEGABYTE, b"HTTP/1.1 500 Oh\r\n"), id="100 MB of error"),
    ],
)
def test_a_body_that_is_too_long_is_abandoned_in_little_memory(serve: Serve, answer: Responder) -> None:
    client, _ = serve(answer, deadline_s=5)
    process = psutil.Process(os.getpid())
    before = process.memory_info().rss
    highest = Highest(process)
    with highest, pytest.raises(miosa.BadAnswer):
        client.deployments.get("dep_1")
    assert highest.seen - before < 20 * MEGABYTE


class Highest:
    """The highest memory use while a block runs."""

    def __init__(self, process: psutil.Process) -> None:
        self.seen = 0
        self._process = process
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.001):
            self.seen = max(self.seen, self._process.memory_info().rss)


def test_gzip_is_read(serve: Serve) -> None:
    client, _ = serve(respond(gzip.compress(b'{"data":{"id":"dep_1"}}'), headers={"Content-Encoding": "gzip"}))
    assert client.deployments.get("dep_1").id == "dep_1"


def test_broken_gzip_is_a_bad_answer(serve: Serve) -> None:
    client, _ = serve(respond(b"no gzip at all", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(miosa.BadAnswer):
        client.deployments.get("dep_1")


def test_fewer_bytes_than_promised_is_an_answer_lost(serve: Serve) -> None:
    client, server = serve(respond(b'{"data":{"id":"dep_1"}}', length=4000))
    with pytest.raises(miosa.AnswerLost) as caught:
        client.deployments.stop("dep_1", idempotency_key="k")
    assert caught.value.sent
    assert len(server.requests) == 1


def test_a_reset_after_sending_may_have_been_executed(serve: Serve) -> None:
    client, server = serve(reset_connection)
    with pytest.raises(miosa.AnswerLost) as caught:
        client.deployments.stop("dep_1", idempotency_key="k")
    assert caught.value.sent
    assert len(server.requests) == 1


def test_a_read_is_retried_after_a_reset(serve: Serve) -> None:
    client, server = serve(reset_connection, send_json(ROW))
    assert client.deployments.get("dep_1").id == "dep_1"
    assert len(server.requests) == 2


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    client = miosa.Client(base_url=f"http://127.0.0.1:{pick_port()}", api_key=KEY)
    with pytest.raises(miosa.Unreachable) as caught:
        client.deployments.stop("dep_1", idempotency_key="k")
    assert not caught.value.sent
    assert "Connection refused" in caught.value.for_log


def test_garbage_instead_of_http_is_an_answer_lost(serve: Serve) -> None:
    client, _ = serve(send_bytes(b"\x00\x01 what is this\r\n\r\n", close=True))
    with pytest.raises(miosa.AnswerLost):
        client.deployments.get("dep_1")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_and_the_key_is_not_sent_on(serve: Serve, status: int) -> None:
    with ScriptedServer(send_json(ROW)) as other:
        target = {"Location": f"{other.url}/api/v1/deployments/dep_1"}
        client, server = serve(respond(b"", status=status, headers=target))
        with pytest.raises(miosa.Redirected):
            client.deployments.get("dep_1")
        assert len(server.requests) == 1
        assert other.connections == 0


def test_headers_of_every_request(serve: Serve) -> None:
    client, server = serve(send_json(ROW), tenant="acme", request_id="req-from-page")
    client.deployments.get("dep_1")
    request = server.requests[0]
    assert request.target == "/api/v1/deployments/dep_1"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["user-agent"] == "deploy-desk"
    assert request.headers["x-miosa-tenant"] == "acme"
    assert request.headers["x-request-id"] == "req-from-page"
    assert request.headers["accept"] == "application/json"
    assert {"cookie", "x-miosa-client-id", "content-type", "idempotency-key"}.isdisjoint(request.headers)


def test_a_request_id_is_created_if_none_is_valid(serve: Serve) -> None:
    client, server = serve(send_json(ROW))
    client.deployments.get("dep_1")
    client.bind(request_id="a b\r\nX: y").deployments.get("dep_1")
    ids = [request.headers["x-request-id"] for request in server.requests]
    assert all(len(each) == 32 for each in ids)
    assert ids[0] != ids[1]


def test_cookies_proxies_and_netrc_are_ignored(serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    client, server = serve(send_json(ROW, headers={"Set-Cookie": "a=b; Path=/"}))
    client.deployments.get("dep_1")
    client.deployments.get("dep_1")
    assert server.requests[1].headers["authorization"] == f"Bearer {KEY}"
    assert "cookie" not in server.requests[1].headers


def test_an_empty_user_agent_is_sent_empty(serve: Serve) -> None:
    client, server = serve(send_json(ROW), user_agent="")
    client.deployments.get("dep_1")
    assert server.requests[0].headers["user-agent"] == ""


def test_connections_are_reused(serve: Serve) -> None:
    client, server = serve(send_json(ROW))
    for _ in range(20):
        client.deployments.get("dep_1")
    assert server.connections == 1


def test_waiting_for_a_free_connection_ends_at_the_deadline(serve: Serve) -> None:
    release = threading.Event()
    client, server = serve(send_when_set(release, send_json(ROW)), pool_size=1, deadline_s=30)
    holder = threading.Thread(target=client.deployments.get, args=("dep_1",))
    holder.start()
    while not server.requests:
        time.sleep(0.005)
    hurried = client.bind(deadline_s=0.2)
    assert not exceed_deadline(0.2, lambda: hurried.deployments.get("dep_1")).sent
    release.set()
    holder.join()
    assert len(server.requests) == 1


def test_twenty_threads_send_at_the_same_time(serve: Serve) -> None:
    client, server = serve(send_together(20, send_json(ROW)), deadline_s=30)
    threads = [threading.Thread(target=client.deployments.get, args=("dep_1",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == server.connections == 20


def test_the_session_can_reach_no_other_host() -> None:
    with ScriptedServer(send_json(ROW)) as other:
        transport = Transport(f"http://127.0.0.1:{pick_port()}", KEY)
        with pytest.raises(InvalidSchema):
            transport._session.get(other.url)
        assert other.connections == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.deployments.rollback("dep_1", version_id="ver_1", idempotency_key="k"),
        lambda c: c.deployments.get("dep_1"),
        lambda c: c.deployments.list(),
    ],
    ids=["rollback", "get", "list"],
)
def test_six_frames_from_a_call_to_its_socket(serve: Serve, call: Callable[[miosa.Client], object]) -> None:
    """Resource method, what resources share, session, one attempt, transport, socket. Each costs every reader."""
    client, _ = serve(send_json({"data": [], "id": "dep_1"}))
    own_frames: list[str] = []

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call" and argument.__name__ == "sendall" and not own_frames:
            stack = [each.filename for each in inspect.getouterframes(frame)]
            own_frames.extend(name for name in stack if name.startswith(OWN_FOLDER))

    sys.setprofile(profile)
    try:
        call(client)
    finally:
        sys.setprofile(None)
    assert len(own_frames) == 6
