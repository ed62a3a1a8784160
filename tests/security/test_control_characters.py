"""No page shows control characters, whatever MIOSA sends: they could hide text, and what is searched for in it."""

from __future__ import annotations

import re

import pytest

from tests.security.crawler import Crawl, body_of
from tests.security.dataset import Dataset

# As they are, and as JSON writes them. A tab and a line break are the page's own.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]|\\u00[01][0-9a-f]|\\u007f")


@pytest.mark.parametrize("who", ["operator", "owner"])
def test_no_page_shows_control_characters(dataset: Dataset, who: str) -> None:
    slug = dataset.own.slug
    seen = 0
    for address, answer in Crawl(dataset.client(who), f"/c/{slug}/", f"/api/v1/customers/{slug}/history/").walk():
        text = body_of(answer)
        found = CONTROL.search(text)
        assert found is None, (address, text[max(0, found.start() - 60) : found.end() + 20])
        seen += slug in address
    assert seen > 40
