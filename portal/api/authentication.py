"""Authentication by the session. Without one the response is 401, not a redirect to the sign-in page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import authentication

if TYPE_CHECKING:  # DRF imports this module while it defines its views
    from rest_framework.request import Request
    from rest_framework.views import APIView


class SessionAuthentication(authentication.SessionAuthentication):
    def authenticate_header(self, request: Request) -> str:
        return "Session"

    def enforce_csrf(self, request: Request) -> None:
        """Not for a method that the view does not have: the response is 405, whether there is a token or not."""
        view: APIView = request.parser_context["view"]
        if request.method in view.allowed_methods:
            super().enforce_csrf(request)
