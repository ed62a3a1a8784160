"""The chain of hashes: each event has the digest of the one before it in its own."""

import hashlib
import hmac
import json
from datetime import UTC
from functools import lru_cache

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from portal.models import AuditEvent
from portal.services import sealing

FIRST = "0" * 64
_FIELDS = tuple(field.attname for field in AuditEvent._meta.concrete_fields if field.attname not in {"id", "digest"})


def get_digest(event: AuditEvent) -> str:
    """HMAC-SHA-256 of the event's canonical JSON, hexadecimal: every column but its own, sorted, without spaces."""
    facts = {name: getattr(event, name) for name in _FIELDS}
    facts["at"] = event.at.astimezone(UTC).isoformat(timespec="microseconds")  # the encoder would cut it
    text = json.dumps(facts, cls=DjangoJSONEncoder, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(_get_key(), text.encode(), hashlib.sha256).hexdigest()


def _get_key() -> bytes:
    return settings.AUDIT_KEY.encode() if settings.AUDIT_KEY else _derive_key(settings.SECRET_KEY)


@lru_cache(maxsize=1)
def _derive_key(_secret_key: str) -> bytes:
    return sealing.derive_key("audit")
