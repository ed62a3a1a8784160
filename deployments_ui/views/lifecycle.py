"""Making, naming and deleting apps."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from deployments_ui import changing, links
from deployments_ui.changing import Typed
from deployments_ui.htmx import Request
from portal.services.operations import lifecycle
from portal.services.operations.kinds import Kind
from portal.services.operations.lifecycle import LifecycleForm

takes = require_http_methods(["GET", "HEAD", "POST"])


@takes
def creation(request: Request, slug: str) -> HttpResponse:
    return change(request, slug, "", kind=Kind.CREATE)


@takes
def renaming(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    return change(request, slug, deployment_id, kind=Kind.RENAME)


@takes
def deletion(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    return change(request, slug, deployment_id, kind=Kind.DELETE)


def change(request: Request, slug: str, deployment_id: str, *, kind: Kind) -> HttpResponse:
    wanted: dict[str, Any] = {"by": request.person, "slug": slug, "deployment_id": deployment_id}
    wanted |= {"kind": kind, "now": timezone.now()}
    name = request.POST.get("name", "")[: changing.LONGEST]
    return changing.take(
        request,
        template="lifecycle/page.html",
        part="lifecycle",
        draw=lambda typed: context_of(lifecycle.draw(**wanted), typed),
        do=lambda: lifecycle.do(**wanted, name=name, confirmed=changing.confirmed(request)),
    )


def context_of(form: LifecycleForm, typed: Typed) -> Mapping[str, Any]:
    slug, deployment = form.customer.slug, form.deployment
    names = {"app": deployment.name if deployment else "", "customer": form.customer.name}
    words = {
        Kind.CREATE: (_("New app for %(customer)s"), _("Create it")),
        Kind.DELETE: (_("Delete %(app)s of %(customer)s"), _("Delete %(app)s for good")),
        Kind.RENAME: (_("Rename %(app)s of %(customer)s"), _("Rename %(app)s")),
    }
    title, deed = words[form.kind]
    app = deployment.id if deployment else ""
    actions = {Kind.CREATE: links.creation(slug), Kind.DELETE: links.deletion(slug, app)}
    return {
        "form": form,
        "typed": typed,
        "customer": form.customer,
        "deployment": deployment,
        "is_deletion": form.kind is Kind.DELETE,
        "title": title % names,
        "deed": deed % names,
        "name": typed.values.get("name", names["app"] if form.kind is Kind.RENAME else ""),
        "action": actions.get(form.kind, links.renaming(slug, app)),
        "back_url": links.deployment(slug, app) if app else links.customer(slug),
    }
