"""Custom domains: those of an app, one with its lights and records, and what can be done with it."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from deployments_ui import changing, links
from deployments_ui.changing import Typed
from deployments_ui.drawing import domains as drawing
from deployments_ui.htmx import Request, answer, no_change, wants_part
from portal.services.domains import changes, lists, pages
from portal.services.domains.changes import AddForm, DomainForm
from portal.services.domains.lists import DomainsPage
from portal.services.errors import Invalid
from portal.services.operations.kinds.detach_domain import DetachDomain
from portal.services.operations.kinds.redirect_domain import RedirectDomain

takes = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def index(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    found = lists.get_domains(by=request.person, slug=slug, deployment_id=deployment_id, now=timezone.now())
    context = {
        **list_context(found),
        "every": drawing.pace(
            request,
            is_waiting=any(drawing.waits(row) for row in found.rows),
            soon=any(row.is_looking for row in found.rows),
        ),
        "poll_url": drawing.poll_url(request, links.domains(slug, deployment_id)),
    }
    return answer(request, "domains/list.html", context, part="domains")


@require_safe
def show(request: Request, slug: str, deployment_id: str, domain_id: str) -> HttpResponse:
    """Never waits for DNS: what the last look saw is shown, and the part looks again while something is open."""
    wanted: dict[str, Any] = {"by": request.person, "slug": slug, "deployment_id": deployment_id}
    wanted["domain_id"] = domain_id
    found = pages.get_domain(**wanted, now=timezone.now())
    context = drawing.context_of(found, request)
    if request.GET.get("seen", "") == context["generation"] and wants_part(request):
        return no_change()
    return answer(request, "domains/page.html", context, part="domain")


@takes
def addition(request: Request, slug: str, deployment_id: str) -> HttpResponse:
    wanted: dict[str, Any] = {"by": request.person, "slug": slug, "deployment_id": deployment_id}
    wanted |= {"portal_host": request.get_host().partition(":")[0], "now": timezone.now()}
    sent = request.POST
    typed_domain = sent.get("domain", request.GET.get("domain", ""))[:300]
    if request.method != "POST":
        return add_form(request, changes.draw_add(**wanted, typed=typed_domain), Typed())
    try:
        done = changes.add(
            **wanted,
            typed=typed_domain,
            policy=sent.get("policy", "none"),
            with_twin=bool(sent.get("with_twin")),
            confirmation=changing.confirmed(request),
        )
    except Invalid as error:
        form = changes.draw_add(**wanted, typed=typed_domain)
        values = {name: value[: changing.LONGEST] for name, value in sent.items() if isinstance(value, str)}
        return add_form(request, form, Typed(values, error.fields), status=422)
    stuck = next((operation for operation in done if operation.state != "succeeded"), None)
    if stuck is not None:
        return changing.accepted(request, stuck)
    domain_id = lists.find_id(by=request.person, slug=slug, deployment_id=deployment_id, name=done[0].domain)
    if domain_id and len(done) == 1:
        return changing.went(request, links.domain(slug, deployment_id, domain_id))
    return changing.went(request, links.domains(slug, deployment_id))


@require_POST
def verify(request: Request, slug: str, deployment_id: str, domain_id: str) -> HttpResponse:
    wanted: dict[str, Any] = {"by": request.person, "slug": slug, "deployment_id": deployment_id}
    wanted["domain_id"] = domain_id
    changes.look_now(**wanted, confirmation=changing.confirmed(request), now=timezone.now())
    if not wants_part(request):
        return changing.went(request, links.domain(slug, deployment_id, domain_id))
    found = pages.get_domain(**wanted, now=timezone.now())
    return answer(request, "domains/page.html", drawing.context_of(found, request), part="domain")


@takes
def detachment(request: Request, slug: str, deployment_id: str, domain_id: str) -> HttpResponse:
    return change(request, slug, deployment_id, domain_id, kind=DetachDomain.name)


@takes
def redirection(request: Request, slug: str, deployment_id: str, domain_id: str) -> HttpResponse:
    return change(request, slug, deployment_id, domain_id, kind=RedirectDomain.name)


def change(request: Request, slug: str, deployment_id: str, domain_id: str, *, kind: str) -> HttpResponse:
    wanted: dict[str, Any] = {"by": request.person, "slug": slug, "deployment_id": deployment_id}
    wanted |= {"domain_id": domain_id, "kind": kind, "now": timezone.now()}
    return changing.take(
        request,
        template="domains/change.html",
        part="change",
        draw=lambda typed: change_context(changes.draw(**wanted), typed),
        do=lambda: changes.change(
            **wanted,
            typed_name=request.POST.get("name", "")[:300],
            policy=request.POST.get("policy", ""),
            confirmation=changing.confirmed(request),
        ),
    )


def add_form(request: Request, form: AddForm, typed: Typed, *, status: int = 200) -> HttpResponse:
    slug, app = form.customer.slug, form.deployment.id
    context = {
        "form": form,
        "typed": typed,
        "customer": form.customer,
        "deployment": form.deployment,
        "policies": drawing.policies(typed.values.get("policy", "none")),
        "deed": _("Add %(domain)s") % {"domain": form.shown} if form.clean else _("Add the domain"),
        "action": links.domain_add(slug, app),
        "back_url": links.domains(slug, app),
    }
    return changing.shown(request, "domains/add.html", context, part="addition", status=status)


def list_context(found: DomainsPage) -> Mapping[str, Any]:
    slug, app = found.customer.slug, found.deployment.id
    return {
        "found": found,
        "customer": found.customer,
        "deployment": found.deployment,
        "age": found.age,
        "tab": "domains",
        "rows": [drawing.line(row, links.domain(slug, app, row.id)) for row in found.rows],
        "add_url": links.domain_add(slug, app),
    }


def change_context(form: DomainForm, typed: Typed) -> Mapping[str, Any]:
    slug, app = form.customer.slug, form.deployment.id
    detaches = form.kind.name == DetachDomain.name
    names = {"domain": form.name}
    address = links.detachment if detaches else links.redirection
    return {
        "form": form,
        "typed": typed,
        "customer": form.customer,
        "deployment": form.deployment,
        "detaches": detaches,
        "is_deletion": detaches,
        "title": (_("Detach %(domain)s") if detaches else _("Redirect of %(domain)s")) % names,
        "deed": _("Detach it") if detaches else _("Change the redirect"),
        "policies": drawing.policies(typed.values.get("policy") or form.redirect_policy),
        "action": address(slug, app, form.domain_id),
        "back_url": links.domain(slug, app, form.domain_id),
    }
