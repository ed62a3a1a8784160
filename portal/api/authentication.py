"""Who asks: by the session that signing in began. Without one the answer is 401, never a way to the sign-in page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import authentication

if TYPE_CHECKING:  # DRF imports this file while its views are being made
    from rest_framework.request import Request
    from rest_framework.views import APIView


class SessionAuthentication(authentication.SessionAuthentication):
    def authenticate_header(self, request: Request) -> str:
        return "Session"

    def enforce_csrf(self, request: Request) -> None:
        """A method that the operation doesn't have changes nothing: it is answered 405 and not for want of a token."""
        view: APIView = request.parser_context["view"]
        if request.method in view.allowed_methods:
            super().enforce_csrf(request)
