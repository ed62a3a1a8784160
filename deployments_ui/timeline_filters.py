"""The filters above a timeline, and those in use below it. The same on every page that has a timeline."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple, Protocol

from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments_ui import links
from deployments_ui.forms.history import HistoryFilterForm, filter_query
from deployments_ui.links import Pairs
from portal.services.queries.filters import Choices, Filters
from portal.services.queries.timeline import Page

DATES = ("from", "to")
# The section with form and list, replaced as a whole where the form has to show other filters than the reader chose.
SECTION = "searched"


class Filtered(Protocol):
    """A page with a timeline."""

    @property
    def page(self) -> Page: ...
    @property
    def filters(self) -> Filters: ...
    @property
    def choices(self) -> Choices: ...


class Preset(NamedTuple):
    """Dates that people often want; `url` is the page with them."""

    text: str
    url: str
    is_chosen: bool


def get_context(found: Filtered, query: QueryDict, *, url: str) -> dict[str, Any]:
    """What the templates of `history/` need. `page_query` is the query of this page, checked."""
    filters, cursor, older = filter_query(found.filters), query.get("cursor", ""), found.page.next_cursor
    page_query = [*filters, ("cursor", cursor)] if cursor else filters
    form = HistoryFilterForm(query, filters=found.filters, choices=found.choices)
    return {
        "form": form,
        "chips": form.list_chips(filters, partial(links.with_query, url)),
        "presets": list_presets(filters, url=url),
        "url": url,
        "page_query": page_query,
        "page_url": links.with_query(url, page_query),
        "newest_url": links.with_query(url, filters) if cursor else "",
        "older_url": links.with_query(url, [*filters, ("cursor", older)]) if older else "",
    }


def get_part(request: HttpRequest, usual: str = "history") -> str:
    """The part of the page that htmx asks for: `usual`, the list, or the form with it."""
    return SECTION if request.headers.get("HX-Target") == SECTION else usual


def list_presets(filters: Pairs, *, url: str) -> list[Preset]:
    """By the reader's day. What else is filtered stays."""
    others = [each for each in filters if each[0] not in DATES]
    today = timezone.localdate()
    starts = {
        _("Today"): today,
        _("Last 7 days"): today - timedelta(days=6),
        _("Last 30 days"): today - timedelta(days=29),
        _("This month"): today.replace(day=1),
    }
    chosen = [each for each in filters if each[0] in DATES]
    presets = []
    for text, start in starts.items():
        dates = [("from", start.isoformat()), ("to", today.isoformat())]
        presets.append(Preset(text, links.with_query(url, [*others, *dates]), chosen == dates))
    return presets
