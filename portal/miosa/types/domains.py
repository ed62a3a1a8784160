"""Custom domains and the DNS records they need (miosa-api.md 8.8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET

from portal.miosa.types.base import External, Id, Row


class DnsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is as MIOSA gives it: a label in most answers, a full name in others. `ttl` is in seconds."""

    type: str
    name: str | None = None
    value: str
    ttl: int | None = None


class Domain(Row, frozen=True, kw_only=True):
    """`dns_records` comes from any of the keys that MIOSA may use; `instructions` is its sentence, if there is one."""

    essential: ClassVar[frozenset[str]] = frozenset({"id", "domain", "deployment_id", "external_workspace_id"})
    required: ClassVar[frozenset[str]] = frozenset({"id", "domain"})

    id: Id
    domain: str
    deployment_id: str | None = None
    tenant_id: str | None = None
    status: str = ""
    verification_target: str | None = None
    dns_records: tuple[DnsRecord, ...] = ()
    instructions: str | None = None
    redirect_policy: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    external_workspace_id: External = UNSET
    external_user_id: External = UNSET
    external_project_id: External = UNSET
    verified_at: datetime | None = None
    tls_issued_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @classmethod
    def normalize(cls, row: dict[str, Any]) -> dict[str, Any]:
        row = {**super().normalize(row)}
        row["domain"] = row.get("fqdn") or row.get("domain")
        if row.get("deployment_id") is None and row.get("target_type") == "deployment":
            row["deployment_id"] = row.get("target_id")
        if row.get("status") is None:
            row["status"] = row.get("state")
        row["dns_records"], row["instructions"] = _find_dns(row)
        row["error_code"], row["error_message"] = _find_error(row)
        return row


def _find_dns(row: dict[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """(records, instructions). Without records, a CNAME to `verification_target`."""
    found: list[dict[str, Any]] = []
    text: str | None = None
    for key in ("dns_records", "dns_instructions", "instructions"):
        value = row.get(key)
        if isinstance(value, str):
            text = text or value
            continue
        if not found:
            found = [record for each in _list_records(value) if (record := _to_record(each))]
    target = row.get("verification_target")
    if not found and isinstance(target, str) and target:
        found = [{"type": "CNAME", "name": row["domain"] if isinstance(row["domain"], str) else None, "value": target}]
    return found, text


def _list_records(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and isinstance(value.get("records"), list):
        return list(value["records"])
    return [value]


def _to_record(value: object) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    kind, name = value.get("type"), value.get("name") or value.get("host")
    content = value.get("value") or value.get("target")
    if not (isinstance(kind, str) and isinstance(content, str) and kind and content):
        return None
    ttl = value.get("ttl")
    return {
        "type": kind.upper(),
        "name": name if isinstance(name, str) else None,
        "value": content,
        "ttl": ttl if isinstance(ttl, int) and not isinstance(ttl, bool) and 0 <= ttl < 2**31 else None,
    }


def _find_error(row: dict[str, Any]) -> tuple[str | None, str | None]:
    """(code in lower case, text) of a failed check. `error` may be a text or an object, with `code` beside it."""
    error = row.get("error")
    code: object = row.get("error_code") or row.get("code")
    text: object = row.get("error_message")
    if isinstance(error, dict):
        code, text = code or error.get("code"), text or error.get("message")
    elif isinstance(error, str):
        if not code and error.replace("_", "").isalnum() and error.upper() == error:
            code = error
        text = text or error
    return (code.lower() if isinstance(code, str) else None), (text if isinstance(text, str) else None)
