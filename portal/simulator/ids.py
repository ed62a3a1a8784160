"""Identifiers like the vendor's (section 2): a prefix and a ULID-like tail, or plain UUIDs. And slugs."""

from __future__ import annotations

import random
import re
import uuid
from base64 import b32encode

BASE32_TO_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")
SLUG_LENGTH = 40


class Ids:
    """Repeatable with a seeded `rng`, otherwise unpredictable, so that a restart never repeats an id."""

    def __init__(self, rng: random.Random | None = None, *, form: str = "prefixed") -> None:
        self._rng = rng or random.SystemRandom()
        self.form = form

    def new(self, prefix: str) -> str:
        if self.form == "uuid":
            return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        tail = b32encode(self._rng.getrandbits(120).to_bytes(15, "big")).translate(BASE32_TO_CROCKFORD)
        return f"{prefix}_01{tail.decode('ascii')}"

    def sha256(self) -> str:
        return f"{self._rng.getrandbits(256):064x}"


def slugify(text: str, *, default: str = "app") -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:SLUG_LENGTH] or default
