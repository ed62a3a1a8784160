"""Insights: publishes, failures, build times and rollbacks of an app, of a customer, and for staff of all customers."""

from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import figures, formats, freshness, htmx, insights, links
from deployments_ui.tabs import Tab, list_customer_tabs, list_tabs
from portal.services.queries import statistics
from portal.services.queries.statistics import CustomerInsights, DeploymentInsights, Numbers, Overview


@require_safe
def overview(request: htmx.Request) -> HttpResponse:
    days = read_days(request)
    found = statistics.get_overview(by=request.person, days=days, now=timezone.now())
    return respond(request, "insights/overview.html", overview_context(found, days=days), days=days)


@require_safe
def customer(request: htmx.Request, slug: str) -> HttpResponse:
    days = read_days(request)
    found = statistics.get_customer_insights(by=request.person, slug=slug, days=days, now=timezone.now())
    return respond(request, "insights/customer.html", customer_context(found, days=days), days=days)


@require_safe
def deployment(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    by, days, now = request.person, read_days(request), timezone.now()
    found = statistics.get_deployment_insights(by=by, slug=slug, deployment_id=deployment_id, days=days, now=now)
    context = {
        **deployment_context(found, days=days, now=now),
        "tabs": list_tabs(found.customer, found.deployment, by=by, current="insights"),
    }
    return respond(request, "insights/deployment.html", context, days=days)


def respond(request: htmx.Request, template: str, context: dict[str, Any], *, days: int) -> HttpResponse:
    response = htmx.render(request, template, context, part="insights")
    return htmx.push_url(request, response, url_of(context["path"], days))


def read_days(request: htmx.Request) -> int:
    """The range in the address; the usual one for anything else."""
    text = request.GET.get("days", "")
    return int(text) if text in map(str, statistics.RANGES) else statistics.DEFAULT_DAYS


def url_of(path: str, days: int) -> str:
    return path if days == statistics.DEFAULT_DAYS else links.with_query(path, [("days", str(days))])


def numbers_context(numbers: Numbers, *, path: str, days: int, is_cut: bool = False) -> dict[str, Any]:
    """What all three pages show."""
    return {
        "path": path,
        "days": days,
        "numbers": numbers,
        "figures": figures.list_figures(numbers, is_cut=is_cut),
        "ranges": [
            Tab(formats.span(each * formats.DAY), url_of(path, each), each == days) for each in statistics.RANGES
        ],
    }


def overview_context(found: Overview, *, days: int) -> dict[str, Any]:
    return {
        **numbers_context(found.numbers, path=links.insights(), days=days),
        "most_failed": found.most_failed,
        "per_day": insights.draw_days(found.numbers.days),
    }


def customer_context(found: CustomerInsights, *, days: int) -> dict[str, Any]:
    slug = found.customer.slug
    return {
        **numbers_context(found.numbers, path=links.customer_insights(slug), days=days),
        "customer": found.customer,
        "tabs": list_customer_tabs(found.customer, current="insights"),
        "freshness": freshness.Freshness(found.age),
        "apps": [(app, insights.draw_sparkline(app.days), figures.count_publishes(app.days)) for app in found.apps],
        "unlisted": found.unlisted,
        "per_day": insights.draw_days(found.numbers.days, url_of=lambda day: history_of(slug, day)),
    }


def deployment_context(found: DeploymentInsights, *, days: int, now: datetime) -> dict[str, Any]:
    slug, app = found.customer.slug, found.deployment.id

    def version_url(version_id: str) -> str:
        return links.version(slug, app, version_id)

    path = links.deployment_insights(slug, app)
    return {
        **numbers_context(found.numbers, path=path, days=days, is_cut=found.is_cut),
        "customer": found.customer,
        "deployment": found.deployment,
        "is_cut": found.is_cut,
        "freshness": freshness.Freshness(found.age),
        "per_day": insights.draw_days(found.numbers.days, url_of=lambda day: history_of(slug, day, app=app)),
        "live_periods": insights.draw_periods(found.periods, found.numbers, url_of=version_url, now=now),
        "build_times": insights.draw_builds(found.builds, found.numbers, url_of=version_url),
    }


def history_of(slug: str, day: date, *, app: str = "") -> str:
    """The history of one day."""
    ends = [("from", day.isoformat()), ("to", day.isoformat())]
    return links.with_query(links.customer(slug), [*([("app", app)] if app else []), *ends])
