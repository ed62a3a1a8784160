"""To create, rename and delete apps."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from deployments_ui import dialogs, htmx, links
from deployments_ui.forms import NameForm
from portal.services.errors import Invalid
from portal.services.operations import deployments
from portal.services.operations.deployments import DeploymentDialog
from portal.services.operations.kinds.create import Create
from portal.services.operations.kinds.delete import Delete
from portal.services.operations.kinds.rename import Rename
from portal.services.operations.submit import Target


@dialogs.allow_form_methods
def creation(request: htmx.Request, slug: str) -> HttpResponse:
    return change(request, Target(slug), kind=Create.name)


@dialogs.allow_form_methods
def renaming(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    return change(request, Target(slug, deployment_id), kind=Rename.name)


@dialogs.allow_form_methods
def deletion(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    return change(request, Target(slug, deployment_id), kind=Delete.name)


def change(request: htmx.Request, target: Target, *, kind: str) -> HttpResponse:
    by, now = request.person, timezone.now()
    form = dialogs.bind(NameForm, request)
    if form.is_valid():
        name, confirmation = form.cleaned_data["name"], form.confirmed()
        try:
            operation = deployments.submit(kind, target, confirmation, name=name, by=by, now=now)
        except Invalid as error:
            form.add_errors(error)
        else:
            return dialogs.show_operation(request, operation)
    page = deployments.get_dialog(kind, target, by=by, now=now)
    return dialogs.render_form(request, "lifecycle/page.html", context_of(page, form), part="lifecycle")


def context_of(page: DeploymentDialog, form: NameForm) -> dict[str, Any]:
    slug, deployment = page.customer.slug, page.deployment
    app_id, app = (deployment.id, deployment.name) if deployment else ("", "")
    names = {"app": app, "customer": page.customer.name}
    if not page.kind.deletes_deployment:
        form.initial.setdefault("name", app)
    return {
        "page": page,
        "form": form,
        "customer": page.customer,
        "deployment": deployment,
        "is_deletion": page.kind.deletes_deployment,
        "title": str(page.kind.title) % names,
        "button": str(page.kind.button) % names,
        "form_url": form_url(page.kind.name, slug, app_id),
        "back_url": links.deployment(slug, app_id) if app_id else links.customer(slug),
    }


def form_url(kind: str, slug: str, app_id: str) -> str:
    if kind == Create.name:
        return links.creation(slug)
    return links.deletion(slug, app_id) if kind == Delete.name else links.renaming(slug, app_id)
