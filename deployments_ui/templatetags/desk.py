"""Tags and filters of this portal's templates: times, states, sizes, links."""

from datetime import datetime
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from deployments_ui import links, sizes, states, times
from deployments_ui.drawing import ages, releases
from deployments_ui.stencil_frame import Frame
from deployments_ui.tabs import Tab, list_tabs
from portal.services.queries.schemas import Action, VersionSummary

register = template.Library()

TIME = '<time datetime="{}" data-exact="{}" tabindex="0">{}</time>'
STATE = '<span class="state is-{}"><svg class="shape" aria-hidden="true"><use href="#s-{}" /></svg>{}</span>'


def drawn(context: Context, at: datetime, text: str) -> SafeString:
    return format_html(TIME, times.iso(at), context["clock"].exact(at), text)


@register.simple_tag(takes_context=True)
def ago(context: Context, at: datetime) -> SafeString:
    """2 h ago, with the exact time at hand."""
    return drawn(context, at, context["clock"].ago(at))


@register.simple_tag(takes_context=True)
def since(context: Context, at: datetime) -> SafeString:
    """Tue 14:20, with the exact time at hand."""
    return drawn(context, at, context["clock"].since(at))


@register.simple_tag(takes_context=True)
def second(context: Context, at: datetime) -> SafeString:
    """14:30:01, with the exact time at hand."""
    return drawn(context, at, context["clock"].second(at))


@register.simple_tag(takes_context=True)
def day(context: Context, at: datetime) -> SafeString:
    """14 December, with the exact time at hand."""
    return drawn(context, at, context["clock"].date(at))


@register.simple_tag(takes_context=True)
def exact(context: Context, at: datetime) -> SafeString:
    """Tuesday 18 November 2026, 14:20:05 CET."""
    return format_html('<time datetime="{}">{}</time>', times.iso(at), context["clock"].exact(at))


@register.simple_tag
def how_long(start: datetime, end: datetime) -> str:
    return times.between(start, end)


@register.simple_tag(takes_context=True)
def wait(context: Context, until: datetime) -> str:
    """How long from now until then: 40 s."""
    return times.between(context["clock"].now, until)


@register.simple_tag
def state(version: VersionSummary) -> SafeString:
    look = states.LOOKS[version.state]
    return format_html(STATE, look.name, look.shape, states.word(version.state, version.state_text))


@register.simple_tag
def shape(name: str) -> SafeString:
    return format_html('<svg class="shape" aria-hidden="true"><use href="#s-{}" /></svg>', name)


@register.filter
def number(version: VersionSummary) -> str:
    return states.name_of(version.number, version.id)


@register.filter
def size(amount: int) -> str:
    return sizes.size(amount)


@register.filter
def files(count: int) -> str:
    return sizes.files(count)


@register.filter
def kind(name: str) -> str:
    return states.kind(name)


@register.filter
def host(url: str) -> str:
    return links.host(url)


@register.simple_tag(takes_context=True)
def top(context: Context) -> SafeString:
    """The bar above every page."""
    frame: Frame = context["frame"]
    is_error = bool(context.get("status"))
    return frame.top(
        customer=context.get("customer"),
        age=age_part(context) if frame.person and context.get("age") else SafeString(),
        # Asking for the token sets its cookie, so only where there is a form.
        csrf=str(context.get("csrf_token", "")) if frame.person and not is_error else "",
        is_error=is_error,
    )


@register.simple_tag(takes_context=True)
def age_part(context: Context, *, oob: object = False) -> SafeString:
    """How old what the page shows is; `oob` to replace the one that the page has."""
    return ages.draw(
        context["age"],
        poll_url=context.get("poll_url") or "",
        refresh_url=context.get("refresh_url") or "",
        csrf=str(context.get("csrf_token", "")),
        clock=context["clock"],
        oob=bool(oob),
    )


@register.simple_tag(takes_context=True)
def tabs(context: Context) -> list[Tab]:
    """The tabs of the app the page is about."""
    here, by = str(context.get("tab") or ""), context["frame"].person
    return list_tabs(context["customer"], context["deployment"], by=by, current=here) if by else []


@register.simple_tag
def deed(action: Action, *, url: str, word: str, id: str, look: str = "button") -> SafeString:  # as in HTML
    """The button for something that can be done, or that says why it can't be done now."""
    return releases.deed(action, url=url, word=word, id=id, look=look)


@register.simple_tag
def link(page: str, *ids: Any) -> str:
    """The address of a page: {% link "version" slug deployment_id version_id %}."""
    address: str = getattr(links, page)(*ids)
    return address


@register.filter
def web(url: str) -> str:
    return links.web(url)


@register.filter
def dotted(name: str) -> SafeString:
    """A name of the DNS, which a narrow page breaks behind a dot and nowhere else if it can."""
    return format_html_join(mark_safe(".<wbr>"), "{}", ((label,) for label in name.split(".")))


@register.filter
def took(milliseconds: int) -> str:
    return times.span(milliseconds / 1000)
