"""`manage.py handoff`: a token for trying."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from portal.models import AuditEvent
from portal.settings import CONFIG
from tests.hand_off.app import KEY, P256_KEY, SECRET, get_public_pem, hand_over, make_settings
from tests.people import People

PERSON = {"customer": "brightsmile-dental", "user": "u-17", "name": "Dr Rao"}


def make_token(**options: Any) -> str:
    out = StringIO()
    call_command("handoff", **PERSON, **options, stdout=out)
    token, link = out.getvalue().split()[0], out.getvalue().split()[-1]
    assert link.endswith(f"/handoff/#token={token}")
    return token


def test_in_the_demo_it_needs_no_key(people: People, settings: Settings) -> None:
    settings.HAND_OFF = CONFIG.hand_off
    assert hand_over(Client(), make_token(next="/find/"))["Location"] == "/find/"
    event = AuditEvent.objects.get(kind="hand_off.token_made")
    assert (event.way, event.target) == ("command", "u-17 of brightsmile-dental")


def test_it_signs_with_the_shared_secret(people: People, settings: Settings) -> None:
    settings.HAND_OFF = make_settings(public_key="", secret=SECRET)
    assert hand_over(Client(), make_token(role="viewer")).status_code == 303


@pytest.mark.parametrize("key", [KEY, P256_KEY], ids=["EdDSA", "ES256"])
def test_it_signs_with_a_private_key(key: Any, people: People, settings: Settings, tmp_path: Path) -> None:
    settings.HAND_OFF = make_settings(public_key=get_public_pem(key))
    file = tmp_path / "handoff.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert hand_over(Client(), make_token(key=file)).status_code == 303


def test_without_what_it_needs_it_says_what_is_missing(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.HAND_OFF = make_settings(issuer="")
    with pytest.raises(CommandError, match="Set HANDOFF_ISSUER"):
        make_token()
    settings.HAND_OFF = make_settings()
    file = tmp_path / "empty.pem"
    file.touch()
    with pytest.raises(CommandError, match="has no readable private key"):
        make_token(key=file)
