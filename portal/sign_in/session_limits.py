"""Ends sessions that were not used for long or are old, and notes when a session was last used."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from portal.client_address import get_client_address
from portal.middleware import GetResponse
from portal.models import User
from portal.services import durability
from portal.services.accounts import sessions
from portal.sign_in import session_facts

NOTED_EVERY_S = 60


class SessionLimitMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and isinstance(request.user, User):
            if session_facts.has_expired(request.session, is_staff=bool(request.user.staff_role)):
                end_expired(request)
            elif is_use(request):
                note_use(request, request.user)
        return self.get_response(request)


def is_use(request: HttpRequest) -> bool:
    """Whether somebody does something, and a minute has passed. A page that polls, all night long, is no use."""
    return "X-Poll" not in request.headers and time.time() - request.session[session_facts.SEEN_AT] >= NOTED_EVERY_S


def note_use(request: HttpRequest, user: User) -> None:
    """Left out if the database is locked: the session is then saved with the next request."""
    session = request.session
    with durability.optional_write("last use of a session"):
        session[session_facts.SEEN_AT] = time.time()
        try:
            session.save()
        except UpdateError:
            session.modified = False
            return
        session.modified = False
        sessions.note_use(
            session.session_key or "",
            user,
            address=get_client_address(request),
            user_agent=request.headers.get("User-Agent", ""),
        )


def end_expired(request: HttpRequest) -> None:
    """The limit holds whether the row can be deleted now or not."""
    with durability.optional_write("end of a session"):
        sessions.forget(request.session.session_key or "")
        request.session.delete()
    request.session = cast(Any, import_module(settings.SESSION_ENGINE)).SessionStore()
    request.user = AnonymousUser()
    if not request.path.startswith("/api/"):
        messages.info(request, _("You were signed out, since this session was not used for a while or has become old."))
