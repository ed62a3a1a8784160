"""What a person does to sign in, as a browser without JavaScript sends it."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from portal.models import AuditEvent, User
from portal.services.people.demo_people import DEMO_PASSWORD
from portal.sign_in import session_facts

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(user: User, password: str = DEMO_PASSWORD, *, client: Client | None = None, **sent: Any) -> Client:
    client = client or Client(headers={"User-Agent": FIREFOX})
    client.post("/accounts/login/", {"login": user.email, "password": password, **sent})
    return client


def is_signed_in(client: Client) -> bool:
    return bool(client.get("/profile/").status_code == 200)


def let_pass(client: Client, seconds: float) -> None:
    """As if this session had been left alone for so long."""
    session = client.session
    for key in (session_facts.SIGNED_IN_AT, session_facts.SEEN_AT, session_facts.CONFIRMED_AT):
        session[key] -= seconds
    session.save()


def confirm_by_password(client: Client, password: str = DEMO_PASSWORD, next_: str = "/profile/") -> Any:
    return client.post(reverse("account_reauthenticate"), {"password": password, "next": next_})


def list_events(kind: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(kind=kind).order_by("number"))
