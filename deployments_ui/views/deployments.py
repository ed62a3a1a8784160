"""One deployment."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import links, looking
from deployments_ui.drawing import timeline
from deployments_ui.htmx import Request, answer, push_url, wants_part
from deployments_ui.times import Clock
from portal.services import visits
from portal.services.queries import deployments
from portal.services.queries.deployments import DeploymentPage
from portal.services.queries.schemas import Age


@require_safe
def show(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    by, query, now = request.person, dict(request.GET.lists()), timezone.now()
    if not (seen := looking.seen(request)):
        found = visits.open_deployment(by=by, slug=slug, deployment_id=deployment_id, now=now)
        return drawn(request, deployments.get_deployment(*found, by=by, query=query, now=now))
    found = visits.poll_deployment(by=by, slug=slug, deployment_id=deployment_id, now=now)
    newer = deployments.find_newer(*found, by=by, query=query, generation=seen, now=now)
    if isinstance(newer, Age):
        return looking.age_alone(request, newer, again(looking.pairs_of(request), slug, deployment_id, age=newer))
    return drawn(request, newer)


@require_POST
def refresh(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    by, query, now = request.person, dict(request.GET.lists()), timezone.now()
    found = visits.refresh_deployment(by=by, slug=slug, deployment_id=deployment_id, now=now)
    if not wants_part(request):
        return redirect(links.with_query(links.deployment(slug, deployment_id), looking.pairs_of(request)))
    return drawn(request, deployments.get_deployment(*found, by=by, query=query, now=now))


def drawn(request: Request, found: DeploymentPage) -> HttpResponse:
    context = context_of(found, request.GET.get("cursor", ""))
    return push_url(request, answer(request, "deployments/page.html", context, part="changes"), context["here_url"])


def context_of(found: DeploymentPage, cursor: str, *, tab: str = "history") -> dict[str, Any]:
    slug, deployment, older = found.customer.slug, found.deployment, found.page.next_cursor
    path = links.deployment(slug, deployment.id)
    here = [("cursor", cursor)] if cursor else []
    return {
        "found": found,
        "customer": found.customer,
        "deployment": deployment,
        "tab": tab,
        "path": path,
        "builds_url": links.builds(slug, deployment.id) if found.builds else "",
        "days": timeline.days(found.page.entries, slug=slug, clock=Clock.of_reader()),
        "here_url": links.with_query(path, here),
        "newest_url": path if cursor else "",
        "older_url": links.with_query(path, [("cursor", older)]) if older else "",
        **again(here, slug, deployment.id, age=found.age),
    }


def again(pairs: looking.Pairs, slug: str, deployment_id: str, *, age: Age) -> dict[str, Any]:
    path, refresh_path = links.deployment(slug, deployment_id), links.deployment_refresh(slug, deployment_id)
    return looking.context_of(pairs, path=path, refresh_path=refresh_path, age=age)
