"""Encrypts what is stored for a short while and must not be read from the database, with AES-GCM.

The keys are derived from `SECRET_KEY`, another one for each purpose.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

_NONCE_SIZE = 12


class NotReadable(Exception):
    """It was encrypted for something else, with another `SECRET_KEY`, or was changed."""


def derive_key(purpose: str) -> bytes:
    """32 bytes."""
    secret = settings.SECRET_KEY.encode()
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret)


@sensitive_variables()
def seal(plain: bytes, *, purpose: str, context: bytes = b"") -> bytes:
    """Can be opened with the same purpose and context only."""
    nonce = os.urandom(_NONCE_SIZE)
    return nonce + AESGCM(derive_key(purpose)).encrypt(nonce, plain, context)


@sensitive_variables()
def unseal(stored: bytes, *, purpose: str, context: bytes = b"") -> bytes:
    """Raises NotReadable."""
    try:
        return AESGCM(derive_key(purpose)).decrypt(stored[:_NONCE_SIZE], stored[_NONCE_SIZE:], context)
    except (InvalidTag, ValueError):  # the second for what is shorter than a nonce
        raise NotReadable from None
