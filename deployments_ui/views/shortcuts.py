"""The list of keyboard shortcuts."""

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from deployments_ui import htmx

# For each shortcut its keys and what it does. static/js/shortcuts.js listens for them.
SHORTCUTS: tuple[tuple[tuple[str, ...], Promise], ...] = (
    (("Ctrl K",), _("Search, and run an action")),
    (("/",), _("Search")),
    (("j",), _("Next row of the list")),
    (("k",), _("Previous row of the list")),
    (("o",), _("Open the row")),
    (("r",), _("Refresh the page’s data")),
    (("g", "h"), _("Go to home")),
    (("g", "c"), _("Go to the list of customers")),
    (("?",), _("Show this list")),
    (("Esc",), _("Close a dialog or a menu")),
)


@require_safe
def show(request: htmx.Request) -> HttpResponse:
    return htmx.render(request, "frame/shortcuts.html", {"shortcuts": SHORTCUTS}, part="shortcuts")
