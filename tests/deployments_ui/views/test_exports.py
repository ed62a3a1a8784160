"""CSV files of histories, operations and customers: what their pages show, and nothing else."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from deployments_ui import csv_export, list_export
from portal.models import Brand, BrandHost, Customer, Deployment, User, Version
from portal.services.brands import current
from tests.deployments_ui.changes import confirm
from tests.deployments_ui.conftest import SLUG, Browse, World
from tests.deployments_ui.page_rules import check_hidden, text_of

HISTORY, CUSTOMERS, OPERATIONS = f"/c/{SLUG}/history.csv", "/customers/customers.csv", "/operations/operations.csv"
OWN_OPERATIONS = f"/c/{SLUG}/operations/operations.csv"


def download(client: Client, path: str) -> str:
    response = client.get(path)
    assert isinstance(response, StreamingHttpResponse), response.status_code
    return response.getvalue().decode()


def rows_of(client: Client, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(download(client, path).removeprefix("\ufeff"))))


def roll_back(world: World, browse: Browse, user: User) -> None:
    version = Version.objects.get(deployment__miosa_id=world.main["id"], number=23)
    confirm(browse(user), f"{world.path}versions/{version.miosa_id}/rollback/")


def test_a_history_has_every_entry_and_asks_nothing_of_the_hosting_service(world: World, browse: Browse) -> None:
    for user in (world.people.operator, world.people.support, world.people.owner, world.people.viewer):
        with world.hearing_nothing():
            rows = rows_of(browse(user), HISTORY)
        assert len([row for row in rows if not row["operation"]]) == 24 + 12 + 6
    live = [row for row in rows if row["event"] == "Live"]
    assert len(live) == 3
    newest = next(row for row in live if row["app_id"] == world.main["id"])
    assert (newest["version_id"], newest["app"]) == (world.main["active_version_id"], world.main["name"])
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", newest["at"])


def test_an_export_is_for_nobody_else(world: World, browse: Browse) -> None:
    check_hidden(world, browse, foreign="/c/pawsome-vets/history.csv")
    check_hidden(world, browse, foreign="/c/pawsome-vets/operations/operations.csv")
    for user in (world.people.owner, world.people.viewer, world.people.outsider):
        assert browse(user).get(OPERATIONS).status_code == 404
    assert browse(None).get(HISTORY).status_code == 302
    for path in (HISTORY, CUSTOMERS, OPERATIONS, OWN_OPERATIONS):
        assert browse(world.people.operator).post(path).status_code == 405


def test_the_filters_of_the_page_are_in_the_link(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    page = text_of(client, f"/c/{SLUG}/?state=failed")
    assert f'href="{HISTORY}?state=failed"' in page
    assert {row["event"] for row in rows_of(client, f"{HISTORY}?state=failed")} == {"Failed"}
    assert [row["version"] for row in rows_of(client, f"{HISTORY}?q=%2323&app={world.main['id']}")] == ["23"]
    assert f'href="{OWN_OPERATIONS}"' not in page


def test_operations_say_who_and_why_as_their_page_does(world: World, browse: Browse) -> None:
    roll_back(world, browse, world.people.support)
    (row,) = rows_of(browse(world.people.owner), OWN_OPERATIONS)
    assert (row["app"], row["operation"], row["version"]) == (world.main["name"], "rolled back", "23")
    assert (row["who"], row["reason"]) == ("Deploy desk support", "checkout broken")
    assert "Ana Ruiz" not in download(browse(world.people.owner), HISTORY)
    (row,) = rows_of(browse(world.people.operator), OPERATIONS)
    assert (row["who"], row["customer"]) == ("Ana Ruiz (support)", "Bright Smile Dental")
    assert OPERATIONS in text_of(browse(world.people.operator), "/operations/")


def test_everybody_exports_the_customers_that_they_see(world: World, browse: Browse) -> None:
    mine = rows_of(browse(world.people.owner), CUSTOMERS)
    assert [row["slug"] for row in mine] == [SLUG]
    rows = rows_of(browse(world.people.operator), f"{CUSTOMERS}?q=dental")
    assert [(row["customer"], row["apps"]) for row in rows] == [("Bright Smile Dental", "3")]
    assert f'href="{CUSTOMERS}?q=dental"' in text_of(browse(world.people.operator), "/customers/?q=dental")
    everyone = rows_of(browse(world.people.operator), CUSTOMERS)
    assert {row["slug"] for row in everyone} >= set(
        Customer.objects.exclude(is_unassigned=True).values_list("slug", flat=True)
    )


def test_the_list_of_customers_is_exported_with_its_filters(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    Customer.objects.get(slug="pawsome-vets").tags.create(tag="vip")
    page = text_of(client, "/customers/?tag=vip&state=failed")
    url = re.search(rf'href="({CUSTOMERS}[^"]*)"', page)
    assert url is not None
    (row,) = rows_of(client, html.unescape(url[1]))
    assert (row["slug"], row["tags"], row["failed"]) == ("pawsome-vets", "vip", "1")
    assert rows_of(browse(world.people.owner), f"{CUSTOMERS}?tag=vip")[0]["tags"] == ""


def test_long_lists_are_read_page_by_page_up_to_a_limit(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_export, "MOST_ROWS", 7)
    rows = rows_of(browse(world.people.viewer), HISTORY)
    assert len(rows) == 7
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)


def test_times_are_also_in_the_readers_zone(world: World, browse: Browse) -> None:
    client = browse(world.people.viewer)
    client.cookies["tz"] = "Asia/Kolkata"
    assert rows_of(client, HISTORY)[0]["local_time"].endswith("+05:30")


def test_no_cell_of_a_list_is_a_formula(world: World, browse: Browse) -> None:
    Deployment.objects.filter(miosa_id=world.main["id"]).update(name="=HYPERLINK(1)")
    Customer.objects.filter(slug=SLUG).update(name="@SUM(A1)")
    Version.objects.filter(deployment__miosa_id=world.main["id"], number=23).update(publish_reason="+1\nline")
    roll_back(world, browse, world.people.owner)
    for path in (HISTORY, CUSTOMERS, OWN_OPERATIONS):
        cells = [cell for row in rows_of(browse(world.people.operator), path) for cell in row.values()]
        assert not [cell for cell in cells if cell[:1] in "=+-@" and cell]
        assert [cell for cell in cells if cell.startswith(("'=", "'@", "'+"))]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        *[(None, ""), ("", ""), (0, "0"), ("#23", "#23"), ("-1", "'-1"), (" =1", "' =1"), ("＝1", "'＝1")],
        ("\tx", "'\tx"),
        *[("x;=1", "x;'=1"), ("x; @A1;+1", "x; '@A1;'+1"), ("x\t-1", "x\t'-1"), ("a; b - c", "a; b - c")],
    ],
)
def test_a_cell_is_harmless(value: Any, cell: str) -> None:
    assert csv_export.make_harmless(value) == cell


def test_a_file_is_named_after_its_list_and_day(world: World, browse: Browse) -> None:
    response = browse(world.people.viewer).get(HISTORY)
    day = timezone.localtime()
    assert response["Content-Disposition"] == f'attachment; filename="history-{SLUG}-{day:%Y-%m-%d}.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert b"".join(response).startswith(b"\xef\xbb\xbfat,")


def test_rows_have_the_words_of_the_brand_that_was_visited(world: World, browse: Browse, settings: Settings) -> None:
    """Rows are written when the request has ended."""
    settings.ALLOWED_HOSTS = ["testserver", "deploys.acme.test"]
    brand = Brand.objects.create(name="Acme")
    BrandHost.objects.create(brand=brand, host="deploys.acme.test")
    current.forget()
    roll_back(world, browse, world.people.support)
    for path in (OWN_OPERATIONS, HISTORY):
        response = browse(world.people.owner).get(path, headers={"host": "deploys.acme.test"})
        assert "Acme support" in b"".join(response).decode()
    current.forget()
