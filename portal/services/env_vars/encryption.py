"""Encrypts the values of a draft until they are applied (docs/rules.md, 7).

What was encrypted for one person, deployment, environment and operation can't
be decrypted for another.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.views.decorators.debug import sensitive_variables

from portal import clock_skew
from portal.models import EnvVarDraft
from portal.services import sealing

DRAFT_LIFETIME = timedelta(minutes=10)
# Once an operation was made of the draft: as long as it may be sent again.
OPERATION_LIFETIME = timedelta(seconds=60)
_VALUES, _FINGERPRINTS = "env:values", "env:fingerprints"


class ValuesUnavailable(Exception):
    """The values have expired, were deleted, or were encrypted for something else."""


class Values(dict[str, str]):
    """Values by name. Its repr shows neither."""

    def __repr__(self) -> str:
        return f"<{len(self)} values>"


@dataclass(frozen=True, slots=True)
class Context:
    """What values are encrypted for: the associated data of AES-GCM. `key` is that of the draft."""

    key: UUID
    person_id: int
    deployment_id: str
    environment: str

    def to_bytes(self) -> bytes:
        return json.dumps([self.key.hex, self.person_id, self.deployment_id, self.environment]).encode()


@sensitive_variables()
def store_draft(
    values: Mapping[str, str],
    context: Context,
    *,
    lines: Sequence[Mapping[str, Any]],
    skipped: Sequence[str],
    expires_at: datetime,
) -> EnvVarDraft:
    """Encrypt and store values, replacing an earlier draft of the same key. `lines` hold no values."""
    plain = json.dumps(dict(values)).encode()
    draft, _created = EnvVarDraft.objects.update_or_create(
        key=context.key,
        defaults={
            "person_id": context.person_id,
            "deployment_id": context.deployment_id,
            "environment": context.environment,
            "encrypted_values": sealing.seal(plain, purpose=_VALUES, context=context.to_bytes()),
            "lines": lines,
            "skipped": skipped,
            "expires_at": expires_at,
        },
    )
    return draft


@sensitive_variables()
def decrypt(draft: EnvVarDraft, *, now: datetime) -> Values:
    """Raises ValuesUnavailable."""
    if not now < draft.expires_at <= now + DRAFT_LIFETIME + clock_skew.OUR_HOSTS:
        # Further ahead than any draft expires: a clock was set back, so their age is unknown.
        raise ValuesUnavailable
    context = Context(draft.key, draft.person_id, draft.deployment_id, draft.environment)
    try:
        plain = sealing.unseal(bytes(draft.encrypted_values), purpose=_VALUES, context=context.to_bytes())
    except sealing.NotReadable:
        raise ValuesUnavailable from None
    return Values(json.loads(plain))


@sensitive_variables()
def decrypt_for_operation(key: UUID, *, digest: str, now: datetime) -> Values:
    """The values of an operation, if they are still those that were reviewed (`digest`). Raises ValuesUnavailable."""
    draft = EnvVarDraft.objects.filter(key=key).first()
    if draft is None or get_digest(draft) != digest:
        raise ValuesUnavailable
    return decrypt(draft, now=now)


def get_digest(draft: EnvVarDraft) -> str:
    """SHA-256 of the encrypted values, which differs each time that values are stored."""
    return hashlib.sha256(bytes(draft.encrypted_values)).hexdigest()


def delete_draft(key: UUID) -> None:
    EnvVarDraft.objects.filter(key=key).delete()


def delete_expired_drafts(*, now: datetime) -> int:
    """How many were deleted. Drafts that expire later than any can were stored before a clock was set back."""
    expired = Q(expires_at__lte=now) | Q(expires_at__gt=now + DRAFT_LIFETIME + clock_skew.OUR_HOSTS)
    return EnvVarDraft.objects.filter(expired).delete()[0]


@sensitive_variables()
def get_fingerprint(value: str, *, deployment_id: str, environment: str, name: str) -> str:
    """Eight hexadecimal digits that are the same for the same value of the same env var.

    Without the portal's secret they reveal nothing about the value.
    """
    text = json.dumps([deployment_id, environment, name, value]).encode()
    return hmac.new(sealing.derive_key(_FINGERPRINTS), text, hashlib.sha256).hexdigest()[:8]
