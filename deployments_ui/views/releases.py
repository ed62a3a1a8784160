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
from portal.services.operations import releases
from portal.services.operations.kinds import Kind
from portal.services.operations.releases import ReleaseForm, SimpleForm
from portal.services.queries import rollbacks

takes = require_http_methods(["GET", "HEAD", "POST"])


@takes
def rollback(request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    return release(request, slug, deployment_id, version_id, kind=Kind.ROLL_BACK)


@takes
def promotion(request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    return release(request, slug, deployment_id, version_id, kind=Kind.PROMOTE)


def release(request: Request, slug: str, deployment_id: str, version_id: str, *, kind: Kind) -> HttpResponse:
    target = {"by": request.person, "slug": slug, "deployment_id": deployment_id, "version_id": version_id}
    wanted: dict[str, Any] = {**target, "kind": kind, "now": timezone.now()}
    return changing.take(
        request,
        template="releases/page.html",
        part="release",
        draw=lambda typed: release_context(releases.draw_release(**wanted), typed),
        do=lambda: releases.release(**wanted, confirmed=changing.confirmed(request)),
    )


@require_safe
def last_good(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    """To the form for the version to go back to; there, another one can be picked."""
    version_id = releases.find_rollback_target(
        by=request.person, slug=slug, deployment_id=deployment_id, now=timezone.now()
    )
    if not version_id:
        return errors.show(
            request,
            404,
            text=_("There is no earlier version of this app that could go live again."),
            advice=_("Publish a corrected version instead."),
        )
    if wants_part(request):
        return release(request, slug, deployment_id, version_id, kind=Kind.ROLL_BACK)
    return SeeOther(links.rollback(slug, deployment_id, version_id))


@require_POST
def keeping(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    rollbacks.keep(
        by=request.person,
        slug=slug,
        deployment_id=deployment_id,
        live_id=request.POST.get("live", ""),
        now=timezone.now(),
    )
    if wants_part(request):
        return HttpResponse("")
    return SeeOther(links.deployment(slug, deployment_id))


@takes
def redeployment(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    return simple(request, slug, deployment_id, kind=Kind.REDEPLOY)


@takes
def stop(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    return simple(request, slug, deployment_id, kind=Kind.STOP)


def simple(request: Request, slug: str, deployment_id: str, *, kind: Kind) -> HttpResponse:
    wanted: dict[str, Any] = {"by": request.person, "slug": slug, "deployment_id": deployment_id}
    wanted |= {"kind": kind, "now": timezone.now()}
    return changing.take(
        request,
        template="releases/simple.html",
        part="change",
        draw=lambda typed: simple_context(releases.draw_simple(**wanted), typed),
        do=lambda: releases.do_simple(**wanted, confirmed=changing.confirmed(request)),
    )


def release_context(form: ReleaseForm, typed: Typed) -> Mapping[str, Any]:
    slug, deployment, live = form.customer.slug, form.deployment, form.live
    names = {
        "app": deployment.name,
        "customer": form.customer.name,
        "number": name_of(form.target.number, form.target.id),
    }
    is_back = form.kind is Kind.ROLL_BACK
    return {
        "form": form,
        "typed": typed,
        "customer": form.customer,
        "deployment": deployment,
        "is_back": is_back,
        "title": (_("Roll back %(app)s of %(customer)s") if is_back else _("Promote %(app)s of %(customer)s")) % names,
        "deed": (_("Roll back %(app)s to %(number)s") if is_back else _("Promote %(app)s to %(number)s")) % names,
        "number": names["number"],
        "choices": drawing.choices(form),
        "is_last_good": drawing.is_last_good(form),
        "changes": drawing.changes(form),
        "compare_url": links.compare(slug, deployment.id, live.id, form.target.id) if live else "",
        "action": drawing.url_of(form.kind, slug, deployment.id, form.target.id),
        "back_url": links.deployment(slug, deployment.id),
    }


def simple_context(form: SimpleForm, typed: Typed) -> Mapping[str, Any]:
    slug, deployment = form.customer.slug, form.deployment
    names = {"app": deployment.name, "customer": form.customer.name}
    is_stop = form.kind is Kind.STOP
    return {
        "form": form,
        "typed": typed,
        "customer": form.customer,
        "deployment": deployment,
        "is_stop": is_stop,
        "title": (_("Stop %(app)s of %(customer)s") if is_stop else _("Deploy %(app)s of %(customer)s again")) % names,
        "deed": (_("Stop %(app)s") if is_stop else _("Deploy %(app)s again")) % names,
        "action": (links.stop if is_stop else links.redeployment)(slug, deployment.id),
        "back_url": links.deployment(slug, deployment.id),
    }
