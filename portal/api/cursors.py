"""Cursors for lists whose service has none of its own: signed, and valid for one person and one query."""

import json

from django.core import signing

from portal.services.errors import NotFound


def make(position: str, *, scope: tuple[str, ...]) -> str:
    return _signer(scope).sign(position)


def read(cursor: str, *, scope: tuple[str, ...]) -> str:
    """The position of a cursor, empty for the beginning. Raises NotFound for one made for another scope."""
    if not cursor:
        return ""
    try:
        return _signer(scope).unsign(cursor)
    except signing.BadSignature:
        raise NotFound from None


def _signer(scope: tuple[str, ...]) -> signing.Signer:
    return signing.Signer(salt=f"portal.api:{json.dumps(scope)}", sep=".")
