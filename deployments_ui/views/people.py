"""Everybody, for operators: the list, a person, and what can be changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from deployments_ui import dialogs, htmx, links
from deployments_ui.forms.people import PersonForm, StaffRoleForm
from deployments_ui.guards import require_recent_sign_in
from deployments_ui.labels.people import ROLE_NAMES
from deployments_ui.pagination import read_page
from portal.permissions import Role
from portal.services import customer_names
from portal.services.accounts import security
from portal.services.errors import Conflict, Invalid
from portal.services.people import directory, invitation_lists, person_changes
from portal.services.people.directory import PeopleList, PersonPage
from portal.services.people.person_changes import StaffRole

CONFIRM = "people/confirm.html"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The texts of a form that asks before it changes something."""

    title: str
    text: str
    button: str
    is_danger: bool = True
    obstacle: str = ""


@require_safe
def index(request: htmx.Request) -> HttpResponse:
    found = directory.list_people(
        by=request.person,
        search=request.GET.get("q", ""),
        role=request.GET.get("role", ""),
        slug=request.GET.get("customer", ""),
        page=read_page(request),
    )
    context = {
        "found": found,
        "roles": ROLE_NAMES.items(),
        "newer_url": list_url(found, page=found.page - 1) if found.page > 1 else "",
        "older_url": list_url(found, page=found.page + 1) if found.page < found.pages else "",
    }
    response = htmx.render(request, "people/list.html", context, part="people")
    return htmx.push_url(request, response, list_url(found, page=found.page))


@require_safe
def invitations(request: htmx.Request) -> HttpResponse:
    page, search = read_page(request), request.GET.get("q", "")
    found = invitation_lists.list_invitations(by=request.person, search=search, page=page, now=timezone.now())
    url = links.with_query(links.invitations(), [("q", found.search)] if found.search else [])
    turn = "&" if found.search else "?"
    context = {
        "found": found,
        "newer_url": f"{url}{turn}page={found.page - 1}" if found.page > 1 else "",
        "older_url": f"{url}{turn}page={found.page + 1}" if found.page < found.pages else "",
    }
    response = htmx.render(request, "people/invitations.html", context, part="invitations")
    return htmx.push_url(request, response, f"{url}{turn}page={found.page}" if found.page > 1 else url)


@require_safe
def show(request: htmx.Request, user_id: int) -> HttpResponse:
    page = directory.get_person_page(user_id, by=request.person)
    return htmx.render(request, "people/page.html", {"page": page, "person": page.person}, part="person")


@dialogs.allow_form_methods
@require_recent_sign_in
def role(request: htmx.Request, user_id: int) -> HttpResponse:
    """The role on the platform, and which customers a support person sees."""
    by = request.person
    page = directory.get_person_page(user_id, by=by)
    form = dialogs.bind(StaffRoleForm, request, **role_of(page))
    form.offer_tags(sorted({*directory.list_tags(by=by), *page.person.tags}))
    if form.is_valid():
        try:
            person_changes.change_staff_role(user_id, read_role(form), by=by, now=timezone.now())
        except Invalid as error:
            form.add_errors(error)
        except Conflict as error:
            form.add_error(None, error.for_people)
        else:
            return dialogs.redirect(request, links.person(user_id))
    context = {"page": {"obstacle": ""}, "person": page.person, "form": form, "form_url": links.person_role(user_id)}
    return dialogs.render_form(request, "people/role.html", context, part="change")


def role_of(page: PersonPage) -> dict[str, Any]:
    person = page.person
    is_support = person.staff is Role.SUPPORT
    return {
        "role": person.staff or "",
        "sees_all_customers": is_support and person.sees_all_customers,
        "tags": person.tags,
        "customers": "\n".join(page.slugs) if is_support else "",
    }


def read_role(form: StaffRoleForm) -> StaffRole:
    """Raises Invalid."""
    sent = form.cleaned_data
    return StaffRole(
        role=Role(sent["role"]) if sent["role"] else None,
        sees_all_customers=sent["sees_all_customers"],
        customers=customer_names.find_customers(sent["customers"]),
        tags=tuple(sent["tags"]),
    )


@dialogs.allow_form_methods
@require_recent_sign_in
def deactivation(request: htmx.Request, user_id: int) -> HttpResponse:
    page = directory.get_person_page(user_id, by=request.person)
    confirmation = Confirmation(
        title=_("Deactivate %(name)s?") % names(page),
        text=_("They are signed out and can’t sign in until you reactivate them. Links they shared stop working."),
        button=_("Deactivate"),
        obstacle=only_operator(page),
    )
    return change(
        request, page, confirmation, lambda: person_changes.deactivate(user_id, by=request.person, now=timezone.now())
    )


@dialogs.allow_form_methods
@require_recent_sign_in
def reactivation(request: htmx.Request, user_id: int) -> HttpResponse:
    page = directory.get_person_page(user_id, by=request.person)
    confirmation = Confirmation(
        title=_("Reactivate %(name)s?") % names(page),
        text=_("They can sign in again, with the role and customers they had. Links they shared stay revoked."),
        button=_("Reactivate"),
        is_danger=False,
    )
    return change(request, page, confirmation, lambda: person_changes.reactivate(user_id, by=request.person))


@dialogs.allow_form_methods
@require_recent_sign_in
def removal(request: htmx.Request, user_id: int) -> HttpResponse:
    page = directory.get_person_page(user_id, by=request.person)
    text = _("Their account is deleted and can’t be restored. Their name stays on what they did.")
    if page.comes_from_app:
        text += " " + _("They can sign in from your own app again. To prevent that, deactivate them.")
    confirmation = Confirmation(
        title=_("Remove %(name)s?") % names(page), text=text, button=_("Remove"), obstacle=only_operator(page)
    )
    return change(
        request,
        page,
        confirmation,
        lambda: person_changes.remove(user_id, by=request.person, now=timezone.now()),
        done_url=links.people(),
    )


@dialogs.allow_form_methods
@require_recent_sign_in
def sign_out(request: htmx.Request, user_id: int) -> HttpResponse:
    page = directory.get_person_page(user_id, by=request.person)
    confirmation = Confirmation(
        title=_("Sign out %(name)s everywhere?") % names(page),
        text=_("All their sessions end. They can sign in again with their password."),
        button=_("Sign out everywhere"),
    )

    def end_sessions() -> None:
        ended = person_changes.end_sessions(user_id, by=request.person)
        messages.success(request, ngettext("%(num)d session ended.", "%(num)d sessions ended.", ended) % {"num": ended})

    return change(request, page, confirmation, end_sessions)


@dialogs.allow_form_methods
@require_recent_sign_in
def second_factors(request: htmx.Request, user_id: int) -> HttpResponse:
    page = directory.get_person_page(user_id, by=request.person)
    confirmation = Confirmation(
        title=_("Remove the second factors of %(name)s?") % names(page),
        text=_(
            "For somebody who has lost them: make sure that it is this person who asks. App, passkeys and recovery "
            "codes are removed and all sessions end. They sign in with their password, and get a mail about it."
        ),
        button=_("Remove"),
    )
    return change(request, page, confirmation, lambda: security.remove_second_factors(user_id, by=request.person))


def change(
    request: htmx.Request,
    page: PersonPage,
    confirmation: Confirmation,
    make: Callable[[], None],
    *,
    done_url: str = "",
) -> HttpResponse:
    """Asks, and makes the change once it is confirmed."""
    form = dialogs.bind(PersonForm, request)
    back_url = links.person(page.person.id)
    if form.is_valid():
        try:
            make()
        except Conflict as error:
            form.add_error(None, error.for_people)
        else:
            return dialogs.redirect(request, done_url or back_url)
    context = {"page": confirmation, "form": form, "form_url": request.path, "back_url": back_url}
    return dialogs.render_form(request, CONFIRM, context, part="change")


def names(page: PersonPage) -> dict[str, str]:
    return {"name": page.person.name or page.person.email}


def only_operator(page: PersonPage) -> str:
    return _("This is the only operator. Make someone else an operator first.") if page.is_last_operator else ""


def list_url(found: PeopleList, *, page: int = 1) -> str:
    slug = found.customer.slug if found.customer else ""
    query = [("q", found.search), ("role", found.role), ("customer", slug), ("page", str(page) if page > 1 else "")]
    return links.with_query(links.people(), [(name, value) for name, value in query if value])
