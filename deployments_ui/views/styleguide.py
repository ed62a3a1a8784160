"""Every component and every page in each of its states, drawn from made-up answers. For us who build it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import errors, samples, samples_operations, samples_versions
from deployments_ui.drawing import apps, logs, timeline
from deployments_ui.freshness import Freshness
from deployments_ui.htmx import Request
from deployments_ui.times import Clock
from deployments_ui.views import compare, deployments, history, versions
from portal.permissions import Permission, has_permission
from portal.services.logs import LogPage
from portal.services.queries.schemas import State

Draw = Callable[[HttpRequest, datetime], HttpResponse]
ERRORS = {
    "not-found": 404,
    "refused": 403,
    "wrong-method": 405,
    "conflict": 409,
    "too-many": 429,
    "broken": 500,
    "away": 503,
}


@require_safe
def show(request: Request, page: str = "") -> HttpResponse:
    if not (settings.DEBUG or has_permission(request.person, Permission.READ_STYLEGUIDE)):
        raise Http404
    now = timezone.now()
    if page:
        return one(request, page, now)
    return render(request, "styleguide/page.html", index(now))


def index(now: datetime) -> dict[str, Any]:
    clock = Clock.of_reader()
    return {
        "now": now,
        "versions": [samples.version(now, 46, state) for state in State],
        "customer": samples_versions.CUSTOMER,
        "found": samples.history(now),
        "path": "/styleguide/",
        "apps": apps.draw(samples.deployments(now), slug="x", clock=clock),
        "days": timeline.days(samples.entries(now), slug="x", clock=clock),
        "offers": samples_versions.offers(now),
        "log": logs.window(samples_versions.log(24)),
        "pages": pages(now),
    }


def pages(now: datetime) -> list[str]:
    histories, versions = samples.histories(now), samples_versions.version_pages(now)
    changes = [*samples_operations.forms(now), *samples_operations.pages(now)]
    deployed = samples_versions.deployment_pages(now)
    return [*histories, *deployed, *versions, "comparison", "long-log", *changes, *ERRORS]


def one(request: Request, page: str, now: datetime) -> HttpResponse:
    if page in ERRORS:
        return errors.show(request, ERRORS[page])
    template, context = drawing(page, now)
    # Nothing is behind a sample, so it does not poll.
    context = {**context, "poll_url": "", "refresh_url": ""}
    if isinstance(context.get("freshness"), Freshness):
        context["freshness"] = Freshness(context["freshness"].age)
    return render(request, template, context)


def drawing(page: str, now: datetime) -> tuple[str, dict[str, Any]]:
    if found := samples.histories(now).get(page):
        return "history/page.html", history.context_of(found, QueryDict(samples.QUERIES.get(page, "")))
    if app := samples_versions.deployment_pages(now).get(page):
        return "deployments/page.html", deployments.context_of(app, "")
    if version := samples_versions.version_pages(now).get(page):
        return "versions/page.html", {**versions.context_of(version), "log_url": "/styleguide/long-log/"}
    if form := samples_operations.forms(now).get(page):
        return "releases/page.html", {**form, "focus": "cancel"}
    if operation := samples_operations.pages(now).get(page):
        return "operations/page.html", operation
    if page == "comparison":
        return "versions/compare.html", compare.context_of(samples_versions.comparison(now))
    if page == "long-log":
        text = samples_versions.log(50_000)
        return "versions/log.html", {
            "told": LogPage(text, True, False, ""),
            "log": logs.window(text),
            "log_url": "/styleguide/long-log/",
        }
    raise Http404
