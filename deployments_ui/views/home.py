"""Where everybody begins: staff with what needs attention, other people with their customers."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import freshness, htmx, insights, links
from deployments_ui.forms.attention import AttentionFilterForm, filter_query
from deployments_ui.forms.filters import FILTER_FORM
from deployments_ui.labels import attention as labels
from deployments_ui.links import Pairs
from deployments_ui.pagination import read_page
from portal.services import checklist, visits
from portal.services.attention import home
from portal.services.attention.home import Home
from portal.services.attention.problems import AttentionRow
from portal.services.queries import customer_list, customers
from portal.services.queries.attention_filters import Problem

# Of each customer, for somebody who has several.
MOST_APPS = 20


@dataclass(frozen=True, slots=True)
class CountLink:
    """How many rows of a kind there are. `url` shows only these, or all again if that is so already."""

    problem: Problem
    count: int
    text: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Rows with one kind of problem. `unlisted` more are at `url`."""

    problem: Problem
    rows: list[AttentionRow]
    unlisted: int
    url: str


@require_safe
def show(request: htmx.Request) -> HttpResponse:
    if not request.person.is_staff:
        return show_own_customers(request)
    page = read_page(request)
    found = home.get_home(dict(request.GET.lists()), page=page, by=request.person, now=timezone.now())
    context = {**context_of(found), "checklist": checklist.find_checklist(by=request.person)}
    if freshness.seen_generation(request) == found.age.generation:
        return freshness.render_age(request, context["freshness"])
    is_typing = request.htmx.trigger == FILTER_FORM or "seen" in request.GET
    oob = ("freshness", "banner", "counts") if is_typing else ("freshness", "banner", "counts", "filters")
    response = htmx.render(request, "home/page.html", context, part="home", oob=oob)
    return htmx.push_url(request, response, context["page_url"])


def show_own_customers(request: htmx.Request) -> HttpResponse:
    """To the customer of somebody who has only one; else all of them, those that need attention first."""
    own = customers.list_own(by=request.person, most=2)
    if len(own) == 1:
        return redirect(links.customer(own[0].slug))
    now = timezone.now()
    loaded = visits.open_own_customers(by=request.person, most_deployments=MOST_APPS, now=now)
    found = customer_list.get_list(loaded, by=request.person, now=now)
    rows = sorted(found.rows, key=lambda row: not row.apps.needs_attention)
    return render(request, "home/own_customers.html", {"rows": rows, "more": found.following})


def context_of(found: Home) -> dict[str, Any]:
    pairs = filter_query(found.filters)
    form = AttentionFilterForm(found.filters, tags=found.tags)
    page_pairs = [*pairs, ("page", str(found.page))] if found.page > 1 else pairs
    return {
        "found": found,
        "form": form,
        "chips": form.list_chips(pairs, home_url),
        "counts": list_counts(found),
        "groups": list_groups(found),
        "statistics": insights.summarize(found.numbers),
        "freshness": freshness.of_page(page_pairs, path=links.home(), age=found.age, part="home", fill=found.fill),
        "page_url": home_url(page_pairs),
        "customers_url": links.with_query(links.customers(), [pair for pair in pairs if pair[0] != "state"]),
        "newer_url": home_url([*pairs, ("page", str(found.page - 1))]) if found.page > 1 else "",
        "older_url": home_url([*pairs, ("page", str(found.page + 1))]) if found.page < found.pages else "",
    }


def home_url(pairs: Pairs) -> str:
    return links.with_query(links.home(), pairs)


def state_url(found: Home, *states: Problem) -> str:
    """With the other filters in use, and these states."""
    others = [pair for pair in filter_query(found.filters) if pair[0] != "state"]
    return home_url([*others, *(("state", state.value) for state in states)])


def list_counts(found: Home) -> list[CountLink]:
    """Without what there is none of, unless it is chosen."""
    links_ = []
    for problem, count in found.counts.problems.items():
        is_current = problem in found.filters.states
        if count or is_current:
            url = state_url(found) if is_current else state_url(found, problem)
            links_.append(CountLink(problem, count, labels.describe_count(problem, count), url, is_current))
    return links_


def list_groups(found: Home) -> list[Group]:
    return [
        Group(problem, list(rows), found.unlisted.get(problem, 0), state_url(found, problem))
        for problem, rows in groupby(found.rows, key=lambda row: row.problem)
    ]
