"""Env vars: their names, and the forms to set some, to review what was typed before it is sent, and to delete one."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import dialogs, htmx, links
from deployments_ui.forms.base import ConfirmForm, DialogForm
from deployments_ui.forms.env_vars import EnvVarsForm, ReviewForm
from deployments_ui.freshness import Freshness
from deployments_ui.guards import require_recent_sign_in
from deployments_ui.tabs import list_tabs
from portal.permissions import Person
from portal.services.env_vars import drafts, pages, reviews, submit
from portal.services.env_vars.pages import DeleteForm, EnvVarsPage, SetForm
from portal.services.env_vars.reviews import Review
from portal.services.errors import Invalid

# What a link to the form to set env vars can fill in.
PREFILLED = ("environment", "many", "name")
# The button of the form on the list of env vars.
SET_BUTTON = "env-set"


@require_safe
def show(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    found = pages.get_env_vars(
        by=request.person,
        slug=slug,
        deployment_id=deployment_id,
        environment=request.GET.get("environment", "")[:60],
        search=request.GET.get("search", "").strip()[:100],
        now=timezone.now(),
    )
    oob = ("env_notices", "answer", "actions", "rollback", *htmx.LAYOUT_PARTS)
    context = page_context(found, by=request.person)
    return htmx.render(request, "env_vars/page.html", context, part="env_vars", oob=oob)


@dialogs.allow_form_methods
@sensitive_post_parameters("name", "value", "pasted")
@require_recent_sign_in
def setting(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    """What was typed is stored as an encrypted draft and sent to no page again: after an error its fields are empty."""
    by, now = request.person, timezone.now()
    form = dialogs.bind(EnvVarsForm, request, **{name: request.GET.get(name, "") for name in PREFILLED})
    if form.is_valid():
        try:
            key = drafts.create_draft(by=by, slug=slug, deployment_id=deployment_id, typed=form.typed_values(), now=now)
        except Invalid as error:
            form.add_errors(error)
        else:
            return show_review(request, slug, deployment_id, key, ReviewForm())
    page = pages.get_set_form(by=by, slug=slug, deployment_id=deployment_id, now=now)
    context = form_context(page, form) | {"environment": form["environment"].value()}
    return dialogs.render_form(request, "env_vars/set.html", context, part="setting", oob=list_emptied(request))


@dialogs.allow_form_methods
@require_recent_sign_in
def review(request: htmx.Request, slug: str, deployment_id: str, key: UUID) -> HttpResponse:
    """The draft, without values. A POST gives its lines other names."""
    form = ReviewForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            drafts.rename_lines(
                by=request.person,
                slug=slug,
                deployment_id=deployment_id,
                key=key,
                renamed=form.renamed,
                now=timezone.now(),
            )
        except Invalid as error:
            form.add_errors(error)
        else:
            form = ReviewForm(initial=request.POST.dict())
    return show_review(request, slug, deployment_id, key, form)


@require_POST
@require_recent_sign_in
def application(request: htmx.Request, slug: str, deployment_id: str, key: UUID) -> HttpResponse:
    """Names that were changed since the last review are reviewed again, and nothing is sent."""
    if ReviewForm(request.POST).renamed:
        return review(request, slug, deployment_id, key)
    form = dialogs.bind(ReviewForm, request)
    if form.is_valid():
        try:
            operation = submit.apply_draft(
                by=request.person,
                slug=slug,
                deployment_id=deployment_id,
                key=key,
                confirmation=form.confirmed(),
                lines_confirmed=form.cleaned_data["lines_confirmed"],
                now=timezone.now(),
            )
        except Invalid as error:
            form.add_errors(error)
        else:
            return dialogs.show_operation(request, operation)
    return show_review(request, slug, deployment_id, key, form)


@require_POST
def discard(request: htmx.Request, slug: str, deployment_id: str, key: UUID) -> HttpResponse:
    drafts.discard_draft(by=request.person, slug=slug, deployment_id=deployment_id, key=key, now=timezone.now())
    return dialogs.redirect(request, links.env(slug, deployment_id))


@dialogs.allow_form_methods
@require_recent_sign_in
def deletion(request: htmx.Request, slug: str, deployment_id: str, name: str) -> HttpResponse:
    by, now = request.person, timezone.now()
    form = dialogs.bind(ConfirmForm, request)
    if form.is_valid():
        try:
            operation = submit.delete_env_var(
                by=by, slug=slug, deployment_id=deployment_id, name=name, confirmation=form.confirmed(), now=now
            )
        except Invalid as error:
            form.add_errors(error)
        else:
            return dialogs.show_operation(request, operation)
    page = pages.get_delete_form(by=by, slug=slug, deployment_id=deployment_id, name=name, now=now)
    return dialogs.render_form(request, "env_vars/delete.html", form_context(page, form), part="deletion")


def show_review(request: htmx.Request, slug: str, deployment_id: str, key: UUID, form: ReviewForm) -> HttpResponse:
    page = reviews.get_review(by=request.person, slug=slug, deployment_id=deployment_id, key=key, now=timezone.now())
    context = form_context(page, form) | {"environment": page.environment}
    url = links.env_review(slug, deployment_id, key)
    return dialogs.render_form(
        request, "env_vars/review.html", context, part="review", oob=list_emptied(request), url=url
    )


def list_emptied(request: htmx.Request) -> tuple[str, ...]:
    """The form on the list, if it was sent: the dialog takes over, and the page behind it shows no value any longer."""
    return ("new_env_var",) if request.htmx.trigger == SET_BUTTON else ()


def page_context(found: EnvVarsPage, *, by: Person) -> dict[str, Any]:
    return {
        "customer": found.customer,
        "deployment": found.deployment,
        "found": found,
        "environment": found.environment,
        "freshness": Freshness(found.age),
        "tabs": list_tabs(found.customer, found.deployment, by=by, current="env"),
    }


def form_context(page: SetForm | Review | DeleteForm, form: DialogForm) -> dict[str, Any]:
    return {"customer": page.customer, "deployment": page.deployment, "page": page, "form": form}
