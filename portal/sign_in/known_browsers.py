"""The cookie by which a browser is known: the accounts that have signed in with it. It gives no access."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from portal.models import User

COOKIE = "browser"
# Sent back to the pages of signing in only: by password, passkey and provider.
PATH = "/accounts/"
_SALT = "portal.accounts.browser"
_KNOWN_FOR_S = 400 * 24 * 3600  # the longest that browsers keep a cookie
_MOST_ACCOUNTS = 10


def find_known_browser(request: HttpRequest, *, email: str) -> str:
    """The browser's id if the account with this address has signed in with it, else an empty text."""
    browser, accounts = read_cookie(request)
    is_known = browser != "" and User.objects.filter(pk__in=accounts, email__iexact=email).exists()
    return browser if is_known else ""


def is_known_to(request: HttpRequest, user: User) -> bool:
    return user.pk in read_cookie(request)[1]


def read_cookie(request: HttpRequest) -> tuple[str, list[int]]:
    """The browser's id, and the accounts that have signed in with it; nothing if the cookie is not ours."""
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_KNOWN_FOR_S)
    except signing.BadSignature:
        return "", []
    return found["id"], found["accounts"]


def set_cookie(request: HttpRequest, response: HttpResponse, user: User) -> None:
    browser, accounts = read_cookie(request)
    accounts = [user.pk, *(pk for pk in accounts if pk != user.pk)][:_MOST_ACCOUNTS]
    value = signing.dumps({"id": browser or secrets.token_hex(8), "accounts": accounts}, salt=_SALT)
    response.set_cookie(
        COOKIE,
        value,
        max_age=_KNOWN_FOR_S,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
