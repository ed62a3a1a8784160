"""Bytes on the wire: every way an answer can be late, endless, cut or absent."""

from __future__ import annotations

import gzip
import os
import threading
import time
import zlib
from pathlib import Path

import psutil
import pytest

from portal import miosa
from tests.miosa.conftest import KEY, Serve
from tests.miosa.scripted import (
    MEGABYTE,
    Answer,
    Scripted,
    after,
    blank,
    body,
    dead_port,
    drips,
    endless,
    raw,
    resets,
    says,
    silent,
)
from tests.miosa.timing import elapsed, elapsed_near

ROW = {"data": {"id": "dep_1", "state": "running"}}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LATE = [
    pytest.param(silent, id="nothing"),
    pytest.param(drips(HEAD + b"Content-Length: 100000\r\n\r\n{"), id="dripping body"),
    pytest.param(drips(HEAD + b"\r\n"), id="dripping body without a length"),
    pytest.param(drips(CHUNKED + b"5\r\n{"), id="dripping chunk"),
    pytest.param(drips(CHUNKED + b"5"), id="dripping chunk length"),
    pytest.param(drips(HEAD + b"X-Long: "), id="dripping header"),
    pytest.param(drips(b"HTTP/1.1 200"), id="dripping status line"),
    pytest.param(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), id="for ever continue"),
]


def bomb() -> bytes:
    """100 MB, packed into 100 KB."""
    packer = zlib.compressobj(wbits=31)
    return b"".join(packer.compress(b" " * MEGABYTE) for _ in range(100)) + packer.flush()


@pytest.mark.parametrize("answer", LATE)
def test_the_deadline_holds_whatever_drips(serve: Serve, answer: Answer) -> None:
    client, _ = serve(answer, deadline_s=0.5)
    assert elapsed_near(0.5, lambda: client.deployments.get("dep_1")).sent


def test_the_deadline_bounds_all_retries_together(serve: Serve) -> None:
    client, server = serve(after(0.25, says({}, status=503)), deadline_s=0.6)
    took, _ = elapsed(lambda: client.deployments.get("dep_1"), miosa.Outage)
    assert took <= 0.8
    assert len(server.heard) >= 2


def test_a_change_has_a_deadline_of_its_own_and_is_sent_once(serve: Serve) -> None:
    client, server = serve(silent, deadline_s=0.1)
    bound = client.bind(deadline_s=0.4)
    took, error = elapsed(lambda: bound.deployments.stop("dep_1", idempotency_key="k"), miosa.DeadlineExceeded)
    assert took >= 0.3
    assert error.sent
    assert len(server.heard) == 1


def test_a_change_without_a_bound_deadline_has_longer_than_a_read(serve: Serve) -> None:
    client, _ = serve(after(0.4, says(ROW)), deadline_s=0.1)
    assert client.deployments.stop("dep_1", idempotency_key="k").deployment_id == "dep_1"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(endless(HEAD + b"\r\n", b" " * 65536), id="endless"),
        pytest.param(blank(100 * MEGABYTE), id="100 MB"),
        pytest.param(body(bomb(), headers={"Content-Encoding": "gzip"}), id="gzip bomb"),
        pytest.param(blank(100 * MEGABYTE, b"HTTP/1.1 302 Found\r\nLocation: /x\r\n"), id="100 MB of redirect"),
        pytest.param(blank(100 * MEGABYTE, b"HTTP/1.1 500 Oh\r\n"), id="100 MB of error"),
    ],
)
def test_a_body_that_is_too_long_is_given_up_in_little_memory(serve: Serve, answer: Answer) -> None:
    client, _ = serve(answer, deadline_s=5)
    process = psutil.Process(os.getpid())
    before = process.memory_info().rss
    highest = Highest(process)
    with highest, pytest.raises(miosa.BadAnswer):
        client.deployments.get("dep_1")
    assert highest.seen - before < 20 * MEGABYTE


class Highest:
    """The most memory held while a block ran."""

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
    client, _ = serve(body(gzip.compress(b'{"data":{"id":"dep_1"}}'), headers={"Content-Encoding": "gzip"}))
    assert client.deployments.get("dep_1").id == "dep_1"


def test_broken_gzip_is_a_bad_answer(serve: Serve) -> None:
    client, _ = serve(body(b"no gzip at all", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(miosa.BadAnswer):
        client.deployments.get("dep_1")


def test_fewer_bytes_than_promised_is_an_answer_lost(serve: Serve) -> None:
    client, server = serve(body(b'{"data":{"id":"dep_1"}}', length=4000))
    with pytest.raises(miosa.AnswerLost) as caught:
        client.deployments.stop("dep_1", idempotency_key="k")
    assert caught.value.sent
    assert len(server.heard) == 1


def test_a_reset_after_sending_may_have_been_executed(serve: Serve) -> None:
    client, server = serve(resets)
    with pytest.raises(miosa.AnswerLost) as caught:
        client.deployments.stop("dep_1", idempotency_key="k")
    assert caught.value.sent
    assert len(server.heard) == 1


def test_a_get_is_asked_again_after_a_reset(serve: Serve) -> None:
    client, server = serve(resets, says(ROW))
    assert client.deployments.get("dep_1").id == "dep_1"
    assert len(server.heard) == 2


def test_nobody_listening_means_nothing_was_sent() -> None:
    client = miosa.Client(base_url=f"http://127.0.0.1:{dead_port()}", api_key=KEY)
    with pytest.raises(miosa.Unreachable) as caught:
        client.deployments.stop("dep_1", idempotency_key="k")
    assert not caught.value.sent
    assert "Connection refused" in caught.value.for_log


def test_garbage_instead_of_http_is_an_answer_lost(serve: Serve) -> None:
    client, _ = serve(raw(b"\x00\x01 what is this\r\n\r\n", close=True))
    with pytest.raises(miosa.AnswerLost):
        client.deployments.get("dep_1")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_and_the_key_stays_here(serve: Serve, status: int) -> None:
    with Scripted(says(ROW)) as other:
        target = {"Location": f"{other.url}/api/v1/deployments/dep_1"}
        client, server = serve(body(b"", status=status, headers=target))
        with pytest.raises(miosa.Redirected):
            client.deployments.get("dep_1")
        assert len(server.heard) == 1
        assert other.connections == 0


def test_what_every_request_carries(serve: Serve) -> None:
    client, server = serve(says(ROW), tenant="acme", request_id="req-from-page")
    client.deployments.get("dep_1")
    heard = server.heard[0]
    assert heard.target == "/api/v1/deployments/dep_1"
    assert heard.headers["authorization"] == f"Bearer {KEY}"
    assert heard.headers["user-agent"] == "deploy-desk"
    assert heard.headers["x-miosa-tenant"] == "acme"
    assert heard.headers["x-request-id"] == "req-from-page"
    assert heard.headers["accept"] == "application/json"
    assert {"cookie", "x-miosa-client-id", "content-type", "idempotency-key"}.isdisjoint(heard.headers)


def test_a_request_id_is_minted_where_none_fits(serve: Serve) -> None:
    client, server = serve(says(ROW))
    client.deployments.get("dep_1")
    client.bind(request_id="a b\r\nX: y").deployments.get("dep_1")
    ids = [heard.headers["x-request-id"] for heard in server.heard]
    assert all(len(each) == 32 for each in ids)
    assert ids[0] != ids[1]


def test_cookies_proxies_and_netrc_play_no_part(serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    client, server = serve(says(ROW, headers={"Set-Cookie": "a=b; Path=/"}))
    client.deployments.get("dep_1")
    client.deployments.get("dep_1")
    assert server.heard[1].headers["authorization"] == f"Bearer {KEY}"
    assert "cookie" not in server.heard[1].headers


def test_an_empty_user_agent_is_sent_empty(serve: Serve) -> None:
    client, server = serve(says(ROW), user_agent="")
    client.deployments.get("dep_1")
    assert server.heard[0].headers["user-agent"] == ""


def test_connections_are_kept(serve: Serve) -> None:
    client, server = serve(says(ROW))
    for _ in range(20):
        client.deployments.get("dep_1")
    assert server.connections == 1


def test_a_full_pool_is_waited_for_no_longer_than_the_deadline(serve: Serve) -> None:
    client, server = serve(after(2, says(ROW)), pool_size=1, deadline_s=9)
    holder = threading.Thread(target=client.deployments.get, args=("dep_1",))
    holder.start()
    while not server.heard:
        time.sleep(0.005)
    hurried = client.bind(deadline_s=0.2)
    took, error = elapsed(lambda: hurried.deployments.get("dep_1"), miosa.DeadlineExceeded)
    holder.join()
    assert took < 1.5
    assert not error.sent


def test_twenty_threads_are_not_served_one_by_one(serve: Serve) -> None:
    client, _ = serve(after(0.4, says(ROW)))
    threads = [threading.Thread(target=client.deployments.get, args=("dep_1",)) for _ in range(20)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 4
