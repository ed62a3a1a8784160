"""A sandbox goes out: into an app that is there, or as a new one."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from deployments_ui import changing, links, states
from deployments_ui.changing import Typed
from deployments_ui.htmx import Request
from portal.services.operations import publishing
from portal.services.operations.publishing import Publication, PublishDialog
from portal.services.operations.submit import Target

takes = require_http_methods(["GET", "HEAD", "POST"])
TEXTS = (
    *("sandbox_id", "name", "kind", "output_path", "build_command", "run_command", "port"),
    *("health_check_path", "data_services"),
)


@takes
def publication(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    return publish(request, slug, deployment_id)


@takes
def first_publication(request: Request, slug: str) -> HttpResponse:
    return publish(request, slug, "")


def publish(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    target = Target(slug, deployment_id)
    who: dict[str, Any] = {"by": request.person, "now": timezone.now()}
    return changing.take(
        request,
        template="publishing/page.html",
        part="publication",
        draw=lambda typed: context_of(publishing.get_dialog(target, **who), typed),
        do=lambda: publishing.submit(target, read(request), **who),
    )


def read(request: Request) -> Publication:
    sent = request.POST
    texts = {name: sent.get(name, "")[: changing.LONGEST] for name in TEXTS}
    return Publication(
        confirmation=changing.confirmed(request),
        **{**texts, "kind": texts["kind"] or "auto"},
        go_live=sent.get("then", "live") == "live",
        over_rollback=bool(sent.get("over_rollback")),
    )


def context_of(form: PublishDialog, typed: Typed) -> Mapping[str, Any]:
    slug, deployment = form.customer.slug, form.deployment
    if deployment is None:
        title = _("Publish a new app of %(customer)s") % {"customer": form.customer.name}
        deed, action, back_url = _("Publish the new app"), links.first_publication(slug), links.customer(slug)
    else:
        names = {"app": deployment.name, "customer": form.customer.name}
        title, deed = _("Publish %(app)s of %(customer)s") % names, _("Publish to %(app)s") % names
        action, back_url = links.publication(slug, deployment.id), links.deployment(slug, deployment.id)
    words = {"auto": _("automatic"), "dynamic": states.kind("dynamic"), "static": states.kind("static")}
    return {
        "form": form,
        "typed": typed,
        "customer": form.customer,
        "deployment": deployment,
        "title": title,
        "deed": deed,
        "action": action,
        "back_url": back_url,
        "kinds": [(kind, words.get(kind, kind)) for kind in form.kinds],
        "kind": typed.values.get("kind", "auto"),
        "sandbox_id": typed.values.get("sandbox_id") or (form.sandboxes[0].id if form.sandboxes else ""),
        "then": typed.values.get("then", "live"),
        "environment": typed.values.get("environment") or form.environments[0],
    }
