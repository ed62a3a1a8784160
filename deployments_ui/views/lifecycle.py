"""To create, rename and delete apps."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from deployments_ui import dialogs, htmx, links
from deployments_ui.forms.lifecycle import NameForm
from deployments_ui.guards import require_recent_sign_in
from portal.services.errors import Invalid
from portal.services.operations import deployments
from portal.services.operations.deployments import DeploymentDialog
from portal.services.operations.kinds.create import Create
from portal.services.operations.kinds.delete import Delete
from portal.services.operations.kinds.rename import Rename
from portal.services.operations.submit import DialogIds


@dialogs.allow_form_methods
def creation(request: htmx.Request, slug: str) -> HttpResponse:
    return change(request, DialogIds(slug), kind=Create.name, form_url=links.creation(slug))


@dialogs.allow_form_methods
def renaming(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    url = links.renaming(slug, deployment_id)
    return change(request, DialogIds(slug, deployment_id), kind=Rename.name, form_url=url)


@dialogs.allow_form_methods
@require_recent_sign_in
def deletion(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    url = links.deletion(slug, deployment_id)
    return change(request, DialogIds(slug, deployment_id), kind=Delete.name, form_url=url)


def change(request: htmx.Request, ids: DialogIds, *, kind: str, form_url: str) -> HttpResponse:
    by, now = request.person, timezone.now()
    form = dialogs.bind(NameForm, request)
    if form.is_valid():
        name, confirmation = form.cleaned_data["name"], form.confirmed()
        try:
            operation = deployments.submit(kind, ids, confirmation, name=name, by=by, now=now)
        except Invalid as error:
            form.add_errors(error)
        else:
            return dialogs.show_operation(request, operation)
    page = deployments.get_dialog(kind, ids, by=by, now=now)
    context = {**context_of(page, form), "form_url": form_url}
    return dialogs.render_form(request, "lifecycle/page.html", context, part="lifecycle")


def context_of(page: DeploymentDialog, form: NameForm) -> dict[str, Any]:
    slug, deployment = page.customer.slug, page.deployment
    app = deployment.name if deployment else ""
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
        "back_url": links.deployment(slug, deployment.id) if deployment else links.customer(slug),
    }
