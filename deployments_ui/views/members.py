"""The people of one customer, for its owners and for operators."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import dialogs, htmx, links
from deployments_ui.forms.people import InvitationForm, MemberRoleForm, PersonForm
from deployments_ui.guards import require_recent_sign_in
from deployments_ui.pagination import read_page
from deployments_ui.tabs import list_customer_tabs
from deployments_ui.views.invitations import show_sent
from deployments_ui.views.people import CONFIRM, Confirmation
from portal.services.errors import Conflict, Invalid
from portal.services.people import invitations, members, person_changes
from portal.services.people.members import MemberPage


@require_safe
def index(request: htmx.Request, slug: str) -> HttpResponse:
    page = read_page(request)
    found = members.list_members(slug=slug, by=request.person, page=page, now=timezone.now())
    url = links.customer_people(slug)
    context = {
        "found": found,
        "customer": found.customer,
        "tabs": list_customer_tabs(found.customer, current="people"),
        "newer_url": f"{url}?page={found.page - 1}" if found.page > 1 else "",
        "older_url": f"{url}?page={found.page + 1}" if found.page < found.pages else "",
    }
    return htmx.render(request, "people/customer.html", context, part="people")


@dialogs.allow_form_methods
@require_recent_sign_in
@sensitive_variables()
def invitation(request: htmx.Request, slug: str) -> HttpResponse:
    form = dialogs.bind(InvitationForm, request)
    if form.is_valid():
        try:
            sent = invitations.invite_member(slug=slug, **form.cleaned_data, by=request.person, now=timezone.now())
        except Invalid as error:
            form.add_errors(error)
        else:
            return show_sent(request, sent, links.customer_people(slug))
    customer = members.get_managed_customer(slug, by=request.person)
    context = {
        "page": {"obstacle": ""},
        "form": form,
        "customer": customer,
        "form_url": links.customer_invitation(slug),
        "back_url": links.customer_people(slug),
    }
    return dialogs.render_form(request, "people/invite_member.html", context, part="change")


@require_POST
@require_recent_sign_in
@sensitive_variables()
def resending(request: htmx.Request, slug: str, invitation_id: int) -> HttpResponse:
    sent = invitations.resend_at_customer(invitation_id, slug=slug, by=request.person, now=timezone.now())
    return show_sent(request, sent, links.customer_people(slug))


@require_POST
@require_recent_sign_in
def revocation(request: htmx.Request, slug: str, invitation_id: int) -> HttpResponse:
    invitations.revoke_at_customer(invitation_id, slug=slug, by=request.person, now=timezone.now())
    messages.success(request, _("The invitation was revoked. Its link no longer works."))
    return dialogs.redirect(request, links.customer_people(slug))


@dialogs.allow_form_methods
@require_recent_sign_in
def role(request: htmx.Request, slug: str, user_id: int) -> HttpResponse:
    page = members.get_member(user_id, slug=slug, by=request.person)
    form = dialogs.bind(MemberRoleForm, request, role=page.member.role)
    if form.is_valid():
        sent, now = form.cleaned_data["role"], timezone.now()
        try:
            person_changes.change_member_role(user_id, slug=slug, role=sent, by=request.person, now=now)
        except Conflict as error:
            form.add_error(None, error.for_people)
        else:
            return dialogs.redirect(request, after(request, page))
    context = {
        "page": {"obstacle": only_owner(page)},
        "member": page.member,
        "form": form,
        "customer": page.customer,
        "form_url": links.member_role(slug, user_id),
        "back_url": links.customer_people(slug),
    }
    return dialogs.render_form(request, "people/member_role.html", context, part="change")


@dialogs.allow_form_methods
@require_recent_sign_in
def removal(request: htmx.Request, slug: str, user_id: int) -> HttpResponse:
    page = members.get_member(user_id, slug=slug, by=request.person)
    form = dialogs.bind(PersonForm, request)
    if form.is_valid():
        try:
            person_changes.remove_member(user_id, slug=slug, by=request.person, now=timezone.now())
        except Conflict as error:
            form.add_error(None, error.for_people)
        else:
            return dialogs.redirect(request, after(request, page))
    context = {
        "page": removal_texts(page),
        "form": form,
        "customer": page.customer,
        "form_url": links.member_removal(slug, user_id),
        "back_url": links.customer_people(slug),
    }
    return dialogs.render_form(request, CONFIRM, context, part="change")


def removal_texts(page: MemberPage) -> Confirmation:
    who = {"name": page.member.name or page.member.email, "customer": page.customer.name}
    if page.member.is_self:
        title, text = _("Leave %(customer)s?") % who, _("You lose access immediately. An owner can invite you again.")
    else:
        title = _("Remove %(name)s from %(customer)s?") % who
        text = _("They lose access immediately. Links they shared and invitations they sent stop working.")
    if page.is_last_owner:
        text += " " + _("The customer will have no owner.")
    button = _("Leave") if page.member.is_self else _("Remove")
    return Confirmation(title=title, text=text, button=button, obstacle=only_owner(page))


def only_owner(page: MemberPage) -> str:
    return _("This is the only owner. Make someone else an owner first.") if page.member.is_protected else ""


def after(request: htmx.Request, page: MemberPage) -> str:
    """People who have changed themselves may no longer see this page."""
    return "/" if page.member.is_self else links.customer_people(page.customer.slug)
