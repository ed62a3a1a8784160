"""What people write about a version."""

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments_ui import dialogs, formats, htmx, links
from deployments_ui.forms.notes import NoteForm
from portal.services import notes
from portal.services.errors import Invalid


@dialogs.allow_form_methods
def show(request: htmx.Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
    by, ids = request.person, {"slug": slug, "deployment_id": deployment_id, "version_id": version_id}
    found = notes.open_form(by=by, **ids)
    form = dialogs.bind(NoteForm, request, note=found.version.note)
    if form.is_valid():
        try:
            noted = notes.set_note(form.cleaned_data["note"], by=by, now=timezone.now(), **ids)
        except Invalid as error:
            form.add_errors(error)
        else:
            messages.success(request, _("The note was saved.") if noted.version.note else _("The note was removed."))
            return dialogs.close(request, links.version(slug, deployment_id, version_id))
    names = {"app": found.deployment.name, "number": formats.version_number(found.version)}
    context = {
        "page": {"obstacle": ""},
        "form": form,
        "customer": found.customer,
        "deployment": found.deployment,
        "title": _("Note on %(app)s %(number)s") % names,
        "form_url": links.note(slug, deployment_id, version_id),
        "back_url": links.version(slug, deployment_id, version_id),
    }
    return dialogs.render_form(request, "notes/page.html", context, part="change")
