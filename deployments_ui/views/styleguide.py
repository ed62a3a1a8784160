"""Every component and every page in each of its states, with made-up data. For developers and operators."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from deployments_ui import (
    errors,
    htmx,
    links,
    log_window,
    samples,
    samples_attention,
    samples_insights,
    samples_operations,
    samples_versions,
)
from deployments_ui.freshness import Freshness
from deployments_ui.log_window import LogPart
from deployments_ui.views import compare, deployments, history, home, releases, versions
from portal.permissions import Permission, Person, has_permission
from portal.services.queries.schemas import State

ERRORS = {
    "not-found": 404,
    "refused": 403,
    "wrong-method": 405,
    "conflict": 409,
    "too-many": 429,
    "broken": 500,
    "away": 503,
}


class SampleForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), required=False)
    domain = forms.SlugField(
        label=_("Domain"), error_messages={"invalid": _("A domain has a dot, such as brightsmile.example.")}
    )


@require_safe
def show(request: htmx.Request, page: str = "") -> HttpResponse:
    if not (settings.DEBUG or has_permission(request.person, Permission.READ_STYLEGUIDE)):
        raise Http404
    now = timezone.now()
    if not page:
        return render(request, "styleguide/page.html", index_context(now))
    if page in ERRORS:
        return errors.show(request, ERRORS[page])
    template, context = get_sample(request, page, now=now)
    return render(request, template, without_polling(context))


def index_context(now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "charts": samples_insights.charts(now),
        "customer": samples_versions.CUSTOMER,
        "form": SampleForm({"reason": "Checkout broken", "domain": "bright smile"}, auto_id="sample-%s"),
        "found": samples.history(now),
        "log": log_window.get_window(samples_versions.log_page(24)),
        "offers": samples_versions.offers(now),
        "pages": list_pages(now),
        "versions": [samples.version(now, 46, state) for state in State],
    }


def list_pages(now: datetime) -> list[str]:
    return [
        "first-run",
        *samples.histories(now),
        *samples_versions.deployment_pages(now),
        *samples_versions.version_pages(now),
        "comparison",
        "long-log",
        *samples_operations.forms(now),
        *samples_operations.pages(now),
        *ERRORS,
    ]


def get_sample(request: htmx.Request, page: str, *, now: datetime) -> tuple[str, dict[str, Any]]:
    """The template of a sample page, and its context."""
    by: Person = request.person
    if found := samples.histories(now).get(page):
        return "history/page.html", history.context_of(found, QueryDict(samples.QUERIES.get(page, "")))
    if app := samples_versions.deployment_pages(now).get(page):
        return "deployments/page.html", deployments.context_of(app, QueryDict(), by=by)
    if version := samples_versions.version_pages(now).get(page):
        return "versions/page.html", {**versions.context_of(version), "log_url": links.styleguide_page("long-log")}
    if form := samples_operations.forms(now).get(page):
        return "releases/page.html", {**releases.release_context(*form, form_url="/styleguide/"), "focus": "cancel"}
    if operation := samples_operations.pages(now).get(page):
        return "operations/page.html", operation
    if page == "first-run":
        empty, checklist = samples_attention.first_run(now)
        return "home/page.html", {**home.context_of(empty), **checklist}
    if page == "comparison":
        return "versions/comparison.html", compare.context_of(samples_versions.comparison(now))
    if page == "long-log":
        version = next(iter(samples_versions.version_pages(now).values()))
        return "versions/log.html", {**versions.log_context_of(version), "log": sample_log(request)}
    raise Http404


def sample_log(request: htmx.Request) -> LogPart:
    url = links.styleguide_page("long-log")
    return log_window.get_part(request, samples_versions.log_page(50_000), path=url, text_url=url)


def without_polling(context: dict[str, Any]) -> dict[str, Any]:
    """A sample has no data to refresh."""
    freshness = context.get("freshness")
    if isinstance(freshness, Freshness):
        return {**context, "freshness": Freshness(freshness.age)}
    return {**context, "poll_url": "", "refresh_url": ""}
