"""Making, naming and deleting apps."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from deployments_ui import changing, links
from deployments_ui.changing import Typed
from deployments_ui.parts import Request
from portal.services.operations import deployments
from portal.services.operations.deployments import DeploymentDialog
from portal.services.operations.kinds.create import Create
from portal.services.operations.kinds.delete import Delete
from portal.services.operations.kinds.rename import Rename
from portal.services.operations.submit import Target

takes = require_http_methods(["GET", "HEAD", "POST"])


@takes
def creation(request: Request, slug: str) -> HttpResponse:
    return change(request, slug, "", kind=Create.name)


@takes
def renaming(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    return change(request, slug, deployment_id, kind=Rename.name)


@takes
def deletion(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    return change(request, slug, deployment_id, kind=Delete.name)


def change(request: Request, slug: str, deployment_id: str, *, kind: str) -> HttpResponse:
    target = Target(slug, deployment_id)
    who: dict[str, Any] = {"by": request.person, "now": timezone.now()}
    name = request.POST.get("name", "")[: changing.LONGEST]
    return changing.take(
        request,
        template="lifecycle/page.html",
        part="lifecycle",
        draw=lambda typed: context_of(deployments.get_dialog(kind, target, **who), typed),
        do=lambda: deployments.submit(kind, target, changing.confirmed(request), name=name, **who),
    )


def context_of(form: DeploymentDialog, typed: Typed) -> Mapping[str, Any]:
    slug, deployment = form.customer.slug, form.deployment
    names = {"app": deployment.name if deployment else "", "customer": form.customer.name}
    app = deployment.id if deployment else ""
    actions = {Create.name: links.creation(slug), Delete.name: links.deletion(slug, app)}
    return {
        "form": form,
        "typed": typed,
        "customer": form.customer,
        "deployment": deployment,
        "is_deletion": form.kind.deletes_deployment,
        "title": str(form.kind.title) % names,
        "deed": str(form.kind.button) % names,
        "name": typed.values.get("name", names["app"] if form.kind.name == Rename.name else ""),
        "action": actions.get(form.kind.name, links.renaming(slug, app)),
        "back_url": links.deployment(slug, app) if app else links.customer(slug),
    }
