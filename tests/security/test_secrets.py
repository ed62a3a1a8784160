"""Unique values, followed through everything the portal writes, at the most talkative level: they are nowhere.

What people type into env vars, their passwords and sessions, the key to the hosting service, the links without sign-in.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone

from portal import logs
from portal import urls as portal_urls
from portal.config import DEMO_KEY
from portal.models import Operation
from portal.services.operations import background
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from tests.deployments_ui.changes import token_of
from tests.deployments_ui.conftest import HTMX
from tests.mails import find_path, list_texts
from tests.security.crawler import body_of
from tests.security.dataset import VALUE, Dataset
from tests.security.test_leaks import find_review

PASSWORD = "canary-of-a-password-3f9a"
VALUES = ("canary-value-one-77c1", "canary value two 88d2", "canary-value-three-99e3", "canary\nof-many-lines-11f4")
PIECES = ("canary-value", "canary value", "of-many-lines-11f4", PASSWORD, VALUE)
BROKEN = "canary-value-in-a-fault"


def raise_error(request: HttpRequest) -> HttpResponse:
    """Fails while it has a value in a local variable."""
    value = request.POST["value"]
    raise RuntimeError(len(value))


handler400, handler403 = portal_urls.handler400, portal_urls.handler403
handler404, handler500 = portal_urls.handler404, portal_urls.handler500
handler429 = portal_urls.handler429
urlpatterns = [*portal_urls.urlpatterns, path("broken/", raise_error)]


@pytest.fixture
def log_output() -> Iterator[io.StringIO]:
    """Everything that any library logs, as the portal writes it."""
    stream = io.StringIO()
    configured = logs.configure(level="DEBUG", secrets=[DEMO_KEY, settings.SECRET_KEY])
    formatter = configured["formatters"]["json"]
    ours = logging.StreamHandler(stream)
    ours.setFormatter(formatter["()"](**{key: value for key, value in formatter.items() if key != "()"}))
    root = logging.getLogger()
    before, quiet = root.level, root.manager.disable
    logging.disable(logging.NOTSET)
    root.addHandler(ours)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(ours)
    root.setLevel(before)
    logging.disable(quiet)


class RecordingClient(Client):
    """Records every response: pages, parts, headers."""

    def __init__(self) -> None:
        super().__init__(raise_request_exception=False)
        self.responses: list[str] = []

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        self.responses.append(f"{dict(answer.headers)}\n{body_of(answer)}")
        return answer

    def sign_in(self, email: str, password: str) -> Any:
        return self.post("/accounts/login/", {"login": email, "password": password})


def dump_database(*, but: tuple[str, ...] = ()) -> str:
    """Every row of every table as text; blobs as bytes."""
    with connection.cursor() as cursor:
        text = []
        for table in set(connection.introspection.table_names(cursor)) - set(but):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of our own tables
            text += [f"{table}: {row!r}" for row in cursor.fetchall()]
    return "\n".join(text)


def run_worker() -> None:
    for _round in range(10):
        for operation in background.list_due(now=timezone.now()):
            background.run_step(operation)


def type_values(client: Client, base: str) -> None:
    """One by one, as a file, with mistakes, in the wrong field, and reviewed again."""
    one, two, three, lines = VALUES
    wrong: list[dict[str, str]] = [
        {"name": "not a name", "value": one},
        {"name": one, "value": ""},
        {"name": f"KEY={two}", "value": three},
        {"many": "1", "pasted": f"{one}\n{two}\n= {three}"},
        {"name": "BIG", "value": one * 20_000},
        {"name": "X", "value": one, "environment": "nowhere"},
    ]
    for sent in wrong:
        client.post(f"{base}env/set/", sent)
        client.post(f"{base}env/set/", sent, **HTMX)
    pasted = (
        f"A_KEY={one}\nexport B_KEY='{two}'\nA_KEY={three}\nMANY=\"{lines}\"\nbroken line {one}\nNEXT_PUBLIC_X={three}"
    )
    page = body_of(client.post(f"{base}env/set/", {"many": "1", "pasted": pasted}))
    review = find_review(page)
    client.post(review, {"rename-A_KEY": "C_KEY", "token": token_of(page)})
    client.get(review)
    client.get(review, **HTMX)


def apply(client: Client, base: str, *, value: str, **fault: Any) -> None:
    page = body_of(client.post(f"{base}env/set/", {"name": "LOST_KEY", "value": value}))
    review = find_review(page)
    token = token_of(page)
    for _time in range(2):
        answer = client.post(f"{review}apply/", {"token": token, "reason": "a new key"})
    if answer.has_header("Location"):
        client.get(answer["Location"])


def list_env_requests(dataset: Dataset) -> list[Any]:
    return [
        row["body"] for row in dataset.control.requests() if row["method"] == "POST" and row["path"].endswith("/env")
    ]


@pytest.mark.urls(__name__)
def test_secrets_are_written_nowhere(
    dataset: Dataset, log_output: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    owner = dataset.people["owner"]
    owner.set_password(PASSWORD)
    owner.save()
    client = RecordingClient()
    client.sign_in(owner.email, f"{PASSWORD}-mistyped")
    assert client.sign_in(owner.email, PASSWORD).status_code == 302
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    base = f"/c/{dataset.own.slug}/deployments/{dataset.own.deployment_id}/"
    before = len(list_env_requests(dataset))
    type_values(client, base)
    apply(client, base, value=VALUES[0])
    quoting = json.dumps({"error": {"code": "invalid", "message": f"bad value {VALUES[0]} for key {DEMO_KEY}"}})
    for fault in ({"status": 422, "body": quoting}, {"status": 500, "body": quoting}, {"status": 200, "body": quoting},
                  {"drop_after": True}, {"drop_before": True}):  # fmt: skip
        dataset.control.fault("*/env", method="POST", times=3, **fault)
        apply(client, base, value=VALUES[0])
        dataset.control.clear_faults()
        Operation.objects.update(in_lane=False, next_read_at=timezone.now())
        run_worker()
    for address in ("env/", "", "env/delete/LOST_KEY/"):
        client.get(base + address)
    for operation in Operation.objects.all():
        client.get(f"/operations/{operation.key}/")
        client.get(f"/api/v1/operations/{operation.key}/")
    client.post("/broken/", {"value": BROKEN})
    client.post(f"{base}redeploy/", {"token": "x", "value": BROKEN})
    client.get(f"/dns/{dataset.own.secret}/")
    Client().get(f"/invitations/{dataset.own.invitation_secret}/")
    assert len(list_env_requests(dataset)) > before

    said = log_output.getvalue() + "".join(repr(vars(record)) for record in caplog.records)
    shown = "\n".join(client.responses)
    kept = dump_database()
    assert "LOST_KEY" in kept
    for piece in PIECES:
        assert piece not in said
        assert piece not in kept
        assert piece not in shown
    for secret in (session, DEMO_KEY, dataset.own.secret, dataset.own.invitation_secret):
        assert secret not in log_output.getvalue()
    assert DEMO_KEY not in kept + shown
    assert session not in shown + dump_database(but=("django_session", "usersessions_usersession"))
    assert dataset.own.secret not in kept
    assert dataset.own.invitation_secret not in kept
    assert mail.outbox == []


def test_links_of_mails_are_in_no_log_and_no_row(dataset: Dataset, log_output: io.StringIO) -> None:
    owner = dataset.people["owner"]
    owner.refresh_from_db()
    client = Client()
    client.force_login(owner)
    client.post("/profile/email/", {"email": "new@address.test"})
    client.post("/accounts/password/reset/", {"email": owner.email})
    paths = [
        find_path(list_texts("email_confirmation", to="new@address.test")[0]),
        find_path(list_texts("password_reset", to=owner.email)[0]),
    ]
    kept = dump_database()
    for link in paths:
        assert client.get(link).status_code in {200, 302}
        secret = link.rstrip("/").rpartition("/")[2]
        assert secret not in log_output.getvalue() + kept


def test_no_repr_shows_a_secret(dataset: Dataset) -> None:
    client = upstream.client(Purpose.READ)
    known = [settings.MIOSA, settings.CONFIG, client, replace(settings.MIOSA, rpm=1), dataset.client("owner").session]
    shown = "".join(f"{each!r}{each!s}" for each in known)
    assert DEMO_KEY not in shown
    assert settings.SECRET_KEY not in shown
