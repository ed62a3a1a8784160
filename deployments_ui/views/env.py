"""Env vars: their names, setting some, looking at what was typed before it is applied, deleting one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from deployments_ui import changing, links
from deployments_ui.changing import Typed
from deployments_ui.htmx import Request, answer
from portal.services.env_vars import deletion as env_deletion
from portal.services.env_vars import dotenv, drafts, pages
from portal.services.env_vars.drafts import TypedValues
from portal.services.env_vars.pages import DeleteForm, EnvVarsPage, Review
from portal.services.errors import Invalid

takes = require_http_methods(["GET", "HEAD", "POST"])
RENAME = "rename-"


@require_safe
def show(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    found = pages.get_env_vars(
        by=request.person,
        slug=slug,
        deployment_id=deployment_id,
        environment=request.GET.get("environment", "")[:60],
        now=timezone.now(),
    )
    return answer(request, "env/page.html", page_context(found), part="env")


@sensitive_post_parameters("name", "value", "pasted")
@takes
def setting(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    """What is typed goes into the sealed draft and nowhere else: after an error those fields are empty again."""
    wanted: dict[str, Any] = {"by": request.person, "slug": slug, "deployment_id": deployment_id}
    wanted |= {"now": timezone.now()}
    if request.method != "POST":
        return set_form(request, Typed({"environment": request.GET.get("environment", "")[:60]}), wanted)
    try:
        key = drafts.create_draft(**wanted, typed=typed_values(request))
    except Invalid as error:
        return set_form(request, Typed(kept_values(request), error.fields), wanted, status=422)
    return reviewed(request, pages.get_review(**wanted, key=key), Typed())


@takes
def review(request: Request, slug: str, deployment_id: str, key: UUID) -> HttpResponse:
    wanted: dict[str, Any] = {"by": request.person, "slug": slug, "deployment_id": deployment_id, "key": key}
    wanted["now"] = timezone.now()
    if request.method != "POST":
        return reviewed(request, pages.get_review(**wanted), Typed())
    problems: Mapping[str, str] = {}
    try:
        drafts.rename_lines(**wanted, renamed=renamed(request))
    except Invalid as error:
        problems = error.fields
    found = pages.get_review(**wanted)
    return reviewed(request, found, Typed(why(request), problems), status=422 if problems else 200)


@require_POST
def application(request: Request, slug: str, deployment_id: str, key: UUID) -> HttpResponse:
    """Names that were changed and not looked at again are shown once more before anything is sent."""
    if renamed(request):
        return review(request, slug, deployment_id, key)
    wanted: dict[str, Any] = {"by": request.person, "slug": slug, "deployment_id": deployment_id, "key": key}
    wanted["now"] = timezone.now()
    try:
        found = drafts.apply_draft(**wanted, confirmation=changing.confirmed(request))
    except Invalid as error:
        return reviewed(request, pages.get_review(**wanted), Typed(why(request), error.fields), status=422)
    return changing.accepted(request, found)


@require_POST
def discard(request: Request, slug: str, deployment_id: str, key: UUID) -> HttpResponse:
    drafts.discard_draft(by=request.person, slug=slug, deployment_id=deployment_id, key=key, now=timezone.now())
    return changing.went(request, links.env(slug, deployment_id))


@takes
def deletion(request: Request, slug: str, deployment_id: str, name: str) -> HttpResponse:
    wanted: dict[str, Any] = {"by": request.person, "slug": slug, "deployment_id": deployment_id, "name": name}
    wanted["now"] = timezone.now()
    return changing.take(
        request,
        template="env/delete.html",
        part="deletion",
        draw=lambda typed: delete_context(pages.get_delete_form(**wanted), typed),
        do=lambda: env_deletion.delete_env_var(**wanted, confirmation=changing.confirmed(request)),
    )


@sensitive_variables()
def typed_values(request: Request) -> TypedValues:
    """One pair or a whole file, whichever the person chose; without a choice whatever was typed."""
    sent = request.POST
    many = sent.get("many", "") == "1" or (not sent.get("many") and bool(sent.get("pasted", "").strip()))
    fields = ("pasted",) if many else ("name", "value")
    return TypedValues(sent.get("environment", ""), **{name: sent.get(name, "") for name in fields})


def kept_values(request: Request) -> dict[str, str]:
    """What the form shows again: nothing that is a value, or might be one that slipped into the wrong field."""
    sent = request.POST
    name = sent.get("name", "").strip()
    kept = {"environment": sent.get("environment", "")[:60], "many": sent.get("many", "")[:1]}
    return kept | ({"name": name} if dotenv.looks_like_name(name) else {})


def renamed(request: Request) -> dict[str, str]:
    """Lines that were given another name, by their key. One without a name keeps having none if its field is empty."""
    sent = {name[len(RENAME) :]: str(value) for name, value in request.POST.items() if name.startswith(RENAME)}
    return {key: name for key, name in sent.items() if name.strip() != key and (name.strip() or " " not in key)}


def why(request: Request) -> dict[str, str]:
    return {name: request.POST.get(name, "")[: changing.LONGEST] for name in ("choice", "reason", "note")}


def set_form(request: Request, typed: Typed, wanted: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    form = pages.get_set_form(**wanted)
    slug, app = form.customer.slug, form.deployment.id
    context = {
        "form": form,
        "typed": typed,
        "customer": form.customer,
        "deployment": form.deployment,
        "environment": typed.values.get("environment") or form.environments[0],
        "deed": _("Look at it"),
        "action": links.env_set(slug, app),
        "back_url": links.env(slug, app),
    }
    return changing.shown(request, "env/set.html", context, part="setting", status=status)


def reviewed(request: Request, found: Review, typed: Typed, *, status: int = 200) -> HttpResponse:
    slug, app = found.customer.slug, found.deployment.id
    context = {
        "form": found,
        "typed": typed,
        "customer": found.customer,
        "deployment": found.deployment,
        "has_problems": any(line.problem for line in found.lines),
        "shows_environment": len(found.environments) > 1,
        "deed": ngettext("Set %(n)d env var", "Set %(n)d env vars", found.count) % {"n": found.count},
        "action": links.env_apply(slug, app, found.key),
        "mend_url": links.env_review(slug, app, found.key),
        "discard_url": links.env_discard(slug, app, found.key),
        "back_url": links.env(slug, app),
    }
    response = changing.shown(request, "env/review.html", context, part="review", status=status)
    return changing.at_home(request, response, str(context["mend_url"]))


def page_context(found: EnvVarsPage) -> Mapping[str, Any]:
    slug, app = found.customer.slug, found.deployment.id
    path = links.env(slug, app)
    return {
        "found": found,
        "customer": found.customer,
        "deployment": found.deployment,
        "age": found.age,
        "tab": "env",
        "here_url": links.with_query(path, choice(found.environment, found)),
        "set_url": links.with_query(links.env_set(slug, app), choice(found.environment, found)),
        "places": [
            (name, links.with_query(path, choice(name, found)), name == found.environment)
            for name in found.environments
        ]
        if len(found.environments) > 1
        else [],
    }


def choice(environment: str, found: EnvVarsPage) -> list[tuple[str, str]]:
    return [] if environment == found.environments[0] else [("environment", environment)]


def delete_context(form: DeleteForm, typed: Typed) -> Mapping[str, Any]:
    slug, app = form.customer.slug, form.deployment.id
    return {
        "form": form,
        "typed": typed,
        "customer": form.customer,
        "deployment": form.deployment,
        "is_deletion": True,
        "deed": _("Delete %(name)s") % {"name": form.name},
        "action": links.env_deletion(slug, app, form.name),
        "back_url": links.env(slug, app),
    }
