"""From bytes to rows: a broken field costs no other field and no other row."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import miosa
from portal.miosa import envelope, logs, parsing, types
from portal.miosa.error_bodies import parse_error
from portal.miosa.messages import Response

ROW: dict[str, Any] = {"id": "ver_1", "deployment_id": "dep_1", "version_number": 3, "state": "ready"}
KINDS = [
    types.Build,
    types.Deployment,
    types.Domain,
    types.EnvVar,
    types.Release,
    types.RuntimeInstance,
    types.Sandbox,
    types.Tenant,
    types.Version,
    types.Workspace,
]
KNOWN_KEYS = sorted(
    {name for kind in KINDS for name in kind.__struct_fields__} | {"fqdn", "key", "error", "inserted_at"}
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KNOWN_KEYS) | st.text(), inner, max_size=6)
    ),
    max_leaves=20,
)
rows = st.dictionaries(st.sampled_from(KNOWN_KEYS), anything, max_size=12)


def version(**changes: Any) -> types.Version:
    return parsing.read_row({**ROW, **changes}, types.Version)


def test_unknown_keys_are_dropped_and_unknown_states_kept() -> None:
    row = version(state="hibernating", artifact_uri="s3://secret", build_log_uri="s3://secret", shiny={"a": 1})
    assert row.state == "hibernating"
    assert "s3://" not in repr(row)


def test_a_missing_key_is_not_null() -> None:
    assert version().external_workspace_id is miosa.UNSET
    assert version(external_workspace_id=None).external_workspace_id is None
    assert version(external_workspace_id="").external_workspace_id == ""
    assert parsing.read_row({"id": "dep_1"}, types.Deployment).active_version_id is miosa.UNSET


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": 5},
        {"created_by": ["x"]},
        {"artifact_manifest": "none"},
        {"artifact_manifest": None},
        {"metadata": [1]},
        {"runtime_port": "eighty"},
        {"runtime_port": 1e300},
        {"runtime_port": 10**20},
        {"runtime_port": 2**31},
        {"runtime_port": -1},
        {"promoted_at": "yesterday"},
        {"archived_at": {}},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"created_at": "9999-12-31T23:59:59Z"},
        {"created_at": "1970-01-01T00:00:00Z"},
        {"external_user_id": 7},
        {"source_sandbox_id": False},
    ],
)
def test_a_broken_harmless_field_costs_that_field(broken: dict[str, Any]) -> None:
    row = version(**broken)
    fresh = version()
    name = next(iter(broken))
    assert getattr(row, name) == getattr(fresh, name)
    assert row.version_number == 3


@pytest.mark.parametrize("kind", [types.RuntimeInstance, types.Release])
def test_an_absurd_port_costs_only_the_port(kind: type[types.Row]) -> None:
    assert getattr(parsing.read_row({"id": "x", "port": 10**20}, kind), "port", 0) is None


@pytest.mark.parametrize(
    "broken",
    [
        {"id": 5},
        {"id": ""},
        {"id": None},
        {"id": ".."},
        {"id": "x" * 129},
        {"id": "a\x00b"},
        {"deployment_id": 5},
        {"version_number": "3"},
        {"version_number": None},
        {"version_number": True},
        {"version_number": -1},
        {"version_number": 2**31},
        {"state": 5},
        {"external_workspace_id": 5},
        {"external_workspace_id": {"id": "x"}},
        {"external_workspace_id": "a\ud800"},
        {"external_user_id": "a\x00"},
        {"tenant_id": 5},
    ],
)
def test_a_broken_essential_field_makes_the_row_unreadable(broken: dict[str, Any]) -> None:
    good, bad = parsing.read_rows([ROW, {**ROW, **broken}], types.Version, needs_cleaning=True)
    assert len(good) == 1
    assert bad[0].reason
    assert bad[0].id == (None if "id" in broken else "ver_1")


def test_readable_fields_of_an_unreadable_row() -> None:
    foreign = {"id": "v", "deployment_id": "d", "external_workspace_id": "acme", "version_number": None}
    values = [foreign, {"external_workspace_id": None}, {"external_workspace_id": 5}, 7]
    _, bad = parsing.read_rows(values, types.Version)
    assert [(row.id, row.deployment_id, row.external_workspace_id) for row in bad] == [
        ("v", "d", "acme"),
        (None, None, None),
        (None, None, miosa.UNSET),
        (None, None, miosa.UNSET),
    ]


def test_reasons_contain_no_values() -> None:
    planted = {**ROW, "state": {"planted-value": "planted-value"}, "version_number": "planted-value"}
    _, bad = parsing.read_rows([planted, "planted-value"], types.Version)
    assert "planted-value" not in repr(bad)


def test_defaults_fill_in_a_missing_deployment_id() -> None:
    bare = {name: value for name, value in ROW.items() if name != "deployment_id"}
    assert parsing.read_row(bare, types.Version, defaults={"deployment_id": "dep_9"}).deployment_id == "dep_9"
    assert parsing.read_row(ROW, types.Version, defaults={"deployment_id": "dep_9"}).deployment_id == "dep_1"


def test_one_broken_row_of_two_hundred() -> None:
    many = [{**ROW, "id": f"ver_{n}", "version_number": n} for n in range(1, 201)]
    many[77]["version_number"] = "seventy-eight"
    good, bad = parsing.read_rows(many, types.Version)
    assert len(good) == 199
    assert [row.id for row in bad] == ["ver_78"]


def test_facts_from_the_artifact_manifest() -> None:
    row = version(artifact_manifest={"files": 12, "total_bytes": 40960, "entrypoint": "index.html"})
    assert (row.file_count, row.total_bytes, row.entrypoint) == (12, 40960, "index.html")
    row = version(artifact_manifest={"files": "12", "total_bytes": True, "entrypoint": 1})
    assert (row.file_count, row.total_bytes, row.entrypoint) == (None, None, None)


def test_times_are_utc() -> None:
    row = version(
        created_at="2026-05-14T20:20:00+02:00",
        promoted_at="2026-05-14T18:20:00.123456Z",
        updated_at="2026-05-14T18:20:00",
    )
    assert row.created_at == row.updated_at == datetime(2026, 5, 14, 18, 20, tzinfo=UTC)
    assert row.created_at is not None
    assert row.created_at.tzinfo is UTC
    assert row.promoted_at is not None


def test_inserted_at_is_read_as_created_at() -> None:
    assert version(inserted_at="2026-05-14T18:20:00Z").created_at == datetime(2026, 5, 14, 18, 20, tzinfo=UTC)


def test_characters_that_no_database_stores_are_replaced() -> None:
    document = parsing.load(
        b'{"id":"dep_1","name":"a\\u0000b\\ud800c","metadata":{"k\\u0000":["\\udfff"]},"slug":"\\ud83d\\ude00"}'
    )
    row = parsing.read_row(document.value, types.Deployment, needs_cleaning=document.needs_cleaning)
    assert row.name == "a\ufffdb\ufffdc"
    assert row.metadata == {"k\ufffd": ["\ufffd"]}
    assert row.slug == "😀"


def test_bytes_that_are_not_utf8() -> None:
    document = parsing.load(b'{"id":"dep_1","name":"caf\xe9"}')
    row = parsing.read_row(document.value, types.Deployment, needs_cleaning=True)
    assert row.name == "caf\ufffd"
    document = parsing.load(b'{"id":"dep_\xe9"}')
    with pytest.raises(ValueError, match="id"):
        parsing.read_row(document.value, types.Deployment, needs_cleaning=document.needs_cleaning)


def test_numbers_outside_the_json_standard() -> None:
    assert parsing.load(b'{"a": NaN, "b": -Infinity, "c": 1e999, "d": "tab\there"}').value == {
        "a": None,
        "b": None,
        "c": None,
        "d": "tab\there",
    }


@pytest.mark.parametrize(
    "content", [b"", b"{", b"<html>", b"[1,", b"[" * 100_000, b"1" * 10_000, b"\xff\xfe{\x00}\x00"]
)
def test_other_than_json(content: bytes) -> None:
    with pytest.raises(parsing.BadJsonError):
        parsing.load(content)


def test_metadata_nested_too_deeply_is_left_out() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    assert version(metadata={"a": deep}).metadata == {}
    assert version(metadata={"a": {"b": [1]}}).metadata == {"a": {"b": [1]}}


def test_env_rows_lose_their_values() -> None:
    for row in ({"name": "A", "value": "planted"}, {"key": "A", "value": "planted", "preview": None}):
        assert "planted" not in repr(parsing.read_row(row, types.EnvVar))


@pytest.mark.parametrize(
    ("extra", "records", "text"),
    [
        (
            {"dns_records": [{"type": "cname", "name": "app", "value": "x.test", "ttl": 300}, "junk"]},
            [("CNAME", "app", "x.test", 300)],
            None,
        ),
        ({"dns_instructions": {"type": "A", "value": "192.0.2.1"}}, [("A", None, "192.0.2.1", None)], None),
        (
            {"dns_instructions": {"records": [{"type": "A", "host": "@", "target": "192.0.2.1"}]}},
            [("A", "@", "192.0.2.1", None)],
            None,
        ),
        (
            {"instructions": "Set it.", "verification_target": "x.test"},
            [("CNAME", "app.test", "x.test", None)],
            "Set it.",
        ),
        ({"instructions": "Set it.", "dns_records": []}, [], "Set it."),
        ({"dns_records": [{"type": 5, "value": "x"}], "dns_instructions": None}, [], None),
    ],
)
def test_dns_records_from_every_shape(extra: dict[str, Any], records: list[Any], text: str | None) -> None:
    row = parsing.read_row({"id": "dom_1", "fqdn": "app.test", **extra}, types.Domain)
    assert [(each.type, each.name, each.value, each.ttl) for each in row.dns_records] == records
    assert row.instructions == text


def test_both_names_of_a_domain_and_its_errors() -> None:
    failed = {
        "id": "dom_1",
        "domain": "app.test",
        "target_type": "deployment",
        "target_id": "dep_1",
        "error": "CNAME_MISMATCH",
    }
    row = parsing.read_row(failed, types.Domain)
    assert (row.domain, row.deployment_id, row.error_code) == ("app.test", "dep_1", "cname_mismatch")
    row = parsing.read_row(
        {"id": "d", "fqdn": "a.test", "error": {"code": "DNS_LOOKUP_FAILED", "message": "m"}}, types.Domain
    )
    assert (row.error_code, row.error_message) == ("dns_lookup_failed", "m")


@given(rows, st.sampled_from(KINDS))
def test_any_row_is_read_or_unreadable(row: dict[str, Any], kind: type[types.Row]) -> None:
    good, bad = parsing.read_rows([row], kind, needs_cleaning=True)
    assert len(good) + len(bad) == 1
    for each in good:
        json.dumps(miosa_text(each)).encode()
        assert "\x00" not in miosa_text(each)


def miosa_text(row: types.Row) -> str:
    return "".join(value for name in row.__struct_fields__ if isinstance(value := getattr(row, name), str))


@given(anything, st.sampled_from(KINDS))
def test_any_document_contains_a_list_or_none(document: Any, kind: type[types.Row]) -> None:
    body = json.dumps(document).encode()
    loaded = parsing.load(body)
    listing = envelope.find_list(loaded.value, ("versions",))
    if listing is not None:
        good, bad = parsing.read_rows(listing.rows, kind, needs_cleaning=loaded.needs_cleaning)
        assert len(good) + len(bad) == len(listing.rows)


@given(anything)
def test_any_error_body_gives_an_error(document: Any) -> None:
    for status in (400, 404, 409, 429, 500, 599):
        error = parse_error(Response(status, {}, json.dumps({"error": document}).encode()))
        error.for_log.encode()
        assert "\n" not in error.for_log


@given(
    st.binary(max_size=200), st.sampled_from(["application/json", "text/plain", "text/event-stream", "text/html", ""])
)
def test_any_bytes_are_a_log_or_none(body: bytes, kind: str) -> None:
    log = logs.parse_log(Response(200, {"content-type": kind}, body))
    assert log is None or log.encode() is not None
