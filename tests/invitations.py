"""Invitations as tests send and accept them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests import mails

PASSWORD = "a long enough passphrase"
SLUG = "brightsmile-dental"
INVITE = f"/c/{SLUG}/people/invite/"


def invite(client: Client, email: str, *, path: str = INVITE, role: str = "viewer", **fields: Any) -> str:
    """Send an invitation and return the path of the link in the mail."""
    response = client.post(path, {"email": email, "role": role, **fields})
    assert response.status_code == 303, response.content.decode()
    return get_link(email)


def get_link(email: str) -> str:
    """The path of the newest invitation's link."""
    return mails.find_path(mails.list_texts("invitation", to=email.lower())[-1])


def create_account(client: Client, link: str, *, name: str = "Nina New", password: str = PASSWORD) -> HttpResponse:
    return client.post(link, {"name": name, "password": password})  # type: ignore[return-value]  # a Client answers a response
