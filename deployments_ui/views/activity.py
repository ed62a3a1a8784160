"""The audit log: of one customer, and for staff of all."""

from functools import partial

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments_ui import activity_export, htmx, links
from deployments_ui.forms.activity import ActivityFilterForm, filter_query
from deployments_ui.tabs import list_activity_tabs, list_customer_tabs
from deployments_ui.views.operations import read_cursor
from portal.services.queries import activity


@require_safe
def index(request: htmx.Request, slug: str = "") -> HttpResponse:
    form, before = ActivityFilterForm(request.GET), read_cursor(request)
    found = activity.list_activity(
        by=request.person, slug=slug, filters=form.get_filters(), before=before, now=timezone.now()
    )
    path, filters = links.customer_activity(slug) if slug else links.activity(), filter_query(found.filters)
    older = [*filters, ("before", str(found.next_cursor))] if found.next_cursor else []
    shown = [*filters, ("before", str(before))] if before else filters
    context = {
        "customer": found.customer,
        "found": found,
        "form": form,
        "chips": form.list_chips(filters, partial(links.with_query, path)),
        "tabs": list_customer_tabs(found.customer, current="activity") if found.customer else [],
        "switch": list_activity_tabs(found.customer, current="activity"),
        "path": path,
        "newest_url": links.with_query(path, filters) if before else "",
        "older_url": links.with_query(path, older) if older else "",
        "exports": [
            (name.upper(), links.with_query(links.activity_export(name, slug), filters))
            for name in activity_export.FORMATS
        ],
    }
    response = htmx.render(request, "activity/page.html", context, part=htmx.get_searched_part(request, "activity"))
    return htmx.push_url(request, response, links.with_query(path, shown))


@require_safe
def export(request: htmx.Request, file_format: str, slug: str = "") -> HttpResponseBase:
    if file_format not in activity_export.FORMATS:
        raise Http404
    filters = ActivityFilterForm(request.GET).get_filters()
    events = activity.iterate_activity(by=request.person, slug=slug, filters=filters)
    name = f"activity-{slug}-{timezone.now():%Y-%m-%d}" if slug else f"activity-{timezone.now():%Y-%m-%d}"
    return activity_export.export(events, file_format=file_format, name=name)
