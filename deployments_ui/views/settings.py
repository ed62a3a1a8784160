"""The state of the installation, for operators."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from deployments_ui import links
from deployments_ui.dialogs import SeeOther
from deployments_ui.htmx import Request
from portal.services import checklist, installation
from portal.services.mails import reports


@require_safe
def show(request: Request) -> HttpResponse:
    state = installation.get_installation(by=request.person, now=timezone.now())
    return render(request, "settings/page.html", {"state": state})


@require_POST
def send_test(request: Request) -> HttpResponse:
    reports.send_test(by=request.person)
    messages.success(request, _("A test mail to %(address)s is on its way.") % {"address": request.person.email})
    return SeeOther(links.settings())


@require_POST
def send_again(request: Request, mail_id: int) -> HttpResponse:
    reports.send_again(mail_id, by=request.person)
    messages.success(request, _("The mail is being sent again."))
    return SeeOther(links.settings())


@require_POST
def hide_checklist(request: Request) -> HttpResponse:
    checklist.hide(by=request.person)
    return SeeOther(links.home())
