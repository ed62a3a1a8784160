"""Changing what is live: roll back, promote, deploy again, stop; and keeping a rollback."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from deployments_ui import changing, errors, links
from deployments_ui.changing import SeeOther, Typed
from deployments_ui.drawing import releases as drawing
from deployments_ui.htmx import Request, wants_part
from deployments_ui.states import name_of
from portal.services.operations import deployments, releases
from portal.services.operations.deployments import DeploymentDialog
from portal.services.operations.kinds.promote import Promote
from portal.services.operations.kinds.redeploy import Redeploy
from portal.services.operations.kinds.rollback import RollBack
from portal.services.operations.kinds.stop import Stop
from portal.services.operations.releases import ReleaseDialog
from portal.services.operations.submit import Target

takes = require_http_methods(["GET", "HEAD", "POST"])


@takes
def rollback(request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    return release(request, slug, deployment_id, version_id, kind=RollBack.name)


@takes
def promotion(request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    return release(request, slug, deployment_id, version_id, kind=Promote.name)


def release(request: Request, slug: str, deployment_id: str, version_id: str, *, kind: str) -> HttpResponse:
    target = Target(slug, deployment_id, version_id)
    who: dict[str, Any] = {"by": request.person, "now": timezone.now()}
    return changing.take(
        request,
        template="releases/page.html",
        part="release",
        draw=lambda typed: release_context(releases.get_dialog(kind, target, **who), typed),
        do=lambda: releases.submit(kind, target, changing.confirmed(request), **who),
    )


@require_safe
def last_good(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    """To the form for the version to go back to; there, another one can be picked."""
    version_id = releases.find_rollback_target(Target(slug, deployment_id), by=request.person, now=timezone.now())
    if not version_id:
        return errors.show(
            request,
            404,
            text=_("There is no earlier version of this app that could go live again."),
            advice=_("Publish a corrected version instead."),
        )
    if wants_part(request):
        return release(request, slug, deployment_id, version_id, kind=RollBack.name)
    return SeeOther(links.rollback(slug, deployment_id, version_id))


@require_POST
def keeping(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    target, live_id = Target(slug, deployment_id), request.POST.get("live", "")
    releases.keep_rollback(target, live_id, by=request.person, now=timezone.now())
    if wants_part(request):
        return HttpResponse("")
    return SeeOther(links.deployment(slug, deployment_id))


@takes
def redeployment(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    return simple(request, slug, deployment_id, kind=Redeploy.name)


@takes
def stop(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    return simple(request, slug, deployment_id, kind=Stop.name)


def simple(request: Request, slug: str, deployment_id: str, *, kind: str) -> HttpResponse:
    target = Target(slug, deployment_id)
    who: dict[str, Any] = {"by": request.person, "now": timezone.now()}
    return changing.take(
        request,
        template="releases/simple.html",
        part="change",
        draw=lambda typed: simple_context(deployments.get_dialog(kind, target, **who), typed),
        do=lambda: deployments.submit(kind, target, changing.confirmed(request), **who),
    )


def release_context(form: ReleaseDialog, typed: Typed) -> Mapping[str, Any]:
    slug, deployment, live = form.customer.slug, form.deployment, form.live
    names = {
        "app": deployment.name,
        "customer": form.customer.name,
        "number": name_of(form.target.number, form.target.id),
    }
    is_back = form.kind.goes_back
    return {
        "form": form,
        "typed": typed,
        "customer": form.customer,
        "deployment": deployment,
        "is_back": is_back,
        "title": str(form.kind.title) % names,
        "deed": str(form.kind.button) % names,
        "number": names["number"],
        "choices": drawing.choices(form),
        "is_last_good": drawing.is_last_good(form),
        "changes": drawing.changes(form),
        "compare_url": links.compare(slug, deployment.id, live.id, form.target.id) if live else "",
        "action": drawing.url_of(form, form.target.id),
        "back_url": links.deployment(slug, deployment.id),
    }


def simple_context(form: DeploymentDialog, typed: Typed) -> Mapping[str, Any]:
    slug, deployment = form.customer.slug, form.deployment
    if deployment is None:
        raise TypeError("of an app that exists")
    names = {"app": deployment.name, "customer": form.customer.name}
    is_stop = form.kind.name == Stop.name
    return {
        "form": form,
        "typed": typed,
        "customer": form.customer,
        "deployment": deployment,
        "is_stop": is_stop,
        "title": str(form.kind.title) % names,
        "deed": str(form.kind.button) % names,
        "action": (links.stop if is_stop else links.redeployment)(slug, deployment.id),
        "back_url": links.deployment(slug, deployment.id),
    }
