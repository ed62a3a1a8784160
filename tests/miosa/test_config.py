"""Base URLs and header values."""

from __future__ import annotations

import pytest

from portal import miosa
from tests.miosa.conftest import KEY


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://api.example.com", "https://api.example.com/api/v1"),
        ("https://api.example.com/", "https://api.example.com/api/v1"),
        ("https://api.example.com/api", "https://api.example.com/api/v1"),
        ("https://api.example.com/api/v1/", "https://api.example.com/api/v1"),
        ("https://api.example.com//api//v2", "https://api.example.com/api/v2"),
        (" https://api.example.com:8443/gate/miosa ", "https://api.example.com:8443/gate/miosa/api/v1"),
        ("http://127.0.0.1:9009", "http://127.0.0.1:9009/api/v1"),
        ("http://[::1]:9009/api/v1", "http://[::1]:9009/api/v1"),
        ("http://localhost:9009", "http://localhost:9009/api/v1"),
    ],
)
def test_base_urls(given: str, base: str) -> None:
    assert miosa.Client(base_url=given, api_key=KEY).base_url == base


@pytest.mark.parametrize(
    "given",
    [
        "",
        "api.example.com",
        "localhost:9009",
        "ftp://api.example.com",
        "http://api.example.com",
        "http://127.0.0.1.example.com",
        "https://user:word@api.example.com",
        "https://api.example.com?x=1",
        "https://api.example.com:port",
        "https://[::1",
        "https://exämple.com",
    ],
)
def test_invalid_base_urls(given: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        miosa.Client(base_url=given, api_key=KEY)


@pytest.mark.parametrize(
    ("name", "value"), [("api_key", ""), ("api_key", "a\nb"), ("tenant", "ä"), ("user_agent", "x\r")]
)
def test_invalid_header_values_are_rejected_and_not_shown(name: str, value: str) -> None:
    arguments = {"base_url": "https://api.example.com", "api_key": KEY, name: value}
    with pytest.raises(ValueError, match="plain ASCII") as caught:
        miosa.Client(**arguments)  # type: ignore[arg-type]  # all of them are text
    assert not value or value not in str(caught.value)
