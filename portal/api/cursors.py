"""Cursors for lists whose service has none of its own. Signed, and good for one person and one question."""

import json

from django.core import signing

from portal.services.errors import NotFound


def make(place: str, *, scope: tuple[str, ...]) -> str:
    return _signer(scope).sign(place)


def read(cursor: str, *, scope: tuple[str, ...]) -> str:
    """The place a cursor stands for, empty for the beginning. Raises NotFound for one not made for this."""
    if not cursor:
        return ""
    try:
        return _signer(scope).unsign(cursor)
    except signing.BadSignature:
        raise NotFound from None


def _signer(scope: tuple[str, ...]) -> signing.Signer:
    return signing.Signer(salt=f"portal.api:{json.dumps(scope)}", sep=".")
