"""Sign-in: what differs from django-allauth's defaults."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import auth_backends
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import perform_login
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.client_address import get_client_address, get_network
from portal.models import User
from portal.services import durability, people
from portal.services.accounts import sign_ins
from portal.services.accounts.browsers import describe_browser
from portal.services.accounts.sign_ins import Attempt
from portal.services.errors import Unavailable
from portal.sign_in import known_browsers

ELSEWHERE = "account_confirm_elsewhere"
# Key of a session: that of the account when its password was typed.
PASSWORD_HASH = "hash_when_signing_in"  # noqa: S105


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """There is no sign-up: operators add people. Attempts to sign in are limited by `sign_ins`, not by allauth."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy("The e-mail address or the password is not correct."),
        "enter_current_password": gettext_lazy("This is not your current password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return get_client_address(request)

    def is_safe_url(self, url: str) -> bool:
        """Paths only. Another host of the portal is another site for the person who follows the link."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def is_reauthentication_required(self, *, app: str, **details: Any) -> bool:
        """`deployments_ui.guards.require_recent_sign_in` decides, for these pages as for all others."""
        return False

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, str]]:
        """Those of allauth, and the provider or the app that the person comes from."""
        methods: list[dict[str, str]] = super().get_reauthentication_methods(user)
        words = {"mfa_reauthenticate": _("Use a code"), "mfa_reauthenticate:webauthn": _("Use a passkey")}
        described = [{**method, "description": words.get(method["id"], method["description"])} for method in methods]
        return described or [{"id": ELSEWHERE, "description": _("Another way"), "url": reverse(ELSEWHERE)}]

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises ValidationError, which the form shows beside the e-mail address as it was typed."""
        count_attempt(read_attempt(request, email=str(credentials.get("email", ""))))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Answers an inactive account like a wrong password. allauth would show a page that says it is inactive."""
        user = super().authenticate(request, **credentials)
        attempt = read_attempt(request, email=str(credentials.get("email", "")))
        if user is None or not people.can_sign_in(user):
            sign_ins.note_failure(attempt, way="password")
            return None
        sign_ins.note_success(attempt)
        return user

    def pre_login(self, request: HttpRequest, user: Any, **details: Any) -> HttpResponse | None:
        """Also for passkeys and providers: a person who may not use the portal learns nothing else."""
        if people.can_sign_in(user):
            request.session[PASSWORD_HASH] = user.get_session_auth_hash()
            return None
        sign_ins.note_failure(read_attempt(request, email=user.email), way="passkey")
        messages.error(request, _("You can't sign in with this."))
        return redirect("account_login")

    def login(self, request: HttpRequest, user: Any) -> None:
        """A second factor may be typed minutes later. A password or an account may have ended by then."""
        if not people.can_sign_in(user) or request.session.pop(PASSWORD_HASH, "") != user.get_session_auth_hash():
            request.session.flush()
            sign_ins.note_failure(read_attempt(request, email=user.email), way=sign_ins.SECOND_FACTOR, user=user)
            messages.error(request, _("Your account has changed meanwhile. Sign in again."))
            raise ImmediateHttpResponse(redirect("account_login"))
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: Any, **details: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **details)
        sign_ins.note_sign_in(
            user,
            way=request.session["way"],
            is_known_browser=known_browsers.is_known_to(request, user),
            browser=describe_browser(request.headers.get("User-Agent", "")),
            address=get_client_address(request),
        )
        known_browsers.set_cookie(request, response, user)
        return response


class AuthenticationBackend(auth_backends.AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """Checks at sign-in that the person may use the portal. Django also calls this for every request of a session."""

    def user_can_authenticate(self, user: Any) -> bool:
        return people.can_sign_in(user)


def sign_in(request: HttpRequest, user_id: int) -> HttpResponse:
    """Sign in somebody who has just created an account, and show home. The session gets a new key."""
    response: HttpResponse = perform_login(request, User.objects.get(pk=user_id), redirect_url="/")
    return response


def read_attempt(request: HttpRequest, *, email: str, what: str = "") -> Attempt:
    """`what` is tried besides the password; it has limits of its own."""
    return Attempt(
        email=email,
        network=get_network(get_client_address(request)),
        browser=known_browsers.find_known_browser(request, email=email),
        what=what,
    )


def count_attempt(attempt: Attempt) -> None:
    """Raises ValidationError, for a form, if there were too many."""
    try:
        sign_ins.count_attempt(attempt)
    except Unavailable as error:
        raise ValidationError(error.for_people) from error
    except OperationalError as error:
        obstacle = durability.find_obstacle(error)
        if obstacle is None:
            raise
        raise ValidationError(obstacle.for_people) from error
