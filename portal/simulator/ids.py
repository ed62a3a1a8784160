"""Identifiers that look like the vendor's: a prefix and a ULID-like tail, or plain UUIDs."""

from __future__ import annotations

import random
import uuid
from base64 import b32encode

_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")


class Ids:
    """Deterministic while a world is seeded, unpredictable afterwards (a restart must not repeat ids)."""

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng or random.SystemRandom()
        self.form = "prefixed"

    def new(self, prefix: str) -> str:
        if self.form == "uuid":
            return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        tail = b32encode(self._rng.getrandbits(120).to_bytes(15, "big")).translate(_CROCKFORD)
        return f"{prefix}_01{tail.decode('ascii')}"

    def sha256(self) -> str:
        return f"{self._rng.getrandbits(256):064x}"
