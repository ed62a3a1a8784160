"""A person's own account: name, mail, second factors, sessions, theme, time zone, mails."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from deployments_ui import dialogs, htmx, links
from deployments_ui.forms.profile import MAILS, EmailForm, ProfileForm
from deployments_ui.guards import require_recent_sign_in
from deployments_ui.views.theme import set_theme_cookie
from portal.client_address import get_client_address, get_network
from portal.services.accounts import email_changes, profiles, sessions
from portal.services.errors import Invalid, Unavailable


@dialogs.allow_form_methods
def show(request: htmx.Request) -> HttpResponse:
    form = ProfileForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        facts = {name: form.cleaned_data[name] for name in ("name", "time_zone", "theme")}
        profiles.change_profile(by=request.person, **facts, unwanted_mails=form.unwanted_mails)
        messages.success(request, _("Your profile was saved."))
        response = dialogs.redirect(request, links.profile())
        set_theme_cookie(request, response, form.cleaned_data["theme"] or "auto")
        return response
    page = profiles.get_profile(by=request.person, session_key=request.session.session_key or "")
    if not form.is_bound:
        wanted = [kind for kind, _label in MAILS if kind not in page.unwanted_mails]
        initial = {"name": page.name, "time_zone": page.time_zone, "theme": page.theme, "mails": wanted}
        form = ProfileForm(initial=initial)
    return render(request, "profile/page.html", {"page": page, "form": form}, part="profile", is_invalid=form.is_bound)


@dialogs.allow_form_methods
@require_recent_sign_in
def email(request: htmx.Request) -> HttpResponse:
    form = EmailForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        network = get_network(get_client_address(request))
        try:
            email_changes.request_change(form.cleaned_data["email"], by=request.person, network=network)
        except (Invalid, Unavailable) as error:
            form.add_error("email", error.for_people)
        else:
            messages.info(request, _("Open the link in the mail that we sent to the new address."))
            return dialogs.redirect(request, links.profile())
    return render(request, "profile/email.html", {"form": form}, part="email", is_invalid=form.is_bound)


@dialogs.allow_form_methods
def email_confirmation(request: htmx.Request, secret: str) -> HttpResponse:
    if request.method == "POST":
        session_key = request.session.session_key or ""
        email_changes.confirm_change(secret, by=request.person, session_key=session_key)
        messages.success(request, _("Your e-mail address was changed. Sign in with the new one from now on."))
        return dialogs.redirect(request, links.profile())
    context = {"new_email": email_changes.get_new_email(secret, by=request.person)}
    return render(request, "profile/email_confirmation.html", context, part="email_confirmation")


@require_POST
def end_session(request: htmx.Request, session_id: int) -> HttpResponse:
    sessions.end_session(session_id, user_id=request.person.id, by=request.person)
    messages.success(request, _("The session was signed out."))
    return dialogs.redirect(request, links.profile())


@require_POST
def end_other_sessions(request: htmx.Request) -> HttpResponse:
    key = request.session.session_key or ""
    ended = sessions.end_other_sessions(current_key=key, by=request.person)
    text = ngettext("%(count)d other session was signed out.", "%(count)d other sessions were signed out.", ended)
    messages.success(request, text % {"count": ended})
    return dialogs.redirect(request, links.profile())


def render(
    request: htmx.Request, template: str, context: dict[str, Any], *, part: str, is_invalid: bool = False
) -> HttpResponse:
    return htmx.render(request, template, context, part=part, status=422 if is_invalid else 200)
