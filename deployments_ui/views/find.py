"""Search for anything by a few letters: as a page, and in the command palette."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from django.http import HttpResponse
from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from deployments_ui import commands, htmx, links
from deployments_ui.commands import Item
from deployments_ui.guards import page_of
from portal.services.queries import search
from portal.services.queries.search_hits import Found, Hit, Kind, Place

# In this order.
KINDS: dict[Kind, Promise] = {
    Kind.CUSTOMER: _("Customers"),
    Kind.DEPLOYMENT: _("Apps"),
    Kind.VERSION: _("Versions"),
    Kind.DOMAIN: _("Domains"),
    Kind.PERSON: _("People"),
    Kind.SANDBOX: _("Sandboxes"),
}
MOST_COMMANDS = 8


@dataclass(frozen=True, slots=True)
class Group:
    title: Promise | str
    items: list[Item]


@require_safe
def show(request: htmx.Request) -> HttpResponse:
    typed = request.GET.get("q", "")[:200].casefold().split()
    place = find_place(request)
    subject = commands.find_subject(typed) if typed else ""
    found = search.find(by=request.person, text=request.GET.get("q", "")[:200], subject=subject, place=place)
    groups = [group for group in list_groups(request, found, typed, subject, place) if group.items]
    is_palette = request.htmx.target == "palette-results"
    if not is_palette:
        groups = [group for group in map(without_buttons, groups) if group.items]
    template, part = ("find/palette.html", "palette") if is_palette else ("find/page.html", "results")
    return htmx.render(request, template, {"found": found, "groups": groups}, part=part)


def without_buttons(group: Group) -> Group:
    """Without what only a button of the page at hand does."""
    return replace(group, items=[item for item in group.items if item.url or not item.presses])


def find_place(request: htmx.Request) -> Place:
    """Of the page that the palette is open on."""
    try:
        at = resolve(page_of(request).partition("?")[0]).kwargs
    except Resolver404:
        return Place()
    return Place(slug=str(at.get("slug", "")), deployment_id=str(at.get("deployment_id", "")))


def list_groups(
    request: htmx.Request, found: Found, typed: list[str], subject: str | None, place: Place
) -> list[Group]:
    of_site = Group(_("Pages and actions"), list(commands.list_of_site(typed, by=request.person)))
    if not typed:
        return [*list_here(found, place), of_site]
    results = [
        Group(title, [Item(hit.title, get_url(hit), hit.detail, hit=hit) for hit in found.hits if hit.kind is kind])
        for kind, title in KINDS.items()
    ]
    matching = Group(_("Actions"), first(commands.list_matching(typed, found.targets, subject)))
    return [matching, *results, of_site] if subject else [*results, matching, of_site]


def list_here(found: Found, place: Place) -> list[Group]:
    """What can be done with the app, or else the customer, that the page at hand shows."""
    if not place.slug:
        return []
    kind = Kind.DEPLOYMENT if place.deployment_id else Kind.CUSTOMER
    groups = [Group(hit.title, list(commands.list_all(hit))) for hit in found.targets if hit.kind is kind]
    apps = [hit for hit in found.targets if hit.kind is Kind.DEPLOYMENT and not place.deployment_id]
    return [*groups, Group(_("Apps"), [Item(hit.title, get_url(hit), hit.detail, hit=hit) for hit in apps])]


def first(items: Iterable[Item]) -> list[Item]:
    return list(islice(items, MOST_COMMANDS))


def get_url(hit: Hit) -> str:
    match hit.kind:
        case Kind.VERSION:
            return links.version(hit.slug, hit.deployment_id, hit.version_id)
        case Kind.DOMAIN:
            return links.domain(hit.slug, hit.deployment_id, hit.domain_id)
        case Kind.PERSON:
            return links.person(hit.user_id)
        case Kind.SANDBOX:
            return links.with_query(links.customer(hit.slug), [("q", hit.title)])
        case Kind.DEPLOYMENT:
            return links.deployment(hit.slug, hit.deployment_id)
    return links.customer(hit.slug)
