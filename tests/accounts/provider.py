"""A small real OpenID provider on this machine, and what a browser does there."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from django.test import Client
from pytest_django import Settings

from tests.ports import pick_port
from tests.waiting import wait_until

TIMEOUT_S = 10


@dataclass(frozen=True)
class Provider:
    url: str

    def set_person(self, sub: str, **claims: Any) -> None:
        requests.put(f"{self.url}/users/{sub}", json=claims, timeout=TIMEOUT_S).raise_for_status()

    def agree(self, address: str, sub: str, action: str = "") -> str:
        """Signs in at the address that the portal leads to. The path and query of the way back."""
        answer = requests.post(address, {"sub": sub, "action": action}, allow_redirects=False, timeout=TIMEOUT_S)
        return answer.headers["Location"].partition("http://testserver")[2]


@contextmanager
def run_provider() -> Iterator[Provider]:
    """In a process of its own: its libraries warn of their future, and warnings are errors here."""
    port = pick_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--host", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: is_open(port), seconds=20)
            yield Provider(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def is_open(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def configure(settings: Settings, issuer: str) -> None:
    settings.OIDC_ISSUER, settings.OIDC_NAME = issuer, "Login Ltd"
    settings.OIDC_OPERATOR_GROUPS, settings.OIDC_SUPPORT_GROUPS = frozenset({"ops"}), frozenset({"help"})
    app = {
        "provider_id": issuer,
        "name": "Login Ltd",
        "client_id": "portal",
        "secret": "s",
        "settings": {"server_url": issuer},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


def start(client: Client, next_: str = "/find/", *, path: str = "/accounts/single-sign-on/") -> str:
    """The address at the provider that the portal leads to."""
    return str(client.post(path, {"next": next_})["Refresh"].partition("url=")[2])
