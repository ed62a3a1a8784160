"""Sign-in of staff with an OpenID provider, by allauth: code flow with PKCE, state and nonce.

`services.single_sign_on` decides whom it lets in, and as what.
"""

from __future__ import annotations

import re
import secrets
import time
from typing import Any, NoReturn, cast

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.client_address import get_client_address, get_network
from portal.models import User
from portal.services import clean_text
from portal.services.accounts import security, sign_ins, single_sign_on
from portal.services.accounts.single_sign_on import Claims, Refused
from portal.sign_in import session_facts
from portal.sign_in.provider_session import ProviderSession

# What a provider that is down, or answers with something else than OpenID, raises in allauth.
UNREACHABLE = (OSError, ValueError, KeyError)
# What claims that are no OpenID raise there: a name that is a list, an expiry that is no time, an id that is too long.
UNREADABLE = (ArithmeticError, AttributeError, ImproperlyConfigured, TypeError)
# NUL and halves of surrogate pairs, as `repr` shows them.
UNSTORABLE = re.compile(r"\\x00|\\ud[89a-f]")
LONGEST_EMAIL, LONGEST_NAME = 254, 200


class ProviderAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    @property
    def openid_config(self) -> dict[str, Any]:
        """Raises ValueError if the provider says that it is another one."""
        config: dict[str, Any] = super().openid_config
        if str(config.get("issuer")).rstrip("/") != settings.OIDC_ISSUER.rstrip("/"):
            raise ValueError("another issuer")
        return config

    def parse_token(self, data: dict[str, Any]) -> Any:
        """How long it is valid does not matter: it is used once, and not stored."""
        return super().parse_token({"access_token": data["access_token"]})

    def complete_login(self, *args: Any, **details: Any) -> Any:
        try:
            login = super().complete_login(*args, **details)
        except UNREADABLE as error:
            raise OAuth2Error("these claims are no OpenID") from error
        if UNSTORABLE.search(repr(login.account.extra_data)):
            raise OAuth2Error("PostgreSQL can't store these claims")
        return login

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return request.build_absolute_uri(reverse("account_single_sign_on_callback"))


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # as above
    def get_requests_session(self) -> ProviderSession:
        return ProviderSession()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Connects the account to a person, or answers why not."""
        claims = read_claims(sociallogin)
        if claims is None:
            note_failure(request)
            refuse(request, _("The answer from %(provider)s doesn't match this sign-in. Try again."))
        linked = sociallogin.user if sociallogin.is_existing else None
        if sociallogin.state["data"]["is_confirmation"]:
            raise ImmediateHttpResponse(finish_confirmation(request, sociallogin, linked))
        try:
            user = single_sign_on.get_allowed_user(linked, claims, issuer=settings.OIDC_ISSUER)
        except Refused as refusal:
            refuse(request, refusal.for_people)
        if linked is None:
            sociallogin.connect(request, user)

    def on_authentication_error(self, request: HttpRequest, provider: Any, error: Any = None, **details: Any) -> None:
        note_failure(request)
        refuse(request, _("Sign-in with %(provider)s failed. Try again, or use your password."))


def read_claims(sociallogin: Any) -> Claims | None:
    """None if the tokens are not the answer to what this browser asked."""
    data = sociallogin.account.extra_data
    token, info = data.get("id_token") or {}, data.get("userinfo") or {}
    sub = token.get("sub")
    if token.get("nonce") != sociallogin.state["data"]["nonce"] or not sub or info.get("sub", sub) != sub:
        return None
    both = {**token, **info}
    email, name, groups = both.get("email"), both.get("name"), both.get(settings.OIDC_GROUPS_CLAIM)
    return Claims(
        email=email.strip().lower() if isinstance(email, str) and is_email(email.strip()) else "",
        is_email_verified=both.get("email_verified") is True,
        name=clean_text.clean_line(name, most=LONGEST_NAME) if isinstance(name, str) else "",
        groups=frozenset(read_groups(groups)),
    )


def read_groups(groups: object) -> list[str]:
    """One group may come as text. Anything else than that or a list is none."""
    listed = [groups] if isinstance(groups, str) else groups
    return [group for group in listed if isinstance(group, str)] if isinstance(listed, list) else []


def is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= LONGEST_EMAIL


def finish_confirmation(request: HttpRequest, sociallogin: Any, linked: User | None) -> HttpResponse:
    """The session stays as it is; forms that are open in it can still be sent."""
    signed_in_at = (sociallogin.account.extra_data.get("id_token") or {}).get("auth_time")
    if isinstance(signed_in_at, int) and time.time() - signed_in_at > session_facts.RECENT_S:
        refuse(request, _("%(provider)s did not ask for your password again. Nothing was confirmed."))
    if linked is None or linked != request.user:
        refuse(request, _("You are signed in to %(provider)s as someone else. Nothing was confirmed."))
    session_facts.confirm(request.session)
    security.record_change("sign_in.confirmed", linked, way="oidc")
    return redirect(sociallogin.state.get("next", "/"))


def note_failure(request: HttpRequest) -> None:
    """Of an answer that says nothing certain of who tries."""
    sign_ins.note_anonymous_failure(network=get_network(get_client_address(request)), way="oidc")


def refuse(request: HttpRequest, text: str) -> NoReturn:
    messages.error(request, text % {"provider": settings.OIDC_NAME} if "%(provider)s" in text else text)
    raise ImmediateHttpResponse(redirect("account_login"))


def find_address(request: HttpRequest, *, next_path: str, is_confirmation: bool = False) -> str | None:
    """The page of the provider to go to. None if it can't be reached."""
    provider = get_social_adapter(request).get_provider(request, provider=settings.OIDC_ISSUER)
    provider.oauth2_adapter_class = ProviderAdapter
    nonce = secrets.token_urlsafe()
    asked = {"nonce": nonce, **({"prompt": "login", "max_age": "0"} if is_confirmation else {})}
    data = {"nonce": nonce, "is_confirmation": is_confirmation}
    try:
        response = provider.redirect(request, process="login", next_url=next_path, data=data, auth_params=asked)
    except UNREACHABLE:
        return None
    return str(response["Location"])


def finish(request: HttpRequest) -> HttpResponse:
    """What the provider sends the browser back with."""
    view = OAuth2CallbackView.adapter_view(ProviderAdapter(request, settings.OIDC_ISSUER))
    try:
        return cast(HttpResponse, view(request))
    except UNREACHABLE:
        note_failure(request)
        messages.error(request, _("%(provider)s can't be reached.") % {"provider": settings.OIDC_NAME})
        return redirect("account_login")
