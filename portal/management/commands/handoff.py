"""`manage.py handoff`: makes a token as the platform's own app does, for trying out hand-offs (docs/handoff.md)."""

from __future__ import annotations

import secrets
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal import var_dir
from portal.services.audit.record import changes_by_command, record
from portal.services.hand_off.tokens import LONGEST_LIFE_S


class Command(BaseCommand):
    help = "Makes a token that signs somebody in for a minute, once, and prints it with a link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customer", required=True, help="external_workspace_id of the customer")
        parser.add_argument("--user", required=True, help="external_user_id of the person")
        parser.add_argument("--name", required=True, help="name of the person")
        parser.add_argument("--role", choices=("owner", "viewer"), default="owner")
        parser.add_argument("--next", default="", help="path to open, such as /find/")
        parser.add_argument("--key", type=Path, help="private key as PEM; not needed in a demo or with HANDOFF_SECRET")
        parser.add_argument("--kid", default="", help="id of the key, if it is one of several")

    def handle(self, *, customer: str, user: str, name: str, role: str, **options: Any) -> None:
        if not settings.HAND_OFF.issuer:
            raise CommandError("Set HANDOFF_ISSUER and a key first: docs/handoff.md.")
        key, algorithm = find_key(options["key"])
        now = int(time.time())
        claims = {
            "iss": settings.HAND_OFF.issuer,
            "aud": settings.HAND_OFF.audience,
            "iat": now,
            "nbf": now,
            "exp": now + LONGEST_LIFE_S,
            "jti": secrets.token_hex(16),
            "external_workspace_id": customer,
            "external_user_id": user,
            "name": name,
            "role": role,
            **({"next": options["next"]} if options["next"] else {}),
        }
        headers = {"kid": options["kid"]} if options["kid"] else None
        token = jwt.encode(claims, key, algorithm=algorithm, headers=headers)
        with changes_by_command():
            record("hand_off.token_made", by=None, target=f"{user} of {customer}", after={"name": name, "role": role})
        self.stdout.write(f"{token}\n\nOpen within {LONGEST_LIFE_S} seconds:")
        self.stdout.write(f"{settings.PORTAL_URL}/handoff/#token={token}")


def find_key(file: Path | None) -> tuple[Any, str]:
    """The key to sign with, and its algorithm: that of the file, else the shared secret, else the demo's."""
    if file is None and settings.HAND_OFF.secret:
        return settings.HAND_OFF.secret, "HS256"
    if file is None and settings.MIOSA.is_demo:
        file = var_dir.load_or_create_hand_off_key(settings.VAR_DIR)
    if file is None:
        raise CommandError("Name the file with your app's private key: --key handoff.pem")
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise CommandError(f"{file} has no readable private key ({type(error).__name__}).") from None
    return key, "EdDSA" if isinstance(key, Ed25519PrivateKey) else "ES256"
