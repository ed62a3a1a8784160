"""Custom domains: those of an app, one with its status and DNS records, and the forms that change it."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import dialogs, domain_polling, htmx, links
from deployments_ui.forms.base import ConfirmForm
from deployments_ui.forms.domains import AddDomainForm, DetachDomainForm, RedirectDomainForm
from deployments_ui.freshness import Freshness
from deployments_ui.labels.domains import get_domain_answer
from deployments_ui.tabs import list_tabs
from portal.permissions import Person
from portal.services.domains import changes, pages, queries
from portal.services.domains.changes import AddDialog, Addition, DomainDialog
from portal.services.domains.schemas import DomainDetail, DomainList, DomainPage
from portal.services.errors import Invalid
from portal.services.operations.kinds.detach_domain import DetachDomain
from portal.services.operations.kinds.redirect_domain import RedirectDomain
from portal.services.operations.submit import DialogIds
from portal.services.queries.operation_schemas import OperationPage

PAGE = "domains/page.html"


@require_safe
def index(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    found = pages.open_domain_list(by=request.person, slug=slug, deployment_id=deployment_id, now=timezone.now())
    polling = domain_polling.get_polling(
        request, links.domains(slug, deployment_id), found.domains, shown=replace(found, add_token="")
    )
    if domain_polling.is_unchanged(request, polling):
        return htmx.no_change()
    context = {**list_context(found, by=request.person), "polling": polling}
    oob = ("answer", "actions", "rollback", *htmx.LAYOUT_PARTS)
    return htmx.render(request, "domains/list.html", context, part="domains", oob=oob)


@require_safe
def show(request: htmx.Request, slug: str, deployment_id: str, domain_id: str) -> HttpResponse:
    """Does not wait for DNS: it shows the last check, and polls until everything is correct."""
    page = get_page(request, slug, deployment_id, domain_id)
    context = page_context(request, page)
    if domain_polling.is_unchanged(request, context["polling"]):
        return htmx.no_change()
    if "awaited" not in request.GET:
        return htmx.render(request, PAGE, context, part="domain")
    return render_awaited(request, page, context)


def render_awaited(request: HttpRequest, page: DomainPage, context: dict[str, Any]) -> HttpResponse:
    """While a check that the reader requested goes on, and once it has ended."""
    is_running = page.detail.summary.is_being_checked
    if is_running:
        context["polling"] = domain_polling.await_check(context["polling"])
    response = htmx.render(request, PAGE, context, part="domain")
    if is_running or not htmx.wants_part(request):
        return response
    return htmx.add_toast(response, _("Domain checked."))


@require_POST
def verify(request: htmx.Request, slug: str, deployment_id: str, domain_id: str) -> HttpResponse:
    form = ConfirmForm(request.POST)
    form.full_clean()
    ids = DialogIds(slug, deployment_id, domain_id=domain_id)
    changes.request_check(ids, form.confirmed(), by=request.person, now=timezone.now())
    if not htmx.wants_part(request):
        return dialogs.redirect(request, links.domain(slug, deployment_id, domain_id))
    page = get_page(request, slug, deployment_id, domain_id)
    return render_awaited(request, page, page_context(request, page))


@dialogs.allow_form_methods
def addition(request: htmx.Request, slug: str, deployment_id: str) -> HttpResponse:
    """While a name is typed, htmx asks for the preview alone: what it means, and which other name goes with it."""
    ids, by, now = DialogIds(slug, deployment_id), request.person, timezone.now()
    portal_host = request.get_host().partition(":")[0]
    form = dialogs.bind(AddDomainForm, request, domain=request.GET.get("domain", ""))
    if form.is_valid():
        try:
            operations = changes.submit_add(
                ids, read_addition(form), form.confirmed(), portal_host=portal_host, by=by, now=now
            )
        except Invalid as error:
            form.add_errors(error)
        else:
            return show_added(request, slug, deployment_id, operations)
    typed = form["domain"].value() or ""
    page = changes.get_add_dialog(ids, typed=typed, portal_host=portal_host, by=by, now=now)
    if request.htmx.target == "preview":
        return htmx.render(request, "domains/add.html", {"form": form, "page": page}, part="preview")
    return dialogs.render_form(request, "domains/add.html", form_context(page, form), part="addition")


@dialogs.allow_form_methods
def detachment(request: htmx.Request, slug: str, deployment_id: str, domain_id: str) -> HttpResponse:
    ids, by, now = DialogIds(slug, deployment_id, domain_id=domain_id), request.person, timezone.now()
    form = dialogs.bind(DetachDomainForm, request)
    if form.is_valid():
        try:
            operation = changes.submit(
                DetachDomain.name, ids, form.confirmed(), value=form.cleaned_data["name"], by=by, now=now
            )
        except Invalid as error:
            form.add_errors(error)
        else:
            return dialogs.show_operation(request, operation)
    page = changes.get_dialog(DetachDomain.name, ids, by=by, now=now)
    return dialogs.render_form(request, "domains/detach.html", form_context(page, form), part="detachment")


@dialogs.allow_form_methods
def redirection(request: htmx.Request, slug: str, deployment_id: str, domain_id: str) -> HttpResponse:
    ids, by, now = DialogIds(slug, deployment_id, domain_id=domain_id), request.person, timezone.now()
    form = dialogs.bind(RedirectDomainForm, request)
    if form.is_valid():
        try:
            operation = changes.submit(
                RedirectDomain.name, ids, form.confirmed(), value=form.cleaned_data["policy"], by=by, now=now
            )
        except Invalid as error:
            form.add_errors(error)
        else:
            return dialogs.show_operation(request, operation)
    page = changes.get_dialog(RedirectDomain.name, ids, by=by, now=now)
    form.initial.setdefault("policy", page.redirect_policy)
    return dialogs.render_form(request, "domains/redirect.html", form_context(page, form), part="redirection")


def read_addition(form: AddDomainForm) -> Addition:
    data = form.cleaned_data
    return Addition(data["domain"], data["policy"] or "none", with_twin=data["with_twin"])


def get_page(request: htmx.Request, slug: str, deployment_id: str, domain_id: str) -> DomainPage:
    return pages.open_domain(
        by=request.person, slug=slug, deployment_id=deployment_id, domain_id=domain_id, now=timezone.now()
    )


def show_added(
    request: htmx.Request, slug: str, deployment_id: str, operations: tuple[OperationPage, ...]
) -> HttpResponse:
    """The operation that did not succeed at once, if any; else the new domain, or the list if there are two."""
    unfinished = next((operation for operation in operations if operation.state != "succeeded"), None)
    if unfinished is not None:
        return dialogs.show_operation(request, unfinished)
    names = [operation.domain for operation in operations]
    domain_id = queries.find_domain_id(by=request.person, slug=slug, deployment_id=deployment_id, name=names[0])
    if domain_id and len(names) == 1:
        return dialogs.redirect(request, links.domain(slug, deployment_id, domain_id))
    return dialogs.redirect(request, links.domains(slug, deployment_id))


def list_context(found: DomainList, *, by: Person) -> dict[str, Any]:
    return {
        "customer": found.customer,
        "deployment": found.deployment,
        "found": found,
        "freshness": Freshness(found.age),
        "tabs": list_tabs(found.customer, found.deployment, by=by, current="domains"),
    }


def page_context(request: HttpRequest, found: DomainPage, *, new_link: str = "") -> dict[str, Any]:
    path = links.domain(found.customer.slug, found.deployment.id, found.detail.summary.id)
    return {
        "customer": found.customer,
        "deployment": found.deployment,
        "found": found,
        "new_link": new_link,
        **detail_context(request, found.detail, path=path),
    }


def detail_context(request: HttpRequest, detail: DomainDetail, *, path: str) -> dict[str, Any]:
    """What the page of a domain and a share link show of it."""
    domain = detail.summary
    return {
        "answer": get_domain_answer(detail),
        "detail": detail,
        "domain": domain,
        "is_done": domain_polling.is_working(domain) and all(each.is_caution for each in detail.blockers),
        "polling": domain_polling.get_polling(request, path, [domain], shown=detail),
    }


def form_context(page: AddDialog | DomainDialog, form: ConfirmForm) -> dict[str, Any]:
    return {"customer": page.customer, "deployment": page.deployment, "page": page, "form": form}
