"""Every unsafe URL, for every person: each request leaves one event, which says who sent it and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse

from portal.audit_middleware import UNRECORDED
from portal.models import AuditEvent
from tests.security import matrix
from tests.security.dataset import Dataset
from tests.security.matrix import ACCESS

CHANGING = sorted(name for name, access in ACCESS.items() if "POST" in access.methods)
ADDRESS = "198.51.100.7"
WHO = ("anonymous", "viewer", "owner", "other_owner", "operator")


def list_requests(dataset: Dataset, name: str) -> Iterator[tuple[str, str]]:
    own, foreign = (
        matrix.get_url(name, matrix.get_arguments(ids, name, who=who))
        for ids, who in ((dataset.own, "owner"), (dataset.foreign, "other_owner"))
    )
    yield from (("POST", own), ("DELETE", own))
    if foreign != own:
        yield "POST", foreign


def send(dataset: Dataset, who: str, method: str, path: str) -> tuple[HttpResponse, list[AuditEvent]]:
    """The response, and the events that the request has left. Then the database is as before."""
    client: Any = dataset.client(who)
    before = set(AuditEvent.objects.values_list("pk", flat=True))
    with transaction.atomic():
        response = client.generic(method, path, REMOTE_ADDR=ADDRESS)
        events = list(AuditEvent.objects.exclude(pk__in=before))
        transaction.set_rollback(True)
    return response, events


def get_outcome(name: str, response: HttpResponse) -> str:
    location = response.get("Location", "")
    if response.status_code in {401, 403, 404, 405, 429} or location.startswith("/accounts/login/"):
        return "refused"
    is_form_again = name.startswith(("account_", "mfa_")) and response.status_code == 200
    return "failed" if response.status_code >= 400 or is_form_again else "done"


@pytest.mark.parametrize("name", CHANGING)
def test_each_request_leaves_one_event(dataset: Dataset, name: str) -> None:
    cache.clear()
    for who in WHO:
        for method, path in list_requests(dataset, name):
            response, events = send(dataset, who, method, path)
            outcome = get_outcome(name, response)
            if name in UNRECORDED and outcome == "done":
                assert events == []
                continue
            # One for each customer of a person who is removed or deactivated: no customer reads of another.
            assert len(events) == max(1, len({event.customer_id for event in events})), (who, method, path, events)
            assert len({event.kind for event in events}) == 1
            for event in events:
                check_event(event, dataset, who=who, response=response)
            if events[0].kind == "request":
                assert (events[0].outcome, events[0].target.split()[0]) == (outcome, method)


def check_event(event: AuditEvent, dataset: Dataset, *, who: str, response: HttpResponse) -> None:
    assert (event.address, event.request_id) == (ADDRESS, response["X-Request-ID"])
    if who == "anonymous":
        assert event.person_id is None
        assert event.way in {"nobody", "link", "hand_off"}
    elif event.way != "hand_off":
        person = dataset.people[who]
        assert (event.person_id, event.person_name, event.person_email) == (person.pk, str(person), person.email)
        assert event.way == "session"
    assert dataset.own.secret not in str(vars(event))
    assert dataset.own.invitation_secret not in str(vars(event))
