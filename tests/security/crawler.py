"""Follows every link, part, download and JSON URL that a person can reach."""

from __future__ import annotations

import html
import re
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve

from tests.deployments_ui.conftest import HTMX

LINK = re.compile(r'\b(href|hx-get|hx-post|action)="([^"]*)"')
JSON_ADDRESS = re.compile(r'"next":\s*"(/api/[^"]+)"')
# Pages of one kind per customer. More would be rendered by the same code.
MOST_PER_KIND = 3


class Crawl:
    def __init__(self, client: Client, *starts: str, most_per_kind: int = MOST_PER_KIND) -> None:
        self.client = client
        self.most_per_kind = most_per_kind
        self.waiting = deque(starts)
        self.seen: set[str] = set(starts)
        self.kinds: Counter[tuple[str, ...]] = Counter()

    def walk(self) -> Iterator[tuple[str, HttpResponse]]:
        """Requests each URL once as a page and once as htmx does."""
        while self.waiting:
            path = self.waiting.popleft()
            for headers in ({}, HTMX):
                if headers and path.startswith("/api/"):
                    continue
                answer: HttpResponse = self.client.get(path, **headers)  # type: ignore[assignment]  # it is a response
                assert answer.status_code < 500, (path, answer.status_code)
                yield path, answer
                self.add_links(body_of(answer))

    def add_links(self, text: str) -> None:
        for _kind, address in LINK.findall(text):
            self.add(html.unescape(address))
        for address in JSON_ADDRESS.findall(text):
            self.add(address)

    def add(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.netloc or not parts.path.startswith("/") or parts.path.startswith(("/static/", "/accounts/logout/")):
            return
        url = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            found = resolve(parts.path)
        except Resolver404:
            raise AssertionError(f"a link leads nowhere: {address}") from None
        kind = (str(found.view_name), str(found.kwargs.get("slug", "")), parts.query.partition("=")[0])
        if url not in self.seen and self.kinds[kind] < self.most_per_kind:
            self.seen.add(url)
            self.kinds[kind] += 1
            self.waiting.append(url)


def body_of(answer: Any) -> str:
    content = b"".join(answer) if answer.streaming else answer.content
    return content.decode("utf-8", "replace")


def full_text(answer: Any) -> str:
    """Headers, cookies and body, as a browser sees them."""
    heads = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    cookies = "\n".join(f"{name}={each.value}" for name, each in answer.cookies.items())
    return f"{heads}\n{cookies}\n\n{body_of(answer)}"
