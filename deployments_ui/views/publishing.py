"""To publish a sandbox: to an app, or as a new one."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments_ui import dialogs, htmx, links
from deployments_ui.forms.publishing import PublishForm
from portal.services.errors import Invalid
from portal.services.operations import publishing
from portal.services.operations.publishing import PublishDialog
from portal.services.operations.submit import DialogIds


@dialogs.allow_form_methods
def publication(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    return publish(request, DialogIds(slug, deployment_id))


@dialogs.allow_form_methods
def first_publication(request: htmx.Request, slug: str) -> HttpResponse:
    return publish(request, DialogIds(slug))


def publish(request: htmx.Request, ids: DialogIds) -> HttpResponse:
    by, now = request.person, timezone.now()
    form = dialogs.bind(PublishForm, request)
    if form.is_valid():
        try:
            operation = publishing.submit(ids, form.publication(), by=by, now=now)
        except Invalid as error:
            form.add_errors(error)
        else:
            return dialogs.show_operation(request, operation)
    page = publishing.get_dialog(ids, again=request.GET.get("again", ""), by=by, now=now)
    return dialogs.render_form(request, "publishing/page.html", context_of(page, form), part="publication")


def context_of(page: PublishDialog, form: PublishForm) -> dict[str, Any]:
    slug, deployment = page.customer.slug, page.deployment
    form.initial = {**page.defaults, **form.initial}
    context = {"page": page, "form": form, "customer": page.customer, "deployment": deployment}
    if deployment is None:
        return context | {
            "title": _("Publish a new app for %(customer)s") % {"customer": page.customer.name},
            "button": _("Publish new app"),
            "form_url": links.first_publication(slug),
            "back_url": links.customer(slug),
        }
    names = {"app": deployment.name, "customer": page.customer.name}
    return context | {
        "title": str(page.kind.title) % names,
        "button": str(page.kind.button) % names,
        "form_url": links.publication(slug, deployment.id),
        "back_url": links.deployment(slug, deployment.id),
    }
