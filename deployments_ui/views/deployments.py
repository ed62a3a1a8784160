"""One app: what is live, and its history."""

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import freshness, htmx, links, timeline_filters
from deployments_ui.tabs import list_tabs
from portal.permissions import Person
from portal.services import visits
from portal.services.queries import deployments
from portal.services.queries.deployments import DeploymentPage
from portal.services.queries.schemas import Age

TEMPLATE = "deployments/page.html"


@require_safe
def show(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    by, query, now = request.person, dict(request.GET.lists()), timezone.now()
    seen = freshness.seen_generation(request)
    if not seen:
        opened = visits.open_deployment(by=by, slug=slug, deployment_id=deployment_id, now=now)
        return respond(request, deployments.get_deployment(*opened, by=by, query=query, now=now))
    polled = visits.poll_deployment(by=by, slug=slug, deployment_id=deployment_id, now=now)
    newer = deployments.find_newer(*polled, by=by, query=query, generation=seen, now=now)
    if isinstance(newer, Age):
        path, refresh_path = links.deployment(slug, deployment_id), links.deployment_refresh(slug, deployment_id)
        shown = freshness.of_page(freshness.query_of(request), path=path, refresh_path=refresh_path, age=newer)
        return freshness.render_age(request, shown)
    return respond(request, newer)


@require_POST
def refresh(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    by, query, now = request.person, dict(request.GET.lists()), timezone.now()
    refreshed = visits.refresh_deployment(by=by, slug=slug, deployment_id=deployment_id, now=now)
    if not htmx.wants_part(request):
        return redirect(links.with_query(links.deployment(slug, deployment_id), freshness.query_of(request)))
    response = respond(request, deployments.get_deployment(*refreshed, by=by, query=query, now=now))
    return htmx.add_toast(response, _("Updated just now."))


def respond(request: htmx.Request, found: DeploymentPage) -> HttpResponse:
    context = context_of(found, request.GET, by=request.person)
    oob = ("freshness", "banner", "answer", "actions", "rollback", "status")
    response = htmx.render(request, TEMPLATE, context, part=htmx.get_searched_part(request, "history"), oob=oob)
    return htmx.push_url(request, response, context["page_url"])


def context_of(found: DeploymentPage, query: QueryDict, *, by: Person) -> dict[str, Any]:
    slug, deployment = found.customer.slug, found.deployment
    url = links.deployment(slug, deployment.id)
    filtered = timeline_filters.get_context(found, query, url=url)
    return filtered | {
        "customer": found.customer,
        "deployment": deployment,
        "found": found,
        "tabs": list_tabs(found.customer, deployment, by=by, current="history"),
        "freshness": freshness.of_page(
            filtered["page_query"], path=url, refresh_path=links.deployment_refresh(slug, deployment.id), age=found.age
        ),
    }
