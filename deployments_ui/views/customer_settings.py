"""Name, logo and tags of a customer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from deployments_ui import dialogs, links
from deployments_ui.forms.customer import CustomerForm
from deployments_ui.htmx import Request
from deployments_ui.tabs import list_customer_tabs, list_settings_tabs
from deployments_ui.uploads import read_image, takes_files
from portal.services import customer_settings
from portal.services.errors import Invalid


@takes_files
@dialogs.allow_form_methods
def show(request: Request, slug: str) -> HttpResponse:
    by = request.person
    stored = customer_settings.get_settings(slug, by=by)
    initial = {"display_name": stored.display_name, "tags": ", ".join(stored.tags)}
    form = CustomerForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        name, tags = form.cleaned_data["display_name"], form.cleaned_data["tags"]
        try:
            customer_settings.save(slug, display_name=name, tags=tags, logo=read_image(request, "logo"), by=by)
        except Invalid as error:
            form.add_errors(error)
        else:
            messages.success(request, _("Saved."))
            return dialogs.SeeOther(links.customer_settings(slug))
    context = {
        "stored": stored,
        "customer": stored.customer,
        "form": form,
        "tabs": list_customer_tabs(stored.customer, current="settings"),
        "switch": list_settings_tabs(stored.customer, current="brand"),
    }
    return render(request, "customers/settings.html", context, status=422 if form.is_bound else 200)


@require_safe
def logo(request: Request, slug: str) -> HttpResponse:
    """Only for people of this customer, so no cache keeps it."""
    return HttpResponse(customer_settings.get_logo(slug, by=request.person), content_type="image/png")
