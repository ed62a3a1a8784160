"""To create, rename and delete apps."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments_ui import dialogs, htmx, links
from deployments_ui.forms import NameForm
from portal.services.errors import Invalid
from portal.services.operations import lifecycle
from portal.services.operations.kinds import Kind
from portal.services.operations.lifecycle import LifecycleForm


@dialogs.allow_form_methods
def creation(request: htmx.Request, slug: str) -> HttpResponse:
    return change(request, slug, "", kind=Kind.CREATE)


@dialogs.allow_form_methods
def renaming(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    return change(request, slug, deployment_id, kind=Kind.RENAME)


@dialogs.allow_form_methods
def deletion(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    return change(request, slug, deployment_id, kind=Kind.DELETE)


def change(request: htmx.Request, slug: str, deployment_id: str, *, kind: Kind) -> HttpResponse:
    by, now = request.person, timezone.now()
    form = dialogs.bind(NameForm, request)
    if form.is_valid():
        try:
            operation = lifecycle.do(
                by=by,
                slug=slug,
                deployment_id=deployment_id,
                kind=kind,
                name=form.cleaned_data["name"],
                confirmed=form.confirmed(),
                now=now,
            )
        except Invalid as error:
            form.add_errors(error)
        else:
            return dialogs.show_operation(request, operation)
    page = lifecycle.draw(by=by, slug=slug, deployment_id=deployment_id, kind=kind, now=now)
    return dialogs.render_form(request, "lifecycle/page.html", context_of(page, form), part="lifecycle")


def context_of(page: LifecycleForm, form: NameForm) -> dict[str, Any]:
    slug, deployment = page.customer.slug, page.deployment
    app_id, app = (deployment.id, deployment.name) if deployment else ("", "")
    names = {"app": app, "customer": page.customer.name}
    texts = {
        Kind.CREATE: (_("New app for %(customer)s"), _("Create app"), links.creation(slug)),
        Kind.DELETE: (_("Delete %(app)s of %(customer)s"), _("Delete %(app)s"), links.deletion(slug, app_id)),
        Kind.RENAME: (_("Rename %(app)s of %(customer)s"), _("Rename %(app)s"), links.renaming(slug, app_id)),
    }
    title, button, form_url = texts[page.kind]
    if page.kind is Kind.RENAME:
        form.initial.setdefault("name", app)
    return {
        "page": page,
        "form": form,
        "customer": page.customer,
        "deployment": deployment,
        "is_deletion": page.kind is Kind.DELETE,
        "title": title % names,
        "button": button % names,
        "form_url": form_url,
        "back_url": links.deployment(slug, app_id) if app_id else links.customer(slug),
    }
