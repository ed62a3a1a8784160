"""The joined styles and scripts."""

import gzip
import re

import pytest
from django.test import Client

from tests.deployments_ui.page_rules import Browse, text_of

ADDRESS = re.compile(r'(?:href|src)="(/assets/[0-9a-f]{20}\.(?:css|js))"')


@pytest.fixture
def page(client: Client, db: None) -> str:
    return text_of(client, "/accounts/login/")


def test_a_page_needs_one_request_for_all_styles_and_one_for_all_scripts(client: Client, page: str) -> None:
    styles, scripts = ADDRESS.findall(page)
    assert page.count('rel="stylesheet"') == 1
    assert client.get(styles)["Content-Type"] == "text/css; charset=utf-8"
    assert "@layer tokens, base, layout, components" in client.get(styles).content.decode()
    assert client.get(scripts)["Content-Type"] == "text/javascript; charset=utf-8"
    assert "htmx" in client.get(scripts).content.decode()


def test_they_are_compressed_and_kept_for_a_year(client: Client, page: str) -> None:
    for address in ADDRESS.findall(page):
        packed = client.get(address, HTTP_ACCEPT_ENCODING="gzip")
        assert packed["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.content) == client.get(address).content
        assert packed["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_page_of_an_earlier_release_still_has_styles_that_nobody_stores(client: Client, page: str) -> None:
    old = client.get("/assets/0123456789abcdef0123.css")
    assert (old.status_code, old["Cache-Control"]) == (200, "no-store")
    assert old.content == client.get(ADDRESS.findall(page)[0]).content


def test_there_are_no_other_kinds(browse: Browse, db: None) -> None:
    assert browse(None).get("/assets/0123456789abcdef0123.py").status_code == 404
