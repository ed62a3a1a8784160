"""No parameter, header or body that somebody sends fails inside the portal, on any page, part, file or JSON URL."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.deployments_ui.conftest import HTMX
from tests.security.crawler import body_of
from tests.security.dataset import Dataset
from tests.security.matrix import get_arguments, get_url

# What reads parameters, and every parameter that one of them reads.
READERS = (
    *("activity", "activity_export", "api:customers", "api:deployments", "api:history", "api:operations"),
    *("customer_activity", "customer_insights", "customer_operations", "customers", "customers_export", "deployment"),
    *("deployment_insights", "find", "history", "history_export", "home", "insights", "invitations", "log"),
    *("operations", "operations_export", "people", "switcher"),
)
NAMES = (
    *("after", "app", "before", "cursor", "customer", "customer_id", "days", "event", "from", "kind", "limit", "line"),
    *("outcome", "page", "person", "project", "q", "seen", "sort", "state", "tag", "text", "to"),
)
VALUES = (
    *("9" * 40, "x" * 100_000, "-1", "NaN", "a\x00b", "\u0661\u0662", "1-1.c2lnbmF0dXJl", "roll " * 60),
    *("999999999", "9000-12-31", "\u202e", "%", "'\"<script>"),
)


@pytest.mark.parametrize("shift", range(0, len(VALUES), 3))
def test_no_parameter_fails_inside(dataset: Dataset, shift: int) -> None:
    """Each parameter has another value, and another one with each shift."""
    values = [VALUES[(number + shift) % len(VALUES)] for number in range(len(NAMES))]
    query = "&".join(f"{name}={quote(value)}" for name, value in zip(NAMES, values, strict=True))
    for who in ("operator", "owner"):
        client = dataset.client(who)
        for name in READERS:
            answer = client.get(f"{get_url(name, get_arguments(dataset.own, name, who=who))}?{query}")
            body_of(answer)
            assert answer.status_code < 500, (name, who)


def test_a_file_in_an_unknown_order_is_in_that_of_names(dataset: Dataset) -> None:
    """Its rows are written after its headers were sent, when nothing can be refused any more."""
    client = dataset.client("operator")
    assert body_of(client.get("/customers/customers.csv?sort=shoe-size")) == body_of(
        client.get("/customers/customers.csv")
    )


@pytest.mark.parametrize(
    "address", ["http://[", "http://testserver/c/%00/", "/c/" + "x" * 5000, "\x00", "javascript:x"]
)
def test_no_header_fails_inside(dataset: Dataset, address: str) -> None:
    client = dataset.client("owner")
    headers: dict[str, Any] = {**HTMX, "HTTP_HX_CURRENT_URL": address, "HTTP_HX_TARGET": address}
    for path in ("/find/?q=roll", "/find/", f"/c/{dataset.own.slug}/", "/find/customers/"):
        assert client.get(path, **headers).status_code == 200, path
        assert client.get(path, **headers, HTTP_HX_CURRENT_URL_URI_AUTOENCODED="true").status_code == 200, path
    assert client.post("/theme/", {"theme": "dark"}, HTTP_REFERER=address).status_code in {204, 302, 303}


@pytest.mark.parametrize("path", ["/", "/customers/", "/customers/customers.csv"])
def test_hundreds_of_filters_are_read_and_thousands_refused(dataset: Dataset, path: str) -> None:
    client = dataset.client("operator")
    for count, status in ((900, 200), (10_000, 400)):
        answer = client.get(f"{path}?" + "&".join(f"person=p{number}" for number in range(count)))
        body_of(answer)
        assert answer.status_code == status


@pytest.mark.parametrize("note", [r"\ud800", r"a\u0000b", r"\u202e\u0007x", "x" * 90_000])
def test_no_note_fails_inside(dataset: Dataset, note: str) -> None:
    """Nor does it turn around what stands beside it."""
    client, path = dataset.client("owner"), get_url("api:note", get_arguments(dataset.own, "api:note", who="owner"))
    answer = client.put(path, f'{{"note": "{note}"}}', content_type="application/json")
    assert answer.status_code in {200, 422}
    assert json.loads(client.get(path).content)["note"].isprintable()
