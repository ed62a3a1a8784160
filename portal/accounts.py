"""Sign-in: what differs from django-allauth's defaults."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account import auth_backends
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import perform_login
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from portal.client_address import get_client_address, get_network
from portal.models import User
from portal.services import durability, people, sign_ins
from portal.services.errors import Unavailable
from portal.services.sign_ins import Attempt

BROWSER_COOKIE = "browser"
_SALT = "portal.accounts.browser"
_KNOWN_FOR_S = 400 * 24 * 3600  # the longest that browsers keep a cookie
_MOST_ACCOUNTS = 10


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """There is no sign-up: operators add people. Attempts to sign in are limited by `sign_ins`, not by allauth."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return get_client_address(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises ValidationError, which the form shows beside the e-mail address as it was typed."""
        try:
            sign_ins.count_attempt(read_attempt(request, credentials))
        except Unavailable as error:
            raise ValidationError(error.for_people) from error
        except OperationalError as error:
            obstacle = durability.find_obstacle(error)
            if obstacle is None:
                raise
            raise ValidationError(obstacle.for_people) from error

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Answers an inactive account like a wrong password. allauth would show a page that says it is inactive."""
        user = super().authenticate(request, **credentials)
        if user is None or not people.can_sign_in(user):
            sign_ins.note_failure(read_attempt(request, credentials))
            return None
        sign_ins.note_success(read_attempt(request, credentials))
        return user

    def post_login(self, request: HttpRequest, user: Any, **details: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **details)
        set_browser_cookie(request, response, user)
        return response


class AuthenticationBackend(auth_backends.AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """Checks at sign-in that the person may use the portal. Django also calls this for every request of a session."""

    def user_can_authenticate(self, user: Any) -> bool:
        return people.can_sign_in(user)


def sign_in(request: HttpRequest, user_id: int) -> HttpResponse:
    """Sign in somebody who has just created an account, and show home. The session gets a new key."""
    response: HttpResponse = perform_login(request, User.objects.get(pk=user_id), redirect_url="/")
    return response


def read_attempt(request: HttpRequest, credentials: dict[str, Any]) -> Attempt:
    email = str(credentials.get("email", ""))
    browser, accounts = read_browser_cookie(request)
    is_known = browser != "" and User.objects.filter(pk__in=accounts, email__iexact=email).exists()
    network = get_network(get_client_address(request))
    return Attempt(email=email, network=network, browser=browser if is_known else "")


def read_browser_cookie(request: HttpRequest) -> tuple[str, list[int]]:
    """The browser's id, and the accounts that have signed in with it; nothing if the cookie is not ours."""
    try:
        found = signing.loads(request.COOKIES.get(BROWSER_COOKIE, ""), salt=_SALT, max_age=_KNOWN_FOR_S)
    except signing.BadSignature:
        return "", []
    return found["id"], found["accounts"]


def set_browser_cookie(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Sent back only when signing in. It gives no access, but its owner is not kept out by attempts of others."""
    browser, accounts = read_browser_cookie(request)
    accounts = [user.pk, *(pk for pk in accounts if pk != user.pk)][:_MOST_ACCOUNTS]
    value = signing.dumps({"id": browser or secrets.token_hex(8), "accounts": accounts}, salt=_SALT)
    response.set_cookie(
        BROWSER_COOKIE,
        value,
        max_age=_KNOWN_FOR_S,
        path=reverse("account_login"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
