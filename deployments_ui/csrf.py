"""A form that Django's CSRF check refused: why, what to do, and what was typed.

Nothing of such a form is sent again with one click: another site may have made it up.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware import csrf
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments_ui import errors, guards, links
from deployments_ui.dialogs import SeeOther
from deployments_ui.htmx import wants_part
from portal.permissions import Person

# Fields that hold a sentence of a person. Never a value of an env var, nor a password.
KEPT_TEXTS = {"reason": gettext_lazy("Reason in your words"), "note": gettext_lazy("Internal note")}
LONGEST_KEPT = 2000
FOREIGN = (csrf.REASON_BAD_ORIGIN, csrf.REASON_BAD_REFERER, csrf.REASON_NO_REFERER, csrf.REASON_MALFORMED_REFERER)


def refuse(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW. Signing in or out in another tab is no failure: this tab follows."""
    person: Person | None = getattr(request, "person", None)
    is_signed_in = person is not None and bool(person.id)
    is_ours = bool(request.POST.get("csrfmiddlewaretoken")) and not is_foreign(reason)
    if is_ours and is_signed_in and request.path == links.sign_in():
        return follow_sign_in(request)
    if is_ours and not is_signed_in and request.path == links.sign_out():
        return SeeOther(links.sign_in())
    text, advice = explain(reason)
    return errors.show(
        request,
        403,
        title=gettext_lazy("This form can no longer be sent"),
        text=text,
        advice=advice,
        link=(page_of(request), _("Open the page again")),
        typed=list_typed(request) if is_signed_in else (),
    )


def follow_sign_in(request: HttpRequest) -> HttpResponse:
    """To where the sign-in would have led, on this site only."""
    url = request.POST.get("next") or request.GET.get("next") or "/"
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    typed, email = request.POST.get("login", "").strip().lower(), getattr(request.user, "email", "").lower()
    if typed and typed != email:
        text = _("You are signed in as %(email)s in this browser. To sign in as someone else, sign out first.")
        messages.info(request, text % {"email": email})
    return SeeOther(url if is_ours else "/")


def explain(reason: str) -> tuple[str, str]:
    """What happened, and what to do."""
    if reason == csrf.REASON_NO_CSRF_COOKIE:
        return (
            _("Your browser sent no cookie with the form, or it was not sent from this portal. Nothing was changed."),
            _("Allow cookies for this site, reload the page and send the form again."),
        )
    if is_foreign(reason):
        return (
            _("The form was not sent from this portal's own address. Nothing was changed."),
            _("Open the portal at its usual address, reload the page and send the form again."),
        )
    return (
        _(
            "Someone signed in or out in this browser since the page was opened, or the form was not sent from this"
            " portal. Nothing was changed."
        ),
        _("Copy what you typed, reload the page and send the form again."),
    )


def is_foreign(reason: str) -> bool:
    """Whether the browser said that another site had sent the form."""
    return any(reason.startswith(known.partition("%")[0]) for known in FOREIGN)


def page_of(request: HttpRequest) -> str:
    """The page with the form, as htmx or the browser names it; else the address that the form was sent to."""
    if wants_part(request):
        return guards.page_of(request)
    return guards.referring_page(request, default=request.get_full_path())


def list_typed(request: HttpRequest) -> list[tuple[str, str]]:
    typed = [(str(label), request.POST.get(name, "").strip()[:LONGEST_KEPT]) for name, label in KEPT_TEXTS.items()]
    return [(label, text) for label, text in typed if text]
