"""Each request that changes something, or that was refused, leaves exactly one event."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client, override_settings

from portal.models import AuditEvent, Operation
from portal.services.audit import requests
from portal.services.audit.record import Outcome, Way
from tests.deployments_ui.changes import confirm, get_token
from tests.deployments_ui.conftest import HTMX, SLUG, Browse, World


def get_only_event() -> AuditEvent:
    """The only event since the log was emptied."""
    return AuditEvent.objects.get()


def test_an_operation_leaves_one_event_with_its_key(world: World, browse: Browse) -> None:
    answer = confirm(browse(world.people.support), f"{world.path}redeploy/", reason="checkout broken")
    event, operation = get_only_event(), Operation.objects.get()
    assert answer.status_code == 303
    assert (event.kind, event.operation, event.target) == ("operation.redeploy", operation.key, world.main["name"])
    assert (event.person_name, event.person_role, event.customer_name) == ("Ana Ruiz", "support", "Bright Smile Dental")
    assert (event.way, event.outcome, event.address) == (Way.SESSION, Outcome.DONE, "127.0.0.1")
    assert event.request_id == answer["X-Request-ID"]
    assert event.after == {"reason": "checkout broken"}


def test_the_same_form_sent_twice_leaves_one_event_for_the_operation(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    fields = {"token": get_token(client, f"{world.path}redeploy/"), "choice": "", "reason": "checkout broken"}
    for _time in range(2):
        client.post(f"{world.path}redeploy/", fields)
    kinds = AuditEvent.objects.values_list("kind", flat=True)
    assert sorted(kinds) == ["operation.redeploy", "request"]


@pytest.mark.parametrize(
    ("who", "path", "expected"),
    [
        ("viewer", "stop/", (403, Outcome.REFUSED, Way.SESSION)),
        ("other_owner", "stop/", (404, Outcome.REFUSED, Way.SESSION)),
        ("operator", "stop/", (400, Outcome.FAILED, Way.SESSION)),
        ("operator", "nowhere/", (404, Outcome.REFUSED, Way.SESSION)),
        ("operator", "", (405, Outcome.REFUSED, Way.SESSION)),
        (None, "stop/", (302, Outcome.REFUSED, Way.NOBODY)),
    ],
)
def test_what_was_refused_or_failed_leaves_one_event(
    world: World, browse: Browse, who: str | None, path: str, expected: tuple[int, Outcome, Way]
) -> None:
    answer = browse(getattr(world.people, who) if who else None).post(f"{world.path}{path}", {"reason": "x"})
    event = get_only_event()
    assert (answer.status_code, event.outcome, event.way) == expected
    assert event.kind == "request"


def test_an_attempt_of_another_customer_s_person_is_not_shown_to_the_customer(world: World, browse: Browse) -> None:
    browse(world.people.other_owner).post(f"{world.path}stop/")
    event = get_only_event()
    assert (event.person_email, event.customer_id) == (world.people.other_owner.email, None)
    assert event.target == f"POST {world.path}stop/"


def test_a_forbidden_page_leaves_one_event_and_other_pages_none(world: World, browse: Browse) -> None:
    client = browse(world.people.viewer)
    for path in (f"/c/{SLUG}/", f"{world.path}versions/missing/", "/nowhere/"):
        client.get(path)
    assert not AuditEvent.objects.exists()
    client.get(f"{world.path}stop/")
    assert get_only_event().target == f"GET {world.path}stop/"


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("other_owner", f"/c/{SLUG}/"),
        ("other_owner", "/c/nobody-at-all/"),
        ("owner", "/people/"),
        ("support", "/settings/"),
    ],
)
def test_a_page_that_does_not_exist_for_somebody_leaves_one_event(
    world: World, browse: Browse, who: str, path: str
) -> None:
    """Whether it exists for others or not."""
    assert browse(getattr(world.people, who)).get(path).status_code == 404
    event = get_only_event()
    assert (event.target, event.outcome, event.customer_id) == (f"GET {path}", Outcome.REFUSED, None)
    assert event.person_email == getattr(world.people, who).email


def test_a_part_that_is_polled_and_forbidden_leaves_one_event_a_minute(world: World, browse: Browse) -> None:
    client = browse(world.people.viewer)
    for _poll in range(3):
        client.get(f"{world.path}stop/", **HTMX)
    assert get_only_event().outcome == Outcome.REFUSED


def test_a_form_without_a_csrf_token_is_refused_and_recorded(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people.owner)
    assert client.post(f"{world.path}redeploy/").status_code == 403
    event = get_only_event()
    assert (event.person_name, event.outcome, event.way) == ("Dr Rao", Outcome.REFUSED, Way.SESSION)


def test_a_body_that_is_too_large_is_recorded(world: World, browse: Browse) -> None:
    with override_settings(MOST_BODY_BYTES=10):
        assert browse(world.people.owner).post(f"{world.path}redeploy/", {"reason": "x" * 20}).status_code == 413
    assert get_only_event().outcome == Outcome.FAILED


def test_refreshing_and_choosing_a_theme_leave_nothing(world: World, browse: Browse) -> None:
    client = browse(world.people.viewer)
    for path, fields in ((f"/c/{SLUG}/refresh/", {}), (f"{world.path}refresh/", {}), ("/theme/", {"theme": "dark"})):
        assert client.post(path, fields).status_code in {200, 302}
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/dns/the-secret-of-a-link/", "/dns/…/"),
        ("/dns/the-secret-of-a-link", "/dns/…"),
        ("/the-secret-of-a-link", "/…"),
        ("/c/a%20slug/deployments/the-secret-of-a-link/wrong/", "/c/…"),
    ],
)
def test_secrets_in_addresses_are_not_recorded(db: None, client: Client, path: str, shown: str) -> None:
    client.post(path)
    event = get_only_event()
    assert event.target == f"POST {shown}"
    assert "the-secret" not in str(vars(event))


def test_a_session_of_the_platform_s_own_app_says_so(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    session = client.session
    session["way"] = "hand_off"
    session.save()
    confirm(client, f"{world.path}redeploy/")
    assert get_only_event().way == Way.HAND_OFF


def test_one_sender_can_t_fill_the_disk(db: None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MOST_A_MINUTE", 3)
    monkeypatch.setattr(requests, "_MINUTE_S", 10**9)
    cache.clear()
    for _request in range(5):
        client.post("/nowhere/")
    assert AuditEvent.objects.count() == 3
    client.post("/nowhere/", REMOTE_ADDR="203.0.113.9")
    assert AuditEvent.objects.count() == 4


def test_a_locked_database_doesn_t_change_the_answer(world: World, browse: Browse, monkeypatch: Any) -> None:
    """What can't be recorded is in the log file."""

    def refuse(*_args: Any, **_facts: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(requests, "record", refuse)
    assert browse(world.people.viewer).post(f"{world.path}stop/").status_code == 403
