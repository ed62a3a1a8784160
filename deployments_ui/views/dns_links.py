"""Share links of a domain: created and revoked by people who may, opened by anybody who has one, without sign-in."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import dialogs, domain_polling, errors, htmx, links
from deployments_ui.views import domains
from portal.client_address import get_client_address, get_network
from portal.services.domains import share_links
from portal.services.errors import NotFound, Unavailable


@require_POST
@sensitive_variables()
def create(request: htmx.Request, slug: str, deployment_id: str, domain_id: str) -> HttpResponse:
    """The response shows the new link. It can't be shown again."""
    secret = share_links.create_link(
        by=request.person, slug=slug, deployment_id=deployment_id, domain_id=domain_id, now=timezone.now()
    )
    page = domains.get_page(request, slug, deployment_id, domain_id)
    new_link = request.build_absolute_uri(links.dns_link(secret))
    context = domains.page_context(request, page, new_link=new_link)
    return htmx.render(request, domains.PAGE, context, part="links")


@require_POST
def revoke(request: htmx.Request, slug: str, deployment_id: str, domain_id: str, link_id: int) -> HttpResponse:
    share_links.revoke_link(
        by=request.person,
        slug=slug,
        deployment_id=deployment_id,
        domain_id=domain_id,
        link_id=link_id,
        now=timezone.now(),
    )
    if not htmx.wants_part(request):
        return dialogs.redirect(request, links.domain(slug, deployment_id, domain_id))
    page = domains.get_page(request, slug, deployment_id, domain_id)
    return htmx.render(request, domains.PAGE, domains.page_context(request, page), part="links")


@login_not_required
@require_safe
@sensitive_variables()
def show(request: HttpRequest, secret: str) -> HttpResponse:
    """One domain, for people without an account. It names neither the customer nor the app."""
    try:
        response = show_domain(request, secret)
    except NotFound:
        # A link that ended, one that was revoked and one that never existed have the same page.
        response = htmx.vary(render(request, "domains/ended.html", status=404))
    except Unavailable as error:
        response = errors.answer_for(request, error)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


@sensitive_variables()
def show_domain(request: HttpRequest, secret: str) -> HttpResponse:
    network = get_network(get_client_address(request))
    found = share_links.open_link(secret=secret, address=network, now=timezone.now())
    context = {
        "expires_at": found.expires_at,
        **domains.detail_context(request, found.detail, path=request.path),
    }
    if domain_polling.is_unchanged(request, context["polling"]):
        return htmx.no_change()
    return htmx.render(request, "domains/shared.html", context, part="domain")
