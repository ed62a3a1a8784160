"""The history of one customer."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import links, looking
from deployments_ui.drawing import apps, filters, timeline
from deployments_ui.parts import Request, answer, wants_part, with_address
from deployments_ui.times import Clock
from portal.services import freshness
from portal.services.queries import history
from portal.services.queries.history import History
from portal.services.queries.schemas import Age


@require_safe
def show(request: Request, slug: str) -> HttpResponse:
    query, now = dict(request.GET.lists()), timezone.now()
    if not (seen := looking.seen(request)):
        customer = freshness.open_customer(by=request.person, slug=slug, now=now)
        return drawn(request, history.get_history(customer, by=request.person, query=query, now=now))
    customer = freshness.poll_customer(by=request.person, slug=slug, now=now)
    newer = history.find_newer(customer, by=request.person, query=query, generation=seen, now=now)
    if isinstance(newer, Age):
        return looking.age_alone(request, newer, again(looking.pairs_of(request), slug=slug, age=newer))
    return drawn(request, newer)


@require_POST
def refresh(request: Request, slug: str) -> HttpResponse:
    now = timezone.now()
    customer = freshness.refresh_customer(by=request.person, slug=slug, now=now)
    if not wants_part(request):
        return redirect(links.with_query(links.customer(slug), looking.pairs_of(request)))
    query = dict(request.GET.lists())
    return drawn(request, history.get_history(customer, by=request.person, query=query, now=now))


def drawn(request: Request, found: History) -> HttpResponse:
    context = context_of(found, request.GET.get("cursor", ""))
    return with_address(request, answer(request, "history/page.html", context, part="changes"), context["here_url"])


def context_of(found: History, cursor: str) -> dict[str, Any]:
    slug, asked, older = found.customer.slug, filters.pairs(found.filters), found.page.next_cursor
    path, clock = links.customer(slug), Clock.of_reader()
    here = [*asked, ("cursor", cursor)] if cursor else asked
    is_empty = not (found.deployments or asked or found.age.filling or found.age.as_of is None)
    return {
        "found": found,
        "customer": found.customer,
        "path": path,
        "apps": apps.draw(found.deployments, slug=slug, clock=clock),
        "days": timeline.days(found.page.entries, slug=slug, clock=clock),
        "is_single": len(found.deployments) == 1,
        "is_empty": is_empty,
        "filters": "" if is_empty else filters.draw(found.filters, found.choices, path=path),
        "here_url": links.with_query(path, here),
        "newest_url": links.with_query(path, asked) if cursor else "",
        "older_url": links.with_query(path, [*asked, ("cursor", older)]) if older else "",
        **again(here, slug=slug, age=found.age),
    }


def again(pairs: looking.Pairs, *, slug: str, age: Age) -> dict[str, Any]:
    return looking.context_of(pairs, path=links.customer(slug), refresh_path=links.customer_refresh(slug), age=age)
