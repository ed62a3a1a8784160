"""Values between typing and applying: bound to whom and what they are for, opened in time, unreadable otherwise."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal.models import SealedValues
from portal.services.env_vars import sealing

pytestmark = pytest.mark.django_db

VALUE = "s3cr3t-value-that-nobody-may-see"
NOW = timezone.now()


@pytest.fixture
def row() -> SealedValues:
    return sealing.seal(
        {"A": VALUE},
        key=uuid.uuid4(),
        person_id=7,
        deployment_id="dep_1",
        environment="production",
        lines=[{"name": "A"}],
        expires_at=NOW + sealing.LASTS,
    )


def test_they_are_opened_again(row: SealedValues) -> None:
    assert sealing.unseal(row, now=NOW) == {"A": VALUE}


def test_the_row_holds_none_of_it(row: SealedValues) -> None:
    row.refresh_from_db()
    assert VALUE.encode() not in bytes(row.sealed)
    assert VALUE not in repr(vars(row))


@pytest.mark.parametrize(
    ("field", "other"),
    [("person_id", 8), ("deployment_id", "dep_2"), ("environment", "staging"), ("key", uuid.uuid4())],
)
def test_they_are_bound(row: SealedValues, field: str, other: object) -> None:
    setattr(row, field, other)
    with pytest.raises(sealing.Unsealable):
        sealing.unseal(row, now=NOW)


def test_a_changed_byte_is_noticed(row: SealedValues) -> None:
    row.sealed = bytes(row.sealed)[:-1] + bytes([bytes(row.sealed)[-1] ^ 1])
    with pytest.raises(sealing.Unsealable):
        sealing.unseal(row, now=NOW)


def test_another_portal_can_not_open_them(row: SealedValues, settings: Settings) -> None:
    settings.SECRET_KEY = "another-secret-of-another-portal"
    with pytest.raises(sealing.Unsealable):
        sealing.unseal(row, now=NOW)


def test_after_ten_minutes_they_are_gone(row: SealedValues) -> None:
    assert timedelta(minutes=10) == sealing.LASTS
    with pytest.raises(sealing.Unsealable):
        sealing.unseal(row, now=NOW + sealing.LASTS)
    assert sealing.purge(now=NOW + sealing.LASTS - timedelta(seconds=1)) == 0
    assert sealing.purge(now=NOW + sealing.LASTS) == 1
    assert not SealedValues.objects.exists()


def test_the_same_values_are_never_sealed_alike(row: SealedValues) -> None:
    first = bytes(row.sealed)
    again = sealing.seal(
        {"A": VALUE},
        key=row.key,
        person_id=7,
        deployment_id="dep_1",
        environment="production",
        lines=[],
        expires_at=NOW,
    )
    assert bytes(again.sealed) != first
    assert SealedValues.objects.count() == 1


def test_opened_values_show_neither_name_nor_value() -> None:
    shown = repr(sealing.Values({"A": VALUE}))
    assert VALUE not in shown
    assert "'A'" not in shown


def test_a_fingerprint_tells_only_whether_two_are_the_same(settings: Settings) -> None:
    def of(value: str, **other: str) -> str:
        about = {"deployment_id": "dep_1", "environment": "production", "name": "A", **other}
        return sealing.fingerprint(value, **about)

    assert of(VALUE) == of(VALUE)
    assert len(of(VALUE)) == 8
    others = {of("x"), of(VALUE, deployment_id="dep_2"), of(VALUE, environment="staging"), of(VALUE, name="B")}
    assert of(VALUE) not in others
    before = of(VALUE)
    settings.SECRET_KEY = "another-secret-of-another-portal"
    assert of(VALUE) != before
