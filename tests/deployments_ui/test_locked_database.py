"""While another process holds SQLite's write lock, pages are shown, and changes say that the portal is busy."""

from __future__ import annotations

import html
import logging
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from portal.models import Connection, Domain, Freshness, KeptLog, Operation
from portal.services import durability
from portal.services.people.demo_people import DEMO_PASSWORD
from tests.deployments_ui.changes import confirm, get_token, list_changes_sent, older
from tests.deployments_ui.conftest import HTMX, Browse, World
from tests.security import dataset as datasets
from tests.security.test_matrix import own_path
from tests.security.test_requests import READABLE
from tests.simulator_control import SimulatorControl
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("os.environ.get('TEST_DATABASE_URL')", reason="only SQLite locks the whole database"),
]

FAR_BELOW_THE_USUAL_WAIT_S = 10.0
HOUR = timedelta(hours=1)
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Shorter waits than a portal has, so that the tests don't wait as long."""
    monkeypatch.setattr(durability, "PAGE_WAIT_MS", 20)
    monkeypatch.setattr(durability, "CHANGE_WAIT_MS", 40)
    monkeypatch.setattr(durability, "SIGN_IN_WAIT_MS", 40)
    monkeypatch.setattr(durability.hurry, "until", 0.0)
    monkeypatch.setattr(durability.sign_in_hurry, "until", 0.0)
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@contextmanager
def locked_database() -> Iterator[None]:
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def make_everything_stale() -> None:
    """So that each page wants to write something."""
    Freshness.objects.update(read_at=timezone.now() - timedelta(days=1), wanted_at=None)
    Freshness.objects.filter(scope__regex="^(domains|env|progress)").delete()
    Domain.objects.update(viewed_at=None)
    Connection.objects.update(last_ok_at=None)
    KeptLog.objects.all().delete()
    cache.clear()
    cache.set("worker.heartbeat", 1.0, -1)


def leave_unfinished(operation: Operation) -> None:
    """As a process does that ended while it worked on it. Its page would advance it."""
    Operation.objects.filter(pk=operation.pk).update(state="sent", runner="dead", heartbeat_at=timezone.now() - HOUR)


def test_every_url_that_can_be_read_is_shown(simulator: SimulatorControl, settings: Settings) -> None:
    settings.MIOSA = replace(settings.MIOSA, deletes_env=True)
    data = datasets.create_dataset(simulator)
    leave_unfinished(Operation.objects.get(key=data.own.operation))
    make_everything_stale()
    client = data.client("operator")
    with locked_database():
        for name in READABLE:
            path, started = own_path(data, name, who="operator"), time.monotonic()
            statuses = {client.get(path).status_code, client.get(path, **HTMX).status_code}
            assert max(statuses) < 500, (path, statuses)
            assert time.monotonic() - started < FAR_BELOW_THE_USUAL_WAIT_S, path


def test_nobody_signed_in_sees_the_sign_in_page_and_the_probe(world: World, browse: Browse) -> None:
    with locked_database():
        assert browse(None).get(LOGIN).status_code == 200
        assert browse(None).get("/healthz").status_code == 200


def test_a_sign_in_waits_longer_than_other_changes(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the first seconds of a new portal, while the worker stores one page of customers after the other."""
    monkeypatch.setattr(durability, "SIGN_IN_WAIT_MS", 10_000)
    monkeypatch.setattr(durability.hurry, "until", time.monotonic() + 60)
    client, is_locked = browse(None), threading.Event()

    def keep_locked() -> None:
        with locked_database():
            is_locked.set()
            time.sleep(0.5)

    worker = threading.Thread(target=keep_locked)
    worker.start()
    is_locked.wait()
    sent = {"login": world.people.owner.email, "password": DEMO_PASSWORD}
    assert client.post(LOGIN, sent).status_code == 302
    worker.join()


def test_a_page_waits_for_the_lock_only_once(world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tab with domains wants to write three times."""
    monkeypatch.setattr(durability, "PAGE_WAIT_MS", 2_000)
    client = browse(world.people.owner)
    make_everything_stale()
    with locked_database():
        started = time.monotonic()
        assert client.get(f"{world.path}domains/").status_code == 200
        assert time.monotonic() - started < 2 * 2.0


class TestChanges:
    def test_a_form_is_kept_and_can_be_sent_again(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = f"{world.path}versions/{older(world)[0]['id']}/rollback/"
        form = {"token": get_token(client, path), "choice": "", "reason": "checkout <broken>"}
        with locked_database(), world.hearing_nothing():
            page = client.post(path, form)
        assert page.status_code == 503
        assert page["Retry-After"]
        text = page.content.decode()
        assert "The portal is busy" in text
        assert "Nothing was changed" in text
        assert "What you entered is still there" in text
        again = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
        assert {name: html.unescape(again[name]) for name in form} == form
        assert not Operation.objects.exists()
        assert client.post(path, form).status_code == 303
        assert Operation.objects.get().state == "succeeded"

    def test_in_a_dialog_the_form_stays_and_a_notice_appears(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        path = f"{world.path}redeploy/"
        form = {"token": get_token(client, path), "choice": "", "reason": "slow"}
        with locked_database():
            part = client.post(path, form, **HTMX)
        assert (part.status_code, part["HX-Retarget"]) == (503, "#notices")
        assert "The portal is busy" in part.content.decode()

    def test_after_one_waited_in_vain_others_wait_less(
        self, world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(durability, "CHANGE_WAIT_MS", 1_000)
        monkeypatch.setattr(durability, "HURRY_FOR_S", 60.0)
        client = browse(world.people.owner)
        path = f"{world.path}redeploy/"
        form = {"token": get_token(client, path), "choice": "", "reason": "slow"}
        with locked_database():
            client.post(path, form)
            started = time.monotonic()
            for _ in range(10):
                assert client.post(path, form).status_code == 503
            assert time.monotonic() - started < 10 * 0.9

    def test_a_value_is_on_no_page(self, world: World, browse: Browse) -> None:
        client = browse(world.people.owner)
        with locked_database():
            page = client.post(f"{world.path}env/set/", {"many": "0", "name": "A", "value": "typed-secret"})
        assert page.status_code == 503
        assert "typed-secret" not in page.content.decode()
        assert "still there" not in page.content.decode()

    def test_what_miosa_answered_is_stored_once_the_lock_is_released(self, world: World, browse: Browse) -> None:
        """The lock is taken after the operation was recorded, and held when MIOSA answers."""
        client = browse(world.people.owner)
        path = f"{world.path}versions/{older(world)[0]['id']}/rollback/"
        world.control.fault("*/rollback", delay_s=1.0)
        answers = []
        request = threading.Thread(target=lambda: answers.append(confirm(client, path)))
        request.start()
        wait_until(lambda: bool(list_changes_sent(world)), seconds=20)
        with locked_database():
            time.sleep(1.5)
        request.join()
        assert answers[0].status_code == 303
        assert Operation.objects.get().state == "succeeded"


def test_a_full_disk_is_explained(db: None) -> None:
    """SQLite is told that there is no room for another page."""
    with connection.cursor() as cursor:
        pages, free, page_size = (
            cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        too_much = "a" * (free + 10) * page_size
        with pytest.raises(OperationalError) as raised:
            Session.objects.create(session_key="x", session_data=too_much, expire_date=timezone.now())
        cursor.execute("PRAGMA max_page_count = 1073741823")
    obstacle = durability.find_obstacle(raised.value)
    assert obstacle is not None
    assert "its disk is full" in obstacle.for_people


def test_an_error_of_another_kind_is_no_obstacle() -> None:
    assert durability.find_obstacle(OperationalError("no such table")) is None
    assert durability.find_obstacle(ValueError()) is None
