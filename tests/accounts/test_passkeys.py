"""Passkeys that no browser has made. Those of a browser are in tests/deployments_ui/journeys/test_passkeys.py."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from tests.accounts.browser import is_signed_in, sign_in
from tests.people import People

pytestmark = pytest.mark.postgres

LOGIN = "/accounts/passkeys/sign-in/"


class TestMadeUp:
    """What no browser sends."""

    @pytest.mark.parametrize(
        "credential",
        ["", "x", "null", "[]", "{}", '{"response": null}', '{"response": {"userHandle": "enp6enp6enp6eno"}}', "1e999"],
    )
    def test_nobody_is_signed_in(self, people: People, credential: str) -> None:
        client = Client()
        client.get(LOGIN, headers={"Accept": "application/json"})
        assert client.post(LOGIN, {"credential": credential})["Location"] == "/accounts/login/"
        assert not is_signed_in(client)

    def test_nothing_is_added(self, people: People) -> None:
        client = sign_in(people.owner)
        client.get("/accounts/passkeys/add/")
        made_up = {"id": "a", "rawId": "a", "type": "public-key", "response": {"clientDataJSON": "e30"}}
        for credential in ("[]", "{}", json.dumps(made_up)):
            page = client.post("/accounts/passkeys/add/", {"name": "x", "credential": credential})
            assert page.status_code == 200
        assert "Passkey “" not in client.get("/profile/").content.decode()


@pytest.mark.parametrize("path", ["/accounts/passkeys/add/", LOGIN])
def test_every_page_asks_for_pin_or_finger(people: People, path: str) -> None:
    """What one page has asked for can be sent to the page that signs in, so none asks for less."""
    client = Client() if path == LOGIN else sign_in(people.owner)
    page = client.get(path, headers={"X-Requested-With": "XMLHttpRequest"})
    assert client.session["mfa.webauthn.state"]["user_verification"] == "required", page


def test_without_javascript_the_sign_in_page_hides_passkeys(people: People) -> None:
    page = Client().get("/accounts/login/").content.decode()
    assert re.search(r'data-passkey="get"[^>]*\bhidden>', page, re.DOTALL)
