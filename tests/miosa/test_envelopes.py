"""Envelopes and paging."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import miosa
from portal.miosa import envelope, paging
from portal.miosa.deadline import READ_DEADLINE_S
from portal.miosa.types import Page, Workspace
from tests.miosa.conftest import Serve
from tests.miosa.server import ReceivedRequest, Responder, ScriptedServer, respond, send_json

ROWS = [{"id": "dep_1"}, {"id": "dep_2"}]


@pytest.mark.parametrize(
    "document",
    [
        {"data": ROWS},
        ROWS,
        {"items": ROWS},
        {"deployments": ROWS},
        {"data": {"deployments": ROWS}},
        {"data": {"items": ROWS}},
        {"data": {"data": ROWS}},
        {"data": ROWS, "meta": None, "page": "one"},
    ],
)
def test_lists(serve: Serve, document: Any) -> None:
    client, _ = serve(send_json(document))
    page = client.deployments.list()
    assert [row.id for row in page.items] == ["dep_1", "dep_2"]
    assert page.next is None
    assert page.request_id == "up-1"


@pytest.mark.parametrize(
    "document", [{}, {"data": None}, {"data": {}}, {"data": "x"}, {"error": "odd"}, 5, None, "text"]
)
def test_a_missing_list_is_not_an_empty_list(serve: Serve, document: Any) -> None:
    client, _ = serve(send_json(document))
    with pytest.raises(miosa.BadAnswer):
        client.deployments.list()


@pytest.mark.parametrize(
    "content",
    [
        b"[" + b"{}," * 2_500_000 + b"{}]",
        b'{"data": [' + b"[]," * 2_500_000 + b"{}]}",
        b'{"data": [' + b"1," * 20_000 + b"1]}",
        b'{"env": {' + b",".join(b'"A%d":1' % number for number in range(20_000)) + b"}}",
        b"[" * 500_000,
        b'{"data":' * 90_000 + b"[]" + b"}" * 90_000,
    ],
    ids=["objects", "arrays", "numbers", "map", "depth", "envelopes"],
)
def test_too_many_rows_or_levels_are_a_bad_answer_within_the_deadline(serve: Serve, content: bytes) -> None:
    """Reading 2.5 million rows one by one would take 20 s, and reading the JSON 250 MB."""
    client, _ = serve(respond(content))
    started_at = time.process_time()
    with pytest.raises(miosa.BadAnswer):
        client.env.list("dep_1")
    assert time.process_time() - started_at < READ_DEADLINE_S


def test_a_row_that_is_nested_too_deeply_costs_no_other_row(serve: Serve) -> None:
    deep = "[" * 800 + '"\\u0000"' + "]" * 800
    content = f'[{{"id": "dep_1", "state": {deep}}}, {{"id": "dep_2", "metadata": {{"a": {deep}}}}}, {{"id": "dep_3"}}]'
    client, _ = serve(respond(content.encode()))
    page = client.deployments.list()
    assert [row.id for row in page.items][-1] == "dep_3"
    assert len(page.items) + len(page.unreadable) == 3


@pytest.mark.parametrize("content", [b"", b"<html>502</html>", b'{"data": [{"id": "dep_1"}', b'\xff{"data"'])
def test_other_than_json_is_a_bad_answer(serve: Serve, content: bytes) -> None:
    client, server = serve(respond(content, kind="text/html"))
    with pytest.raises(miosa.BadAnswer) as caught:
        client.deployments.list()
    assert len(server.requests) == 1
    assert "text/html" in caught.value.for_log


@pytest.mark.parametrize(
    "document",
    [
        {"data": {"id": "dep_1"}},
        {"id": "dep_1"},
        {"deployment": {"id": "dep_1"}},
        {"data": {"deployment": {"id": "dep_1"}}},
        {"data": {"id": "dep_1"}, "webhook_secret": "x", "request_id": "r"},
    ],
)
def test_objects(serve: Serve, document: Any) -> None:
    client, _ = serve(send_json(document))
    assert client.deployments.get("dep_1").id == "dep_1"


@pytest.mark.parametrize("document", [{}, [], {"data": []}, {"data": {"id": 5}}, 5])
def test_a_missing_object_is_a_bad_answer(serve: Serve, document: Any) -> None:
    client, _ = serve(send_json(document))
    with pytest.raises(miosa.BadAnswer):
        client.deployments.get("dep_1")


def query(request: ReceivedRequest) -> dict[str, str]:
    return dict(pair.split("=") for pair in request.target.partition("?")[2].split("&") if pair)


def ids(pages: Iterator[Page[Any]]) -> list[list[str]]:
    return [[row.id for row in page.items] for page in pages]


def test_cursors_are_followed(serve: Serve) -> None:
    client, server = serve(
        send_json({"data": [{"id": "a"}], "next_cursor": "c1"}),
        send_json({"data": [{"id": "b"}], "meta": {"next": "c2"}}),
        send_json({"data": [{"id": "c"}], "cursor": 3}),
        send_json({"data": [{"id": "d"}], "next_cursor": None, "total": 400}),
    )
    assert ids(client.deployments.pages(state="running")) == [["a"], ["b"], ["c"], ["d"]]
    queries = [query(request) for request in server.requests]
    assert [each.get("cursor") for each in queries] == [None, "c1", "c2", "3"]
    assert all(each["limit"] == "100" and each["state"] == "running" for each in queries)


@pytest.mark.parametrize(
    ("wrapper", "size_key"),
    [
        ({"page": {"page": 1, "page_size": 2, "total": 5}}, "page_size"),
        ({"meta": {"page": 1, "per_page": 2, "total": 5}}, "per_page"),
        ({"total": 5}, "page_size"),
    ],
)
def test_page_numbers_are_followed(serve: Serve, wrapper: dict[str, Any], size_key: str) -> None:
    def numbered(number: int, rows: list[str]) -> Responder:
        told = {key: {**value, "page": number} if isinstance(value, dict) else value for key, value in wrapper.items()}
        return send_json({"data": [{"id": each} for each in rows], **told})

    client, server = serve(numbered(1, ["a", "b"]), numbered(2, ["c", "d"]), numbered(3, ["e"]))
    assert ids(client.deployments.pages()) == [["a", "b"], ["c", "d"], ["e"]]
    queries = [query(request) for request in server.requests]
    assert [each.get("page") for each in queries] == [None, "2", "3"]
    assert [each.get(size_key) for each in queries] == [None, "2", "2"]


def test_pages_without_a_total_end_with_a_short_one(serve: Serve) -> None:
    client, _ = serve(
        send_json({"data": [{"id": "a"}, {"id": "b"}], "page": {"page": 1, "page_size": 2}}),
        send_json({"data": [{"id": "c"}], "page": {"page": 2, "page_size": 2}}),
    )
    assert ids(client.deployments.pages()) == [["a", "b"], ["c"]]


def test_a_link_to_the_next_page_is_read_and_never_followed(serve: Serve) -> None:
    client, server = serve(
        send_json({"data": [{"id": "a"}], "next": "http://127.0.0.1:9/elsewhere?cursor=c1&limit=3"}),
        send_json({"data": [{"id": "b"}], "next": None}),
    )
    assert ids(client.deployments.pages()) == [["a"], ["b"]]
    assert query(server.requests[1])["cursor"] == "c1"


def circles() -> Iterator[Any]:
    page = send_json({"data": [{"id": "a"}], "next_cursor": "c1"})
    yield pytest.param([page, page], 2, id="same cursor, same rows")
    yield pytest.param([page, send_json({"data": [{"id": "b"}], "next_cursor": "c1"})], 2, id="same cursor, other rows")
    yield pytest.param([page, send_json({"data": [], "next_cursor": "c2"})], 2, id="empty page with a cursor")
    yield pytest.param([page, send_json({"data": [{"id": "a"}], "next_cursor": "c2"})], 2, id="nothing new")
    yield pytest.param([page, send_json({"data": [{"id": "a"}], "next_cursor": None})], 2, id="nothing new at the end")
    yield pytest.param([send_json({"data": [{"id": "a"}], "total": 9})], 2, id="a total that paging does not reach")
    yield pytest.param([send_json({"data": [], "next_cursor": "c1"})], 1, id="empty from the start")


@pytest.mark.parametrize(("answers", "requests"), list(circles()))
def test_circular_paging_ends_and_is_marked(serve: Serve, answers: list[Responder], requests: int) -> None:
    client, server = serve(*answers)
    pages = list(client.deployments.pages())
    assert pages[-1].loop
    assert not any(page.loop for page in pages[:-1])
    assert len(server.requests) == requests
    gathered = [row.id for page in pages for row in page.items]
    assert len(gathered) == len(set(gathered))


def test_rows_are_not_repeated_when_new_ones_are_added(serve: Serve) -> None:
    client, _ = serve(
        send_json({"data": [{"id": "c"}, {"id": "b"}], "meta": {"page": 1, "per_page": 2, "total": 3}}),
        send_json({"data": [{"id": "b"}, {"id": "a"}], "meta": {"page": 2, "per_page": 2, "total": 4}}),
    )
    pages = list(client.deployments.pages())
    assert [[row.id for row in page.items] for page in pages] == [["c", "b"], ["a"]]
    assert not pages[-1].loop


def test_a_limit_that_is_refused_is_left_out(serve: Serve) -> None:
    client, server = serve(
        send_json({"error": {"code": "VALIDATION_ERROR"}}, status=422),
        send_json({"data": [{"id": "a"}], "next_cursor": "c1"}),
        send_json({"data": [{"id": "b"}], "next_cursor": None}),
    )
    assert ids(client.deployments.pages()) == [["a"], ["b"]]
    assert ["limit" in query(request) for request in server.requests] == [True, False, False]


def test_other_refusals_are_not_retried_without_a_limit(serve: Serve) -> None:
    client, server = serve(send_json({"error": "FORBIDDEN"}, status=403))
    with pytest.raises(miosa.Forbidden):
        client.deployments.list()
    assert len(server.requests) == 1


def test_page_by_page_with_a_token(serve: Serve) -> None:
    client, server = serve(
        send_json({"data": [{"id": "a"}], "next_cursor": "a:b/c"}),
        send_json({"data": [{"id": "b"}], "next_cursor": None}),
    )
    first = client.versions.list("dep_1", limit=7)
    assert not first.items
    assert first.unreadable[0].deployment_id == "dep_1"
    client.versions.list("dep_1", limit=50, page_token=first.next)
    assert server.requests[1].target == "/api/v1/deployments/dep_1/versions?limit=7&cursor=a%3Ab%2Fc"


@pytest.mark.parametrize("token", ["x", "c:", "p:1", "p::x:2:page_size", "c:abc:d", ":::"])
def test_an_invalid_page_token_is_rejected(serve: Serve, token: str) -> None:
    client, _ = serve(send_json(ROWS))
    with pytest.raises(ValueError, match="page token"):
        client.deployments.list(page_token=token)


limits = st.none() | st.integers(1, 1000)
tokens = st.tuples(limits, st.text(min_size=1, max_size=30)).map(lambda pair: paging.PageToken(*pair)) | st.builds(
    lambda limit, page, key: paging.PageToken(limit, None, page, limit, key),
    limits,
    st.integers(1, 10**6),
    st.sampled_from(["page_size", "per_page"]),
)


@given(tokens)
def test_tokens_survive_encoding(token: paging.PageToken) -> None:
    assert paging.PageToken.decode(token.encode()) == token


@given(st.lists(st.lists(st.integers(0, 12), max_size=4), min_size=1, max_size=6), st.integers(0, 6))
def test_paging_always_ends_without_repeating_a_row(content: list[list[int]], back: int) -> None:
    """Pages in a ring: the last one points back to any of them."""

    def read(token: str | None) -> Page[Workspace]:
        here = int(token or 0)
        after = here + 1 if here + 1 < len(content) else back % len(content)
        rows = tuple(Workspace(id=str(each)) for each in dict.fromkeys(content[here]))
        return Page(items=rows, next=str(after))

    pages = list(paging.iter_pages(read, lambda row: row.id))
    gathered = [row.id for page in pages for row in page.items]
    assert pages[-1].loop
    assert len(gathered) == len(set(gathered))


def test_a_hundred_thousand_rows_are_read_page_by_page() -> None:
    def read(token: str | None) -> Page[Workspace]:
        here = int(token or 0)
        rows = tuple(Workspace(id=f"{here}-{n}") for n in range(100))
        return Page(items=rows, next=str(here + 1) if here < 999 else None)

    assert sum(len(page.items) for page in paging.iter_pages(read, lambda row: row.id)) == 100_000


def test_env_as_one_object(serve: Serve) -> None:
    client, _ = serve(send_json({"data": {"env": {"A": "planted", "B": {"preview": "b…", "value": "planted"}}}}))
    page = client.env.list("dep_1")
    assert [(row.name, row.preview) for row in page.items] == [("A", None), ("B", "b…")]
    assert "planted" not in repr(page)


def test_wrapped_paging_inside_data() -> None:
    listing = envelope.find_list({"data": {"versions": ROWS, "next_cursor": "c"}}, ("versions",))
    assert listing is not None
    assert listing.paging.cursor == "c"


def test_the_server_speaks_the_script() -> None:
    with ScriptedServer(send_json({})) as server:
        assert server.url.startswith("http://127.0.0.1:")
