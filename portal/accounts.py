"""Sign-in: what differs from django-allauth's defaults."""

from __future__ import annotations

from typing import Any

from allauth.account import auth_backends
from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from portal.services import people


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """There is no sign-up: operators add people."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Answers an inactive account like a wrong password. allauth would show a page that says it is inactive."""
        user = super().authenticate(request, **credentials)
        return user if user is not None and people.can_sign_in(user) else None


class AuthenticationBackend(auth_backends.AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """Checks at sign-in that the person may use the portal. Django also calls this for every request of a session."""

    def user_can_authenticate(self, user: Any) -> bool:
        return people.can_sign_in(user)
