"""Who may sign in, and how: our part of django-allauth."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from portal.services import people


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up by themselves: people are made by an operator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """allauth lets in whoever the backend refused after a right password, to tell them their account is inactive.

        Here that is answered like a wrong password.
        """
        user = super().authenticate(request, **credentials)
        return user if user is not None and people.may_sign_in(user) else None


class Backend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """Asks the rules at sign-in and, since Django asks again for each request, for sessions that exist already."""

    def user_can_authenticate(self, user: Any) -> bool:
        return people.may_sign_in(user)
