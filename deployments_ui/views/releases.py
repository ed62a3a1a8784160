"""To change what is live: roll back, promote, redeploy, stop; and to keep a rollback."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import dialogs, errors, formats, htmx, links
from deployments_ui.forms.base import ConfirmForm
from deployments_ui.labels import facts
from portal.services.errors import Invalid
from portal.services.operations import deployments, releases
from portal.services.operations.deployments import DeploymentDialog
from portal.services.operations.kinds.promote import Promote
from portal.services.operations.kinds.redeploy import Redeploy
from portal.services.operations.kinds.rollback import RollBack
from portal.services.operations.kinds.stop import Stop
from portal.services.operations.releases import ReleaseDialog
from portal.services.operations.submit import DialogIds
from portal.services.queries.differences import Difference

RUNTIME_FACTS = frozenset({"command", "health_path", "image", "port"})
SHOWN_FACTS = RUNTIME_FACTS | {"entrypoint", "files", "kind", "total_bytes"}
MAX_FACT_LENGTH = 40


@dialogs.allow_form_methods
def rollback(request: htmx.Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    return make_live(request, DialogIds(slug, deployment_id, version_id), kind=RollBack.name)


@dialogs.allow_form_methods
def promotion(request: htmx.Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    return make_live(request, DialogIds(slug, deployment_id, version_id), kind=Promote.name)


@dialogs.allow_form_methods
def redeployment(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    return change(request, DialogIds(slug, deployment_id), kind=Redeploy.name, template="releases/redeployment.html")


@dialogs.allow_form_methods
def stop(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    return change(request, DialogIds(slug, deployment_id), kind=Stop.name, template="releases/stop.html")


@require_safe
def last_good(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    """The form for the version to go back to; another one can be chosen there."""
    version_id = releases.find_rollback_target(DialogIds(slug, deployment_id), by=request.person, now=timezone.now())
    if not version_id:
        return errors.show(
            request,
            404,
            title=_("Nothing to roll back to"),
            text=_("This app has no earlier version that could go live again."),
            advice=_("Publish a corrected version instead."),
        )
    if htmx.wants_part(request):
        return make_live(request, DialogIds(slug, deployment_id, version_id), kind=RollBack.name)
    return dialogs.SeeOther(links.rollback(slug, deployment_id, version_id))


@require_POST
def keeping(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    """Keep a rollback, or with `taken_back` show its notice again."""
    ids, live_id = DialogIds(slug, deployment_id), request.POST.get("live", "")
    is_kept = "taken_back" not in request.POST
    page = releases.keep_rollback(ids, live_id, is_kept=is_kept, by=request.person, now=timezone.now())
    if not htmx.wants_part(request):
        is_from_home = request.POST.get("back") == "home"
        return dialogs.SeeOther(links.home() if is_from_home else links.deployment(slug, deployment_id))
    context = {"customer": page.customer, "deployment": page.deployment, "has_focus": True}
    return htmx.render_parts(request, "deployments/layout.html", context, "rollback")


def make_live(request: htmx.Request, ids: DialogIds, *, kind: str) -> HttpResponse:
    by, now = request.person, timezone.now()
    form = dialogs.bind(ConfirmForm, request)
    if form.is_valid():
        try:
            operation = releases.submit(kind, ids, form.confirmed(), by=by, now=now)
        except Invalid as error:
            form.add_errors(error)
        else:
            return dialogs.show_operation(request, operation)
    page = releases.get_dialog(kind, ids, by=by, now=now)
    form_url = links.by_name(page.kind.form_route, ids.slug, ids.deployment_id, ids.version_id)
    context = release_context(page, form, form_url=form_url)
    return dialogs.render_form(request, "releases/page.html", context, part="release")


def change(request: htmx.Request, ids: DialogIds, *, kind: str, template: str) -> HttpResponse:
    by, now = request.person, timezone.now()
    form = dialogs.bind(ConfirmForm, request)
    if form.is_valid():
        try:
            operation = deployments.submit(kind, ids, form.confirmed(), by=by, now=now)
        except Invalid as error:
            form.add_errors(error)
        else:
            return dialogs.show_operation(request, operation)
    page = deployments.get_dialog(kind, ids, by=by, now=now)
    return dialogs.render_form(request, template, change_context(page, form), part="change")


def release_context(page: ReleaseDialog, form: ConfirmForm, *, form_url: str) -> dict[str, Any]:
    slug, deployment, live, target = page.customer.slug, page.deployment, page.live, page.target
    names = {"app": deployment.name, "customer": page.customer.name, "number": formats.version_number(target)}
    return {
        "page": page,
        "form": form,
        "customer": page.customer,
        "deployment": deployment,
        "title": str(page.kind.title) % names,
        "button": str(page.kind.button) % names,
        "changes": describe_changes(page) if live else "",
        "compare_url": links.compare(slug, deployment.id, live.id, target.id) if live else "",
        "form_url": form_url,
        "back_url": links.deployment(slug, deployment.id),
    }


def describe_changes(page: ReleaseDialog) -> str:
    """Files 42 → 40 · Size 184 KB → 179 KB · same runtime"""
    if page.same_artifact:
        return _("Nothing that visitors see: both versions have the same artifact.")
    texts = [describe_change(each) for each in page.changes if each.name in SHOWN_FACTS]
    if not any(each.name in RUNTIME_FACTS for each in page.changes):
        texts.append(_("same runtime"))
    return " · ".join(filter(None, texts))


def describe_change(difference: Difference) -> str:
    """Empty where both sides read the same."""
    fact = facts.fact(difference)
    left = facts.fact_value(difference.left, difference.name) or "—"
    right = facts.fact_value(difference.right, difference.name) or "—"
    if len(left) > MAX_FACT_LENGTH or len(right) > MAX_FACT_LENGTH:
        return _("%(fact)s differs") % {"fact": fact}
    return f"{fact} {left} → {right}" if left != right else ""


def change_context(page: DeploymentDialog, form: ConfirmForm) -> dict[str, Any]:
    if page.deployment is None:
        raise TypeError("this dialog is about an app that exists")
    slug, deployment = page.customer.slug, page.deployment
    names = {"app": deployment.name, "customer": page.customer.name}
    return {
        "page": page,
        "form": form,
        "customer": page.customer,
        "deployment": deployment,
        "title": str(page.kind.title) % names,
        "button": str(page.kind.button) % names,
        "form_url": links.by_name(page.kind.form_route, slug, deployment.id),
        "back_url": links.deployment(slug, deployment.id),
    }
