"""Values between typing and applying: AES-GCM under a key made from the portal's secret, bound to whom and what they
are for.
"""

import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db.models import Q
from django.views.decorators.debug import sensitive_variables

from portal import clock_skew
from portal.models import SealedValues

LASTS = timedelta(minutes=10)
# Beside an operation that was asked for they stay no longer than it may still be repeated.
LASTS_WITH_OPERATION = timedelta(seconds=60)
_NONCE = 12


class Unsealable(Exception):
    """The values are gone, were used, or are somebody else's."""


class Values(dict[str, str]):
    """Names to values, whose repr shows neither."""

    def __repr__(self) -> str:
        return f"<{len(self)} values>"


@sensitive_variables()
def seal(
    values: Mapping[str, str],
    *,
    key: uuid.UUID,
    person_id: int,
    deployment_id: str,
    environment: str,
    lines: list[dict[str, Any]],
    expires_at: datetime,
) -> SealedValues:
    """Keep these values for a while, replacing what was kept under the same key."""
    nonce = os.urandom(_NONCE)
    bound = _bound(key, person_id, deployment_id, environment)
    sealed = nonce + AESGCM(_key(b"values")).encrypt(nonce, json.dumps(dict(values)).encode(), bound)
    row, _made = SealedValues.objects.update_or_create(
        key=key,
        defaults={
            "person_id": person_id,
            "deployment_id": deployment_id,
            "environment": environment,
            "sealed": sealed,
            "lines": lines,
            "expires_at": expires_at,
        },
    )
    return row


@sensitive_variables()
def unseal(row: SealedValues, *, now: datetime) -> Values:
    """Raises Unsealable if they are out of date or were bound to something else."""
    if not now < row.expires_at <= now + LASTS + clock_skew.OUR_HOSTS:
        # Further ahead than any can lie: a clock was set back, and nobody knows how old they are.
        raise Unsealable
    sealed = bytes(row.sealed)
    bound = _bound(row.key, row.person_id, row.deployment_id, row.environment)
    try:
        plain = AESGCM(_key(b"values")).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
    except InvalidTag:
        raise Unsealable from None
    return Values(json.loads(plain))


def seal_of(row: SealedValues) -> str:
    """Tells whether they are still those that were reviewed. Every sealing makes another."""
    return hashlib.sha256(bytes(row.sealed)).hexdigest()


@sensitive_variables()
def unseal_for(key: uuid.UUID, *, seal: str, now: datetime) -> Values:
    """The values kept for an operation, as they were when it was accepted. Raises Unsealable."""
    row = SealedValues.objects.filter(key=key).first()
    if row is None or seal_of(row) != seal:
        raise Unsealable
    return unseal(row, now=now)


def drop(key: uuid.UUID) -> None:
    SealedValues.objects.filter(key=key).delete()


def purge(*, now: datetime) -> int:
    """Forget what is out of date."""
    out_of_date = Q(expires_at__lte=now) | Q(expires_at__gt=now + LASTS + clock_skew.OUR_HOSTS)
    return SealedValues.objects.filter(out_of_date).delete()[0]


@sensitive_variables()
def fingerprint(value: str, *, deployment_id: str, environment: str, name: str) -> str:
    """Eight characters that tell whether two values are the same, and nothing else without the portal's secret."""
    text = json.dumps([deployment_id, environment, name, value]).encode()
    return hmac.new(_key(b"fingerprints"), text, hashlib.sha256).hexdigest()[:8]


def _key(purpose: bytes) -> bytes:
    material = settings.SECRET_KEY.encode()
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"env:" + purpose).derive(material)


def _bound(key: uuid.UUID, person_id: int, deployment_id: str, environment: str) -> bytes:
    return json.dumps([key.hex, person_id, deployment_id, environment]).encode()
