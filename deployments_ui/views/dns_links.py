"""The link for whoever runs the DNS: made and ended by those who may, opened by anybody who has it."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import changing, errors, links
from deployments_ui.drawing import domains as drawing
from deployments_ui.htmx import Request, answer, no_change, vary, wants_part
from portal.services.domains import links as services
from portal.services.domains import pages
from portal.services.errors import NotFound, Unavailable


@require_POST
@sensitive_variables()
def make(request: Request, slug: str, deployment_id: str, domain_id: str) -> HttpResponse:
    """The address is shown in this answer and never again."""
    wanted: dict[str, Any] = {"by": request.person, "slug": slug, "deployment_id": deployment_id}
    wanted["domain_id"] = domain_id
    secret = services.make(**wanted, now=timezone.now())
    found = pages.get_domain(**wanted, now=timezone.now())
    context = drawing.context_of(found, request)
    context["new_link"] = request.build_absolute_uri(links.dns_link(secret))
    if not wants_part(request):
        return vary(render(request, "domains/page.html", context))
    return answer(request, "domains/page.html", context, part="links")


@require_POST
def revoke(request: Request, slug: str, deployment_id: str, domain_id: str, link_id: int) -> HttpResponse:
    wanted: dict[str, Any] = {"by": request.person, "slug": slug, "deployment_id": deployment_id}
    wanted["domain_id"] = domain_id
    services.revoke(**wanted, link_id=link_id, now=timezone.now())
    if not wants_part(request):
        return changing.went(request, links.domain(slug, deployment_id, domain_id))
    found = pages.get_domain(**wanted, now=timezone.now())
    return answer(request, "domains/page.html", drawing.context_of(found, request), part="links")


@login_not_required
@require_safe
@sensitive_variables()
def show(request: HttpRequest, secret: str) -> HttpResponse:
    """One domain, for somebody without an account. Changes nothing; tells neither whose it is nor what runs there."""
    try:
        response = shown(request, secret)
    except NotFound:
        response = drawing.over(request)
    except Unavailable as error:
        response = errors.answer_for(request, error)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


def address_of(request: HttpRequest) -> str:
    """Who asks, as the outermost proxy that we trust saw it. What stands before that, anybody can write."""
    trusted = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    said = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",")]
    if 0 < trusted <= len(said) and said[-trusted]:
        return said[-trusted]
    return str(request.META.get("REMOTE_ADDR", ""))


def shown(request: HttpRequest, secret: str) -> HttpResponse:
    found = services.open_link(secret=secret, address=address_of(request), now=timezone.now())
    context = drawing.shared_context(found, request)
    if request.GET.get("seen", "") == context["generation"] and wants_part(request):
        return no_change()
    return answer(request, "domains/shared.html", context, part="domain")
