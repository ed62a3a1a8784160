"""Encrypted values: decrypted only in time and for what they were encrypted for."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal.models import EnvVarDraft
from portal.services.env_vars import encryption

pytestmark = pytest.mark.django_db

VALUE = "s3cr3t-value-that-nobody-may-see"
NOW = timezone.now()
CONTEXT = encryption.Context(uuid.uuid4(), person_id=7, deployment_id="dep_1", environment="production")


def store() -> EnvVarDraft:
    expires_at = NOW + encryption.DRAFT_LIFETIME
    return encryption.store_draft({"A": VALUE}, CONTEXT, lines=[{"name": "A"}], skipped=[], expires_at=expires_at)


@pytest.fixture
def draft() -> EnvVarDraft:
    return store()


def test_values_are_decrypted(draft: EnvVarDraft) -> None:
    assert encryption.decrypt(draft, now=NOW) == {"A": VALUE}


def test_the_row_holds_no_value(draft: EnvVarDraft) -> None:
    draft.refresh_from_db()
    assert VALUE.encode() not in bytes(draft.encrypted_values)
    assert VALUE not in repr(vars(draft))


@pytest.mark.parametrize(
    ("field", "other"),
    [("person_id", 8), ("deployment_id", "dep_2"), ("environment", "staging"), ("key", uuid.uuid4())],
)
def test_values_are_bound_to_their_context(draft: EnvVarDraft, field: str, other: object) -> None:
    setattr(draft, field, other)
    with pytest.raises(encryption.ValuesUnavailable):
        encryption.decrypt(draft, now=NOW)


def test_a_changed_byte_is_detected(draft: EnvVarDraft) -> None:
    stored = bytes(draft.encrypted_values)
    draft.encrypted_values = stored[:-1] + bytes([stored[-1] ^ 1])
    with pytest.raises(encryption.ValuesUnavailable):
        encryption.decrypt(draft, now=NOW)


def test_another_secret_key_can_not_decrypt(draft: EnvVarDraft, settings: Settings) -> None:
    settings.SECRET_KEY = "another-secret-of-another-portal"
    with pytest.raises(encryption.ValuesUnavailable):
        encryption.decrypt(draft, now=NOW)


def test_values_expire_after_ten_minutes(draft: EnvVarDraft) -> None:
    assert timedelta(minutes=10) == encryption.DRAFT_LIFETIME
    expires_at = NOW + encryption.DRAFT_LIFETIME
    with pytest.raises(encryption.ValuesUnavailable):
        encryption.decrypt(draft, now=expires_at)
    assert encryption.delete_expired_drafts(now=expires_at - timedelta(seconds=1)) == 0
    assert encryption.delete_expired_drafts(now=expires_at) == 1
    assert not EnvVarDraft.objects.exists()


def test_the_same_values_are_never_encrypted_alike(draft: EnvVarDraft) -> None:
    first = encryption.get_digest(draft)
    assert encryption.get_digest(store()) != first
    assert EnvVarDraft.objects.count() == 1


def test_an_operation_gets_only_the_values_that_were_reviewed(draft: EnvVarDraft) -> None:
    digest = encryption.get_digest(draft)
    assert encryption.decrypt_for_operation(CONTEXT.key, digest=digest, now=NOW) == {"A": VALUE}
    store()
    with pytest.raises(encryption.ValuesUnavailable):
        encryption.decrypt_for_operation(CONTEXT.key, digest=digest, now=NOW)


def test_the_repr_of_values_shows_neither_names_nor_values() -> None:
    shown = repr(encryption.Values({"A": VALUE}))
    assert VALUE not in shown
    assert "'A'" not in shown


def test_a_fingerprint_is_the_same_only_for_the_same_value_of_the_same_env_var(settings: Settings) -> None:
    def fingerprint(value: str, **other: str) -> str:
        env_var = {"deployment_id": "dep_1", "environment": "production", "name": "A", **other}
        return encryption.get_fingerprint(value, **env_var)

    first = fingerprint(VALUE)
    assert len(first) == 8
    assert fingerprint(VALUE) == first
    assert fingerprint("x") != first
    assert fingerprint(VALUE, deployment_id="dep_2") != first
    assert fingerprint(VALUE, environment="staging") != first
    assert fingerprint(VALUE, name="B") != first
    settings.SECRET_KEY = "another-secret-of-another-portal"
    assert fingerprint(VALUE) != first
