"""Insights of an app, of a customer, and of all customers for staff."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.template import engines
from django.utils import timezone

from deployments_ui import figures, insights, samples_insights
from deployments_ui.labels.attention import list_app_states
from portal.models import Deployment, Entry, Version
from portal.permissions import Person, Role
from portal.services.queries import statistics
from portal.services.queries.app_counts import AppCounts
from portal.services.queries.statistics_rows import LivePeriod
from tests.deployments_ui.changes import confirm
from tests.deployments_ui.conftest import HTMX, SLUG, Browse, World
from tests.deployments_ui.page_rules import check_page, text_of

OWN, ALL = f"/c/{SLUG}/insights/", "/insights/"
OPERATOR = Person(id=1, name="Olga Petrov", email="operator@portal.test", staff=Role.OPERATOR)


def path_of_app(world: World) -> str:
    return f"{world.path}insights/"


def figures_of(page: str) -> dict[str, str]:
    found = re.findall(r'<dt>(.*?)</dt>\s*<dd class="value">\s*(.*?)\s*</dd>', page)
    return {html.unescape(label): html.unescape(value) for label, value in found}


def test_page_rules(world: World, browse: Browse) -> None:
    check_page(world, browse, OWN, foreign="/c/pawsome-vets/insights/", root="insights", says="Publishes per day")
    app, foreign = path_of_app(world), f"{world.foreign_path}insights/"
    check_page(world, browse, app, foreign=foreign, root="insights", says="What was live")


def test_only_staff_see_all_customers(world: World, browse: Browse) -> None:
    for user in (world.people.operator, world.people.support):
        assert "Customers with the most failed publishes" in text_of(browse(user), ALL)
    for user in (world.people.owner, world.people.viewer, world.people.outsider):
        assert "Publishes per day" not in text_of(browse(user), ALL, status=404)
    assert browse(world.people.operator).post(ALL).status_code == 405


def test_pages_of_insights_ask_nothing_of_the_hosting_service(world: World, browse: Browse) -> None:
    with world.hearing_nothing():
        for path in (ALL, OWN, path_of_app(world)):
            text_of(browse(world.people.operator), path)


def test_the_same_numbers_are_in_the_figures_the_chart_and_the_table(world: World, browse: Browse) -> None:
    found = statistics.get_customer_insights(by=OPERATOR, slug=SLUG, days=90, now=timezone.now()).numbers
    page = text_of(browse(world.people.viewer), f"{OWN}?days=90")
    assert figures_of(page)["Publishes"] == str(found.publishes) != "0"
    assert f'aria-label="{found.publishes} publishes, {found.failed} failed.' in page
    table = re.search(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    assert table is not None
    cells = re.findall(r"<td>(?:<a[^>]*>)?([^<]*)(?:</a>)?</td>", table[1])
    assert sum(map(int, cells[1::3])) == found.publishes
    assert sum(map(int, cells[2::3])) == found.failed
    assert len(re.findall(r'<g class="column">', page)) == 90


def test_a_day_leads_to_its_history(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    page = text_of(client, f"{path_of_app(world)}?days=90")
    url = re.search(rf'href="(/c/{SLUG}/\?app=[^"]*from=[^"]*)"', page)
    assert url is not None
    assert "filter for an unknown" not in text_of(client, html.unescape(url[1]))


@pytest.mark.parametrize("days", ["", "30", "365", "-1", "x", "٣٠", "9" * 400])
def test_an_unknown_range_is_the_usual_one(world: World, browse: Browse, days: str) -> None:
    page = text_of(browse(world.people.owner), f"{OWN}?days={days}")
    assert re.search(r'href="/c/[^"]*insights/"\s+aria-current="page">30 days', page)


def test_a_range_replaces_the_part_and_the_address(world: World, browse: Browse) -> None:
    response = browse(world.people.owner).get(f"{OWN}?days=7", **HTMX)
    assert response["HX-Push-Url"] == f"{OWN}?days=7"
    assert b"<html" not in response.content


def test_without_publishes_it_says_so(world: World, browse: Browse) -> None:
    Entry.objects.all().delete()
    page = text_of(browse(world.people.owner), OWN)
    assert "No publishes in the last 30 days." in page
    assert figures_of(page) == {
        "Publishes": "0",
        "Change failure rate": "–",
        "Median build": "–",
        "Time to restore": "–",
    }
    assert 'role="img"' not in page


def test_a_rollback_shows_in_the_strip_and_the_figures(world: World, browse: Browse) -> None:
    live = Version.objects.get(deployment__miosa_id=world.main["id"], miosa_id=world.main["active_version_id"])
    Version.objects.filter(pk=live.pk).update(live_from=timezone.now() - timedelta(minutes=4))
    older = Version.objects.get(deployment__miosa_id=world.main["id"], number=23)
    confirm(browse(world.people.owner), f"{world.path}versions/{older.miosa_id}/rollback/")
    page = html.unescape(text_of(browse(world.people.owner), path_of_app(world)))
    assert figures_of(page)["Time to restore"].startswith("4 min")
    assert re.search(rf"<title>#{live.number}, live for .* rolled back</title>", page)
    assert re.search(r'class="span is-live"[^>]*>\s*<title>#23, live for', page)


def test_on_a_shared_app_its_people_dont_see_when_versions_were_live(world: World, browse: Browse) -> None:
    Deployment.objects.filter(miosa_id=world.main["id"]).update(is_shared=True)
    page = text_of(browse(world.people.owner), path_of_app(world))
    assert set(figures_of(page)) == {"Publishes", "Median build"}
    assert "was live as a table" not in page
    assert "What was live as a table" in text_of(browse(world.people.operator), path_of_app(world))


def test_the_last_days_fit_into_a_line(world: World) -> None:
    numbers = statistics.get_numbers(by=OPERATOR, days=30, now=timezone.now())
    summary = insights.summarize(numbers)
    template = engines["jinja2"].get_template("home/_statistics.html")
    line = template.render({"statistics": summary})
    assert summary.facts[0] == f"{numbers.publishes} publishes"
    assert f'href="{ALL}"' in line
    assert line.count('class="bar') >= 5
    assert " · ".join(summary.facts) in html.unescape(line)


def test_the_longest_is_the_one_that_the_table_shows_as_longest() -> None:
    now = timezone.now()
    left, began = now - timedelta(days=20), now - timedelta(days=100)
    periods = [
        LivePeriod("ver_1", 1, began, left, is_start_known=True, was_left=False),
        LivePeriod("ver_2", 2, left, None, is_start_known=True, was_left=False),
    ]
    drawn = insights.draw_periods(periods, samples_insights.numbers(now), url_of=lambda each: each, now=now)
    assert drawn
    assert drawn.name == "2 live periods. Longest: #1, 80 days."


def test_a_chart_of_the_newest_builds_says_so(world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    builds, numbers = samples_insights.builds(now), samples_insights.numbers(now)
    whole = insights.draw_builds(builds, numbers, url_of=lambda each: each)
    assert whole
    assert whole.name.startswith("20 builds, median 41 s, longest ")
    assert not whole.note
    monkeypatch.setattr(statistics, "_MOST_SHOWN_BUILDS", 3)
    page = text_of(browse(world.people.owner), path_of_app(world))
    note = re.search(r"<p[^>]*>(The newest 3 of \d+ builds\.)</p>", page)
    assert note
    assert f'aria-label="{note[1]} Median of all: ' in page


def test_counts_are_texts_of_their_own() -> None:
    now = timezone.now()
    numbers = replace(samples_insights.numbers(now), rolled_back=2)
    details = {figure.label: figure.details for figure in figures.list_figures(numbers)}
    assert details["Change failure rate"] == f"{numbers.failed} failed, 2 rolled back"
    assert details["Median build"] == "20 builds, 2 unknown"
    assert details["Time to restore"] == "1 rollback"
    assert figures.count_publishes(numbers.days[4:5]) == f"{numbers.days[4].publishes} publishes, 1 failed"
    counts = AppCounts(total=3, failed=1, domains=2)
    assert [label.word for label in list_app_states(counts)] == ["1 failed", "2 with a domain problem"]
