"""People who come from the platform's own app: docs/handoff.md says what the app sends.

The app's page sends a token from another site, so that request has no cookies. It is answered with a grant, in a cookie
of its own, for the page that signs in.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from deployments_ui import htmx, links
from deployments_ui.dialogs import SeeOther, allow_form_methods
from portal.audit_middleware import AuditedRequest
from portal.client_address import get_client_address, get_network
from portal.services.accounts import sign_ins
from portal.services.accounts.browsers import describe_browser
from portal.services.audit.record import Way
from portal.services.hand_off import accept, grants
from portal.services.hand_off.errors import Refused
from portal.services.hand_off.grants import Grant
from portal.sign_in import session_facts

COOKIE = "hand_off"


@login_not_required
@csrf_exempt  # a token is valid once and for a minute, and the grant for it signs nobody in without a CSRF token
@allow_form_methods
@sensitive_post_parameters()
@sensitive_variables()
def receive(request: AuditedRequest) -> HttpResponse:
    """GET has a form for a token in the URL's fragment or query: our own script sends it, or a person does."""
    if not settings.HAND_OFF.issuer:
        raise Http404
    if request.method != "POST":
        return show(request, "hand_off/page.html", {"token": request.GET.get("token", "")})
    request.origin.way = Way.HAND_OFF
    try:
        grant = accept.accept(
            request.POST.get("token", ""),
            network=get_network(get_client_address(request)),
            is_from_app=is_from_app(request),
            now=timezone.now(),
        )
    except Refused:
        return show(request, "hand_off/refused.html", {}, status=400)
    response = SeeOther(links.hand_off_continue())
    response.set_cookie(
        COOKIE,
        grant,
        max_age=grants.LIFETIME_S,
        path=links.hand_off(),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return keep_private(response)


@login_not_required
@allow_form_methods
@sensitive_variables()
def continue_(request: AuditedRequest) -> HttpResponse:
    """Signs in. Nobody's session is replaced, and nobody is signed in by another site, without being asked."""
    if not settings.HAND_OFF.issuer:
        raise Http404
    try:
        grant = grants.open_grant(request.COOKIES.get(COOKIE, ""))
        if request.method == "POST":
            return sign_in(request, grant)
    except Refused:
        if request.method == "POST":
            return show(request, "hand_off/refused.html", {}, status=400)
        return keep_private(SeeOther(links.hand_off()))
    other = find_other(request, grant)
    context = {"grant": grant, "other": other, "is_automatic": grant.is_from_app and not other}
    response = show(request, "hand_off/continue.html", context)
    response["Referrer-Policy"] = "same-origin"  # without a referrer, browsers send no origin with the form either
    return response


def sign_in(request: AuditedRequest, grant: Grant) -> HttpResponse:
    """Unless somebody else has signed in since the form was shown: then it asks."""
    if request.POST.get("instead_of") != find_other(request, grant):
        return keep_private(SeeOther(links.hand_off_continue()))
    request.origin.way = Way.HAND_OFF
    grants.use_grant(grant, now=timezone.now())
    request.session.cycle_key()  # Django leaves that out if the same person signs in again
    login(request, grant.user, backend="portal.sign_in.accounts.AuthenticationBackend")
    request.session[session_facts.WAY] = Way.HAND_OFF.value
    sign_ins.note_sign_in(
        grant.user,
        way=Way.HAND_OFF.value,
        is_known_browser=True,
        browser=describe_browser(request.headers.get("User-Agent", "")),
        address=get_client_address(request),
    )
    response = SeeOther(grant.next_path)
    response.delete_cookie(COOKIE, path=links.hand_off(), samesite="Lax")
    return keep_private(response)


def find_other(request: HttpRequest, grant: Grant) -> str:
    """The id of the account that is signed in and would be signed out; empty if there is none."""
    user = request.user
    return str(user.pk) if user.is_authenticated and user.pk != grant.user.pk else ""


def is_from_app(request: HttpRequest) -> bool:
    """Whether the browser says that a page of the platform's own app has sent the form."""
    app = urlsplit(settings.HAND_OFF.url.lower())
    host = app.netloc.removesuffix(":443" if app.scheme == "https" else ":80")
    return bool(host) and request.headers.get("Origin") == f"{app.scheme}://{host}"


def show(request: HttpRequest, template: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    context = {"app_url": settings.HAND_OFF.url, **context}
    return keep_private(htmx.vary(render(request, template, context, status=status)))


def keep_private(response: HttpResponse) -> HttpResponse:
    """No copy of it is kept, and no other site learns its URL."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
