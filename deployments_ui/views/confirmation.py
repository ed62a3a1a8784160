"""Confirming who one is before something sensitive, besides allauth's own forms for password, code and passkey."""

from allauth.account import views as account
from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from deployments_ui import guards, links
from deployments_ui.htmx import Request
from portal.services.accounts import profiles


@require_safe
def elsewhere(request: Request) -> HttpResponse:
    """For people with neither a password nor a second factor here: at their provider, or from the platform's app."""
    context = {
        "next_path": guards.own_path(request.GET.get("next", "/")),
        "has_provider": profiles.has_provider(request.person.id),
        "provider": settings.OIDC_NAME,
        "app_url": settings.HAND_OFF.url,
    }
    return render(request, "account/confirm_elsewhere.html", context)


@require_safe
def confirmed(request: Request) -> HttpResponse:
    """In the tab that was opened only for the confirmation."""
    return render(request, "account/confirmed.html")


@require_safe
def to_profile(request: Request) -> HttpResponse:
    return redirect(links.profile())


@sensitive_post_parameters()
def change_password(request: Request) -> HttpResponseBase:
    """allauth's form. Who has no password sets one by the link that `account_reset_password` sends."""
    if not profiles.has_password(request.person.id):
        return redirect(links.profile())
    response: HttpResponseBase = account.password_change(request)
    return response
