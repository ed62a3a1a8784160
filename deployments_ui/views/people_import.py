"""Inviting many people at once: paste, check, confirm."""

from __future__ import annotations

from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from deployments_ui import dialogs, htmx, links
from deployments_ui.forms.people import ImportForm, ImportSendingForm
from deployments_ui.guards import require_recent_sign_in
from portal.permissions import Permission
from portal.services.authorization import require_platform_permission
from portal.services.errors import Invalid
from portal.services.people import people_import
from portal.services.people.people_import import Review


@dialogs.allow_form_methods
@require_recent_sign_in
def check(request: htmx.Request) -> HttpResponse:
    """The form, and with what was pasted in it what would be sent."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=request.person)
    form = dialogs.bind(ImportForm, request)
    if form.is_valid():
        try:
            review = people_import.review(form.cleaned_data["text"], by=request.person)
        except Invalid as error:
            form.add_errors(error)
        else:
            return show(request, form, review)
    return show(request, form, None)


@require_POST
@require_recent_sign_in
@sensitive_variables()
def send(request: htmx.Request) -> HttpResponse:
    by, form = request.person, dialogs.bind(ImportSendingForm, request)
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    if not form.is_valid() or form.cleaned_data["key"] is None:
        return show(request, form, None)
    text, key = form.cleaned_data["text"], form.cleaned_data["key"]
    try:
        sent = people_import.send(text, key=key, by=by, now=timezone.now())
    except Invalid as error:
        form.add_errors(error)
        return show(request, form, None)
    message = ngettext("%(num)d invitation is being sent.", "%(num)d invitations are being sent.", sent)
    messages.success(request, message % {"num": sent})
    return dialogs.redirect(request, links.invitations())


def show(request: htmx.Request, form: ImportForm, review: Review | None) -> HttpResponse:
    context = {"form": form, "review": review, "key": uuid4(), "most": people_import.MOST_LINES}
    return htmx.vary(render(request, "people/import.html", context, status=422 if form.errors else 200))
