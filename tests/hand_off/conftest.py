"""A portal that accepts tokens of one app, signed with its Ed25519 key."""

import pytest
from pytest_django import Settings

from tests.hand_off.app import make_settings


@pytest.fixture(autouse=True)
def hand_off(settings: Settings) -> None:
    settings.HAND_OFF = make_settings()
