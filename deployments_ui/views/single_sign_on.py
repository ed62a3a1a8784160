"""Sign-in of staff with an OpenID provider."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import errors, guards
from portal.sign_in import single_sign_on


@login_not_required
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated and settings.OIDC_ISSUER:
        return redirect("/")
    return go_to_provider(request, is_confirmation=False)


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """The provider asks for the password again."""
    return go_to_provider(request, is_confirmation=True)


@login_not_required
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    if not settings.OIDC_ISSUER:
        raise Http404
    return single_sign_on.finish(request)


def go_to_provider(request: HttpRequest, *, is_confirmation: bool) -> HttpResponse:
    """By a page: the Content-Security-Policy lets no form lead to another site, not even by a redirect."""
    if not settings.OIDC_ISSUER:
        raise Http404
    next_path = guards.own_path(request.POST.get("next", "/"))
    address = single_sign_on.find_address(request, next_path=next_path, is_confirmation=is_confirmation)
    if address is None:
        return errors.show_provider_down(request)
    response = render(request, "account/single_sign_on.html", {"address": address, "provider": settings.OIDC_NAME})
    response["Refresh"] = f"0; url={address}"
    return response
