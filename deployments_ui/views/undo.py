"""To undo an operation."""

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone

from deployments_ui import dialogs, htmx, links
from deployments_ui.forms.base import ConfirmForm
from deployments_ui.views.releases import release_context
from portal.services.errors import Invalid
from portal.services.operations import undo
from portal.services.operations.undo import NothingToUndo


@dialogs.allow_form_methods
def show(request: htmx.Request, key: UUID) -> HttpResponse:
    """The form; a button that undoes with one click submits it at once. Without anything to undo, the operation."""
    by, now = request.person, timezone.now()
    form = dialogs.bind(ConfirmForm, request)
    if form.is_valid():
        try:
            operation = undo.submit(key, form.confirmed(), by=by, now=now)
        except Invalid as error:
            form.add_errors(error)
        else:
            return dialogs.show_operation(request, operation)
    try:
        page, found = undo.get_dialog(key, by=by, now=now)
    except NothingToUndo as error:
        return dialogs.show_operation(request, error.operation)
    form.initial.setdefault("reason", undo.explain(found))
    context = release_context(page, form, form_url=links.undo(key))
    return dialogs.render_form(request, "releases/page.html", context, part="release")
