"""Additional fields in a form have no effect.

Each form is sent twice from the same state: as a browser would, and with a field for every column of the portal's
tables and every key of MIOSA's rows. Both must have the same effect on the database and send MIOSA the same requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import models, transaction
from django.test import Client

from portal.models import Operation, User
from portal.services.people.demo_people import DEMO_PASSWORD
from tests.security.dataset import Dataset, request_miosa
from tests.security.matrix import ACCESS
from tests.security.test_matrix import own_path

UPSTREAM = (
    *("tenant_id", "owner_id", "workspace_id", "external_workspace_id", "external_user_id", "external_project_id"),
    *("active_version_id", "version_id", "source_sandbox_id", "promote", "public_url", "metadata", "created_by", "by"),
    *(
        "slug",
        "customer",
        "deployment",
        "person",
        "as_user",
        "is_staff",
        "is_superuser",
        "idempotency_key",
        "confirmed",
    ),
)
FIELD = re.compile(r'<(?:input|select|textarea)\b[^>]*?\bname="([^"]+)"(?:[^>]*?\bvalue="([^"]*)")?')
# What differs between any two requests: ids, times and secrets.
OWN = re.compile(
    r"^(?:id|key|token|content|digest|password|previous|secret_hash|encrypted_values|fingerprint|session_key|runner|.*_at|(?:.*_)?request_id)$"
)
# State of the connection to MIOSA.
TEMPORARY_TABLES = {"Bucket", "Connection", "Freshness"}
# Fields of some forms that are refused: overriding is for staff, there is one environment, and no customer has a tag.
REFUSED_FIELDS = {"environment", "override", "tags"}
FORMS = sorted(name for name, access in ACCESS.items() if "POST" in access.methods)
PASTED = "new@brightsmile.test,pawsome-vets,viewer"
# What a person enters where a field may not be empty.
TYPED: dict[str, dict[str, str]] = {
    "account_login": {"login": "owner@brightsmile.test", "password": DEMO_PASSWORD},
    "creation": {"name": "A new app"},
    "customer_invitation": {"email": "new@brightsmile.test", "role": "viewer"},
    "deletion": {},
    "domain_add": {"domain": "new.brightsmile.example", "policy": "none"},
    "env_set": {"name": "NEW_KEY", "value": "a value"},
    "first_publication": {"name": "A new app", "kind": "auto", "then": "live"},
    "invitation": {"name": "Ina Invited", "password": "a long enough password"},
    "member_role": {"role": "owner"},
    "people_import": {"text": PASTED},
    "people_import_sending": {"text": PASTED, "key": "0" * 32},
    "person_invitation": {"email": "new@brightsmile.test", "role": "viewer", "customers": "pawsome-vets"},
    "person_role": {"role": "support", "customers": "pawsome-vets"},
    "publication": {"kind": "auto", "then": "live"},
    "redirection": {"policy": "www_to_apex"},
    "renaming": {"name": "Another name"},
    "theme": {"theme": "dark"},
}


def list_every_field() -> list[str]:
    named = {field.name for model in apps.get_models() for field in model._meta.get_fields()}
    columns = {getattr(field, "attname", "") for model in apps.get_models() for field in model._meta.get_fields()}
    return sorted((named | columns | set(UPSTREAM)) - {""} - REFUSED_FIELDS)


def make_extra_fields(dataset: Dataset, drawn: set[str]) -> dict[str, str]:
    """Fields that would do harm if they were used, without those of the form itself."""
    foreign = {
        "customer": dataset.foreign.slug, "customer_id": "2", "deployment": dataset.foreign.deployment_id,
        "deployment_id": dataset.foreign.deployment_id, "version_id": dataset.foreign.version_id,
        "slug": dataset.foreign.slug, "external_workspace_id": "pawsome-vets",
        "role": "operator", "staff_role": "operator", "person_role": "operator",
        "person_id": str(dataset.people["operator"].pk), "person_name": "Somebody else", "state": "succeeded",
        "is_superuser": "on", "is_staff": "on", "target_id": dataset.foreign.version_id, "note": "a note of staff",
    }  # fmt: skip
    return {name: foreign.get(name, "1") for name in list_every_field() if name not in drawn}


def read_tables() -> dict[str, list[str]]:
    """Every row of the portal's tables, without what differs in each request."""
    kept = {}
    for model in apps.get_app_config("portal").get_models():
        if model.__name__ not in TEMPORARY_TABLES:
            columns = [field.attname for field in model._meta.concrete_fields if not OWN.match(field.attname)]
            kept[model.__name__] = sorted(repr(row) for row in read_table(model, columns))
    return kept


def read_table(model: type[models.Model], columns: list[str]) -> Iterator[tuple[Any, ...]]:
    for row in model._default_manager.values_list(*columns):
        yield tuple(strip_volatile(value) for value in row)


def strip_volatile(value: Any) -> Any:
    """Removes ids and times from a body or result too, such as the operation that an audit event names."""
    if isinstance(value, datetime | UUID):
        return None
    if isinstance(value, str):
        return re.sub(r"request_id=\w+|new:\w+", "", value)
    if isinstance(value, dict):
        return {key: strip_volatile(each) for key, each in value.items() if not OWN.match(key)}
    return value


def send(dataset: Dataset, client: Client, name: str, path: str, *, more: bool) -> tuple[Any, ...]:
    """Sends the form and rolls back. Returns the status, MIOSA's requests and the tables."""
    since = (dataset.control.requests() or [{"n": 0}])[-1]["n"]
    with transaction.atomic():
        page = client.get(path.replace("/apply/", "/")).content.decode()
        drawn = {field: unescape(value) for field, value in FIELD.findall(page.partition("<main")[2] or page)}
        sent = {"token": drawn.get("token", ""), "reason": "as it should be", "live": dataset.own.version_id}
        sent |= {"sandbox_id": drawn.get("sandbox_id", ""), **TYPED.get(name, {})}
        if name in {"deletion", "detachment"}:
            sent["name"] = confirmed_name(dataset, name)
        over = make_extra_fields(dataset, {*drawn, *sent, "enter"}) if more else {}
        answer = client.post(path, {**over, **sent})
        kept = read_tables()
        transaction.set_rollback(True)
    received = [
        (row["method"], row["path"], row["body"]) for row in dataset.control.requests(since) if row["method"] != "GET"
    ]
    return answer.status_code, strip_requests(received), kept


def confirmed_name(dataset: Dataset, name: str) -> str:
    if name == "detachment":
        rows = request_miosa(dataset.control, f"deployments/{dataset.own.deployment_id}/domains")["data"]
        return str(rows[0]["domain"])
    return str(request_miosa(dataset.control, f"deployments/{dataset.own.deployment_id}")["data"]["name"])


def strip_requests(received: list[tuple[str, str, Any]]) -> list[str]:
    return [repr((method, path, strip_volatile(body))) for method, path, body in received]


@pytest.mark.parametrize("name", FORMS)
def test_additional_fields_are_ignored(dataset: Dataset, name: str) -> None:
    # MIOSA refuses every change, so that both find the same state.
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        dataset.control.fault(
            method=method, times=100, status=422, body='{"error": {"code": "invalid", "message": "no"}}'
        )
    Operation.objects.update(in_lane=False)
    for who in ("owner", "operator"):
        path = own_path(dataset, name, who=who)
        plain = send(dataset, dataset.client(who), name, path, more=False)
        more = send(dataset, dataset.client(who), name, path, more=True)
        assert more[0] == plain[0], (who, plain[0], more[0])
        assert more[1] == plain[1]
        for table, rows in plain[2].items():
            assert more[2][table] == rows, (who, table)


def test_most_forms_are_accepted(dataset: Dataset) -> None:
    """Otherwise the test above would be pointless: every form could be refused for its token."""
    Operation.objects.update(in_lane=False)
    refuse(dataset)
    sent = [
        name
        for name in FORMS
        if send(dataset, dataset.client("operator"), name, path_of(dataset, name), more=False)[0] != 400
    ]
    assert len(sent) > 0.7 * len(FORMS), set(FORMS) - set(sent)


def refuse(dataset: Dataset) -> None:
    """MIOSA refuses every change, so that each form finds the same state."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        dataset.control.fault(
            method=method, times=100, status=422, body='{"error": {"code": "invalid", "message": "no"}}'
        )


def path_of(dataset: Dataset, name: str) -> str:
    return own_path(dataset, name, who="operator")


def test_nobody_can_change_their_own_role(dataset: Dataset) -> None:
    before = list(User.objects.order_by("pk").values("pk", "staff_role", "is_active"))
    client = dataset.client("viewer")
    for name in FORMS:
        if name != "account_logout":
            client.post(own_path(dataset, name, who="owner"), make_extra_fields(dataset, set()))
    assert list(User.objects.order_by("pk").values("pk", "staff_role", "is_active")) == before
