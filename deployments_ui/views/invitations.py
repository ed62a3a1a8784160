"""Invitations: sent by operators, sent again, revoked, and opened by the people who got them."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from deployments_ui import dialogs, errors, htmx, links
from deployments_ui.forms.people import AcceptForm, PlatformInvitationForm
from deployments_ui.guards import require_recent_sign_in
from portal.client_address import get_client_address, get_network
from portal.permissions import Role
from portal.services import customer_names
from portal.services.errors import Conflict, Invalid, NotFound, Unavailable
from portal.services.people import directory, invitation_links, invitations
from portal.services.people.invitation_links import Step
from portal.services.people.invitations import Invitee, SentInvitation
from portal.sign_in import accounts


@dialogs.allow_form_methods
@require_recent_sign_in
@sensitive_variables()
def creation(request: htmx.Request) -> HttpResponse:
    by = request.person
    form = dialogs.bind(PlatformInvitationForm, request)
    form.offer_tags(directory.list_tags(by=by))
    if form.is_valid():
        try:
            sent = invitations.invite(read_invitee(form), by=by, now=timezone.now())
        except Invalid as error:
            form.add_errors(error)
        else:
            return show_sent(request, sent, links.invitations())
    context = {
        "page": {"obstacle": ""},
        "form": form,
        "form_url": links.person_invitation(),
        "back_url": links.people(),
    }
    return dialogs.render_form(request, "people/invite.html", context, part="change")


def read_invitee(form: PlatformInvitationForm) -> Invitee:
    """Raises Invalid."""
    sent = form.cleaned_data
    return Invitee(
        email=sent["email"],
        role=Role(sent["role"]),
        name=sent["name"],
        customers=customer_names.find_customers(sent["customers"]),
        sees_all_customers=sent["sees_all_customers"],
        tags=tuple(sent["tags"]),
    )


@require_POST
@require_recent_sign_in
@sensitive_variables()
def resending(request: htmx.Request, invitation_id: int) -> HttpResponse:
    sent = invitations.resend(invitation_id, by=request.person, now=timezone.now())
    return show_sent(request, sent, links.invitations())


@require_POST
@require_recent_sign_in
def revocation(request: htmx.Request, invitation_id: int) -> HttpResponse:
    invitations.revoke(invitation_id, by=request.person, now=timezone.now())
    messages.success(request, _("The invitation was revoked. Its link no longer works."))
    return dialogs.redirect(request, links.invitations())


@sensitive_variables()
def show_sent(request: htmx.Request, sent: SentInvitation, url: str) -> HttpResponse:
    """Back to the list, with the same words for every address. Without a mail server operators get the link."""
    if sent.link_to_pass_on and request.person.is_operator:
        new_link = f"{settings.PORTAL_URL}{links.invitation(sent.link_to_pass_on)}"
        context = {"email": sent.email, "new_link": new_link, "back_url": url}
        return htmx.render(request, "people/sent.html", context, part="change")
    messages.success(request, _("An invitation is being sent to %(email)s.") % {"email": sent.email})
    return dialogs.redirect(request, url)


@login_not_required
@dialogs.allow_form_methods
@sensitive_post_parameters("password")
@sensitive_variables()
def show(request: htmx.Request, secret: str) -> HttpResponse:
    """For the person who got the mail. Every link that has ended has the same page."""
    try:
        response = answer(request, secret)
    except NotFound:
        response = htmx.vary(render(request, "invitations/ended.html", status=404))
    except (Conflict, Unavailable) as error:
        response = errors.answer_for(request, error)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    # The secret is in the path, which this policy sends nowhere. "no-referrer" would hide the origin of the form too.
    response["Referrer-Policy"] = "strict-origin"
    response["Cache-Control"] = "no-store"
    return response


@sensitive_variables()
def answer(request: htmx.Request, secret: str) -> HttpResponse:
    by, now, address = request.person, timezone.now(), get_network(get_client_address(request))
    page = invitation_links.open_invitation(secret=secret, by=by, address=address, now=now)
    form = dialogs.bind(AcceptForm, request, name=page.name)
    if form.is_valid() and page.step is Step.ACCEPT:
        invitation_links.accept(secret=secret, by=by, address=address, now=now)
        return dialogs.redirect(request, "/")
    if form.is_valid() and page.step is Step.CREATE:
        try:
            sent = form.cleaned_data
            user_id = invitation_links.accept_as_new(secret=secret, by=by, address=address, now=now, **sent)
        except Invalid as error:
            form.add_errors(error)
        else:
            return accounts.sign_in(request, user_id)
    context = {"page": page, "form": form, "form_url": request.path}
    status = 422 if form.errors else 200
    return htmx.vary(render(request, "invitations/page.html", context, status=status))
