"""Planted values, and every place they could come back from: none has them."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import caches
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.views.debug import ExceptionReporter

from portal.models import Operation
from portal.services.operations import background
from tests.databases import dump_database
from tests.deployments_ui.changes import token_of
from tests.deployments_ui.conftest import HTMX, World
from tests.deployments_ui.page_rules import Browse

pytestmark = pytest.mark.django_db(transaction=True)

ONE, MANY, KEY, WRONG = "CANARY-one-9d1f", "CANARY-many-73ab", "CANARYkey5e11MIIEvQIBADANBg", "CANARY-wrong-c0de"
PASTE = f"""
MANY='{MANY}'
WITH_COMMENT={MANY} # {MANY}
PRIVATE_KEY=-----BEGIN PRIVATE KEY-----
{KEY}
{KEY}==
-----END PRIVATE KEY-----
{KEY}
{KEY}==
https://user:{WRONG}@host/?x=1
MANY={MANY}
"""
# With the project's own folder, which may be called anything.
OWN_FOLDERS = tuple(f"{settings.BASE_DIR / package}/" for package in ("portal", "deployments_ui"))
PLANTED = (ONE, MANY, KEY, WRONG)


class Places:
    """Everything that was answered, and what it is searched with."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.texts: list[str] = []

    def keep(self, answer: HttpResponse) -> str:
        body = answer.content.decode()
        self.texts += [body, str(dict(answer.headers)), repr(answer), str(answer.cookies)]
        return body

    def get(self, path: str, **headers: str) -> str:
        return self.keep(self.client.get(path, **headers))  # type: ignore[arg-type]  # META keys

    def post(self, path: str, fields: dict[str, str], **headers: str) -> str:
        return self.keep(self.client.post(path, fields, **headers))  # type: ignore[arg-type]  # META keys


def hits(text: str) -> list[str]:
    return [planted for planted in PLANTED if planted in text]


def everything_logged(records: list[logging.LogRecord]) -> str:
    plain = logging.Formatter("%(message)s")
    return "\n".join(f"{plain.format(record)} {vars(record)!r}" for record in records)


def whole_cache() -> str:
    return "\n".join(repr(vars(cache).get("_cache", "")) for cache in caches.all())


@contextmanager
def broken_on(word: str) -> Iterator[None]:
    """The database fails at the first statement of this kind."""

    def fail(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if word in sql:
            raise OperationalError("disk full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


def test_planted_values_are_nowhere(world: World, browse: Browse, caplog: pytest.LogCaptureFixture) -> None:
    places = Places(browse(world.people.owner))
    env = f"{world.path}env/"
    with caplog.at_level(logging.DEBUG):
        for headers in ({}, HTMX):
            for typed in (
                {"name": "A B", "value": WRONG},
                {"name": WRONG, "value": ""},
                {"many": "1", "pasted": WRONG},
            ):
                places.post(f"{env}set/", typed, **headers)
            review = places.post(f"{env}set/", {"name": "ONE", "value": ONE}, **headers)
            path = re.findall(r'action="([^"]+/)apply/"', review)[0]
            places.post(f"{path}apply/", {"token": token_of(review), "reason": "x" * 9999}, **headers)
            places.post(f"{path}apply/", {"token": token_of(review)}, **headers)
            review = places.post(f"{env}set/", {"many": "1", "pasted": PASTE}, **headers)
            path = re.findall(r'action="([^"]+/)apply/"', review)[0]
            places.get(path, **headers)
            places.post(path, {"rename-MANY": WRONG}, **headers)
            world.control.fault("*/env", method="POST", times=1, drop_after=True)
            places.post(f"{path}apply/", {"token": token_of(review)}, **headers)
            world.control.clear_faults()
            Operation.objects.update(next_read_at=None)
        world.control.configure(env_rows="key_value")
        for operation in Operation.objects.all():
            places.get(f"/operations/{operation.key}/")
            background.run_step(operation)
        for page in (env, world.path, f"/c/{env.split('/')[2]}/", "/operations/"):
            places.get(page)
            places.get(page, **HTMX)
    assert not hits("\n".join(places.texts))
    assert not hits(everything_logged(caplog.records))
    assert not hits(dump_database())
    assert not hits(whole_cache())
    assert not hits(repr(mail.outbox))


@pytest.mark.parametrize("statement", ["portal_envvardraft", "portal_envvar", "portal_customer"])
def test_an_error_while_setting_reveals_no_value(
    world: World, browse: Browse, caplog: pytest.LogCaptureFixture, statement: str
) -> None:
    client = browse(world.people.owner)
    client.raise_request_exception = False
    with caplog.at_level(logging.DEBUG), broken_on(statement):
        answer = client.post(f"{world.path}env/set/", {"name": "ONE", "value": ONE})
    assert answer.status_code == 500
    assert not hits(answer.content.decode())
    assert not hits(everything_logged(caplog.records))


def test_an_error_report_with_local_variables_reveals_no_value(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    for fields in ({"name": "ONE", "value": ONE}, {"many": "1", "pasted": PASTE}):
        try:
            with broken_on("portal_envvardraft"):
                client.post(f"{world.path}env/set/", fields)
        except OperationalError:
            kind, error, trace = sys.exc_info()
            request = RequestFactory().get("/")
            report = ExceptionReporter(request, kind, error, trace, is_email=True)
            ours = [frame for frame in report.get_traceback_frames() if frame["filename"].startswith(OWN_FOLDERS)]
            assert ours
            assert not hits(str([frame["vars"] for frame in ours]))
