"""Fill in and send forms as a browser does."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from portal.models import Operation, Version
from portal.services.operations import background
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import text_of

TOKEN = re.compile(r'name="token" value="([^"]+)"')
SANDBOX = re.compile(r'name="sandbox_id"\s+value="([^"]+)"')
CHANGING = frozenset({"POST", "PATCH", "PUT", "DELETE"})


def token_of(page: str) -> str:
    found = TOKEN.search(page)
    assert found
    return found[1]


def get_token(client: Client, path: str) -> str:
    """The token of a new form."""
    return token_of(text_of(client, path))


def confirm(client: Client, path: str, *, htmx: bool = False, **fields: Any) -> HttpResponse:
    """Get the form and send it with these fields."""
    sent = {"token": get_token(client, path), "choice": "", "reason": "checkout broken", **fields}
    headers = HTMX if htmx else {}
    return client.post(path, sent, **headers)  # type: ignore[return-value]  # a Client answers a response


def list_changes_sent(world: World) -> list[dict[str, Any]]:
    return [row for row in world.control.requests() if row["method"] in CHANGING]


def work(*, rounds: int = 20) -> None:
    """Run operations as the worker does, until none is due."""
    for _round in range(rounds):
        due = background.list_due(now=timezone.now())
        if not due:
            return
        for operation in due:
            background.run_step(operation)


def make_checks_due() -> None:
    """Make all waiting checks due."""
    now = timezone.now()
    Operation.objects.exclude(check_due_at=None).update(check_due_at=now)
    Operation.objects.exclude(next_read_at=None).update(next_read_at=now)


def older(world: World) -> list[dict[str, Any]]:
    """The versions of the main app older than what is live, newest first, that could go live."""
    live = Version.objects.get(miosa_id=world.main["active_version_id"])
    rows = Version.objects.filter(deployment=live.deployment, number__lt=live.number, state="archived")
    return [{"id": row.miosa_id, "number": row.number} for row in rows.order_by("-number")]


def sandbox_of(world: World, customer: str = SLUG) -> str:
    """The first one on the customer's form to publish."""
    client = Client()
    client.force_login(world.people.operator)
    found = SANDBOX.search(text_of(client, f"/c/{customer}/publish/"))
    assert found
    return found[1]
