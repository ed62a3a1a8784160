"""What the tests of brands share: people who sign in, and pictures."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as Pillow

from portal.models import User

SignIn = Callable[[User], Client]


@pytest.fixture
def sign_in() -> SignIn:
    def start(user: User) -> Client:
        client = Client(enforce_csrf_checks=False)
        client.force_login(user)
        return client

    return start


def draw(kind: str = "PNG", size: tuple[int, int] = (64, 64), color: str = "#c2410c", **options: Any) -> bytes:
    """A picture of one colour."""
    output = io.BytesIO()
    Pillow.new("RGB", size, color).save(output, kind, **options)
    return output.getvalue()


def upload(content: bytes, name: str = "logo.png", content_type: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type)
