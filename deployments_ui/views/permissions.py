"""What roles can do, and what owners may: for all customers, or for one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from deployments_ui import dialogs, htmx, links
from deployments_ui.forms.people import OwnerPermissionsForm
from deployments_ui.guards import require_recent_sign_in
from deployments_ui.labels.people import PERMISSIONS, ROLE_NAMES
from deployments_ui.tabs import list_customer_tabs, list_settings_tabs
from portal.services.errors import Invalid
from portal.services.people import owner_permissions


@dialogs.allow_form_methods
def show(request: htmx.Request, slug: str = "") -> HttpResponse:
    form = dialogs.bind(OwnerPermissionsForm, request)
    return change(request, form, slug) if form.is_valid() else show_form(request, form, slug)


@require_recent_sign_in
def change(request: htmx.Request, form: OwnerPermissionsForm, slug: str) -> HttpResponse:
    try:
        owner_permissions.change(form.list_choices(), by=request.person, slug=slug)
    except Invalid as error:
        form.add_errors(error)
        return show_form(request, form, slug)
    messages.success(request, _("The permissions were saved. They apply immediately."))
    return dialogs.redirect(request, url_of(slug))


def show_form(request: htmx.Request, form: OwnerPermissionsForm, slug: str) -> HttpResponse:
    matrix = owner_permissions.get_matrix(by=request.person, slug=slug)
    context = {
        "form": form,
        "form_url": url_of(slug),
        "matrix": matrix,
        "names": PERMISSIONS,
        "roles": list(ROLE_NAMES.items()),
    }
    if matrix.customer is not None:
        context["customer"] = matrix.customer
        context["tabs"] = list_customer_tabs(matrix.customer, current="settings")
        context["switch"] = list_settings_tabs(matrix.customer, current="permissions")
    return dialogs.render_form(request, "permissions/page.html", context, part="permissions")


def url_of(slug: str) -> str:
    return links.customer_permissions(slug) if slug else links.permissions()
