"""Posting more than a form asks for changes nothing but what the form is for (quality.md 14, 4).

Each form is sent twice, from the same beginning: as a browser would, and with a field for everything our tables and the
hosting service's rows hold. Both times our database and what the hosting service heard must be the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from django.apps import apps
from django.db import models, transaction
from django.test import Client

from portal.models import Operation, User
from portal.services.people import DEMO_PASSWORD
from tests.security.matrix import DOORS
from tests.security.test_matrix import own_path
from tests.security.world import World, ask

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
# What differs between any two deeds: their own numbers, moments and secrets.
OWN = re.compile(r"^(?:id|key|token|secret_hash|sealed|fingerprint|session_key|runner|.*_at|.*_request_id)$")
# How the hosting service was, and is to be, asked.
OF_THE_MOMENT = {"Bucket", "Connection", "Freshness"}
# Fields of some forms: stepping over is for staff, and there is one environment, so that a made-up one is refused.
REFUSED_AS_A_WHOLE = {"environment", "override"}
FORMS = sorted(name for name, door in DOORS.items() if "POST" in door.methods)
# Filled in as a person would, where an empty field is not enough.
TYPED: dict[str, dict[str, str]] = {
    "account_login": {"login": "owner@brightsmile.test", "password": DEMO_PASSWORD},
    "creation": {"name": "A new app"},
    "deletion": {},
    "domain_add": {"domain": "new.brightsmile.example", "policy": "none"},
    "env_set": {"name": "NEW_KEY", "value": "a value"},
    "first_publication": {"name": "A new app", "kind": "auto", "then": "live"},
    "publication": {"kind": "auto", "then": "live"},
    "redirection": {"policy": "www_to_apex"},
    "renaming": {"name": "Another name"},
    "theme": {"theme": "dark"},
}


def every_field() -> list[str]:
    named = {field.name for model in apps.get_models() for field in model._meta.get_fields()}
    columns = {getattr(field, "attname", "") for model in apps.get_models() for field in model._meta.get_fields()}
    return sorted((named | columns | set(UPSTREAM)) - {""} - REFUSED_AS_A_WHOLE)


def extras(world: World, drawn: set[str]) -> dict[str, str]:
    """Whatever would do harm if it were believed; nothing that the form itself asks for."""
    foreign = {
        "customer": world.foreign.slug, "customer_id": "2", "deployment": world.foreign.deployment_id,
        "deployment_id": world.foreign.deployment_id, "version_id": world.foreign.version_id,
        "slug": world.foreign.slug, "external_workspace_id": "pawsome-vets",
        "role": "operator", "staff_role": "operator", "person_role": "operator",
        "person_id": str(world.people["operator"].pk), "person_name": "Somebody else", "state": "succeeded",
        "is_superuser": "on", "is_staff": "on", "target_id": world.foreign.version_id, "note": "a note of staff",
    }  # fmt: skip
    return {name: foreign.get(name, "1") for name in every_field() if name not in drawn}


def snapshot() -> dict[str, list[str]]:
    """Every row of ours, without what is new with each deed."""
    kept = {}
    for model in apps.get_app_config("portal").get_models():
        if model.__name__ not in OF_THE_MOMENT:
            columns = [field.attname for field in model._meta.concrete_fields if not OWN.match(field.attname)]
            kept[model.__name__] = sorted(repr(row) for row in rows_of(model, columns))
    return kept


def rows_of(model: type[models.Model], columns: list[str]) -> Iterator[tuple[Any, ...]]:
    for row in model._default_manager.values_list(*columns):
        yield tuple(without_own(value) for value in row)


def without_own(value: Any) -> Any:
    """A body or result holds moments and keys as well."""
    if isinstance(value, datetime):
        return None
    if isinstance(value, str):
        return re.sub(r"request_id=\w+|new:\w+", "", value)
    if isinstance(value, dict):
        return {key: without_own(each) for key, each in value.items() if not OWN.match(key)}
    return value


def send(world: World, client: Client, name: str, path: str, *, more: bool) -> tuple[Any, ...]:
    """What came of it, all of it taken back."""
    since = (world.control.requests() or [{"n": 0}])[-1]["n"]
    with transaction.atomic():
        page = client.get(path.replace("/apply/", "/")).content.decode()
        drawn = {field: unescape(value) for field, value in FIELD.findall(page.partition("<main")[2] or page)}
        sent = {"token": drawn.get("token", ""), "reason": "as it should be", "live": world.own.version_id}
        sent |= {"sandbox_id": drawn.get("sandbox_id", ""), **TYPED.get(name, {})}
        if name in {"deletion", "detachment"}:
            sent["name"] = confirmed_name(world, name)
        over = extras(world, {*drawn, *sent, "enter"}) if more else {}
        answer = client.post(path, {**over, **sent})
        kept = snapshot()
        transaction.set_rollback(True)
    heard = [
        (row["method"], row["path"], row["body"]) for row in world.control.requests(since) if row["method"] != "GET"
    ]
    return answer.status_code, without_keys(heard), kept


def confirmed_name(world: World, name: str) -> str:
    if name == "detachment":
        rows = ask(world.control, f"deployments/{world.own.deployment_id}/domains")["data"]
        return str(rows[0]["domain"])
    return str(ask(world.control, f"deployments/{world.own.deployment_id}")["data"]["name"])


def without_keys(heard: list[tuple[str, str, Any]]) -> list[str]:
    return [repr((method, path, without_own(body))) for method, path, body in heard]


@pytest.mark.parametrize("name", FORMS)
def test_more_than_was_asked_for_is_not_looked_at(world: World, name: str) -> None:
    # Nothing really changes at the hosting service, so that both find it alike.
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        world.control.fault(
            method=method, times=100, status=422, body='{"error": {"code": "invalid", "message": "no"}}'
        )
    Operation.objects.update(in_lane=False)
    for who in ("owner", "operator"):
        path = own_path(world, name, who=who)
        plain = send(world, world.client(who), name, path, more=False)
        more = send(world, world.client(who), name, path, more=True)
        assert more[0] == plain[0], (who, plain[0], more[0])
        assert more[1] == plain[1]
        for table, rows in plain[2].items():
            assert more[2][table] == rows, (who, table)


def test_most_forms_are_really_sent(world: World) -> None:
    """The test above would be idle if every form were refused for its token."""
    Operation.objects.update(in_lane=False)
    refuse(world)
    sent = [
        name
        for name in FORMS
        if send(world, world.client("operator"), name, path_of(world, name), more=False)[0] != 400
    ]
    assert len(sent) > 0.7 * len(FORMS), set(FORMS) - set(sent)


def refuse(world: World) -> None:
    """Nothing really changes at the hosting service, so that each finds it alike."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        world.control.fault(
            method=method, times=100, status=422, body='{"error": {"code": "invalid", "message": "no"}}'
        )


def path_of(world: World, name: str) -> str:
    return own_path(world, name, who="operator")


def test_nobody_makes_themselves_somebody(world: World) -> None:
    before = list(User.objects.order_by("pk").values("pk", "staff_role", "is_active"))
    client = world.client("viewer")
    for name in FORMS:
        if name != "account_logout":
            client.post(own_path(world, name, who="owner"), extras(world, set()))
    assert list(User.objects.order_by("pk").values("pk", "staff_role", "is_active")) == before
