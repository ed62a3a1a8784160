"""Root URL configuration. Of allauth's pages there are these and no others: no sign-up, no sign-in by code."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.views.decorators.http import require_http_methods

from deployments_ui.guards import require_recent_sign_in
from deployments_ui.views import confirmation, single_sign_on
from portal import converters

register_converter(converters.Base36Converter, "base36")

View = Callable[..., HttpResponseBase]


def form(view: View) -> View:
    """allauth's forms also take PUT."""
    return require_http_methods(["GET", "HEAD", "POST"])(view)


def in_one_transaction(view: View) -> View:
    """What allauth changes, with its event and its mail, or none of it. Showing the form writes nothing like that."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return wrapper


def sensitive(view: View) -> View:
    return form(require_recent_sign_in(in_one_transaction(view)))


urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/login/", form(account.login), name="account_login"),
    path("accounts/logout/", form(account.logout), name="account_logout"),
    path(
        "accounts/password/change/",
        form(in_one_transaction(confirmation.change_password)),
        name="account_change_password",
    ),
    path("accounts/password/reset/", form(account.password_reset), name="account_reset_password"),
    path("accounts/password/reset/sent/", form(account.password_reset_done), name="account_reset_password_done"),
    path(
        "accounts/password/reset/<base36:uidb36>-<str:key>/",
        form(in_one_transaction(account.password_reset_from_key)),
        name="account_reset_password_from_key",
    ),
    path(
        "accounts/password/reset/done/",
        form(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("accounts/reauthenticate/", form(account.reauthenticate), name="account_reauthenticate"),
    path("accounts/reauthenticate/elsewhere/", confirmation.elsewhere, name="account_confirm_elsewhere"),
    path("accounts/reauthenticate/code/", form(mfa.reauthenticate), name="mfa_reauthenticate"),
    path(
        "accounts/reauthenticate/passkey/",
        form(passkeys.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("accounts/confirmed/", confirmation.confirmed, name="account_confirmed"),
    path("accounts/single-sign-on/", single_sign_on.sign_in, name="account_single_sign_on"),
    path("accounts/single-sign-on/confirm/", single_sign_on.confirm, name="account_single_sign_on_confirm"),
    path("accounts/single-sign-on/callback/", single_sign_on.callback, name="account_single_sign_on_callback"),
    path("accounts/second-factor/", form(mfa.authenticate), name="mfa_authenticate"),
    path("accounts/second-factor/app/", sensitive(totp.activate_totp), name="mfa_activate_totp"),
    path("accounts/second-factor/app/remove/", sensitive(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("accounts/recovery-codes/", sensitive(recovery_codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "accounts/recovery-codes/new/",
        sensitive(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path("accounts/passkeys/sign-in/", form(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("accounts/passkeys/add/", sensitive(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("accounts/passkeys/<int:pk>/name/", sensitive(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("accounts/passkeys/<int:pk>/remove/", sensitive(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
    # Where allauth goes after a change.
    path("accounts/second-factors/", confirmation.to_profile, name="mfa_index"),
    path("accounts/passkeys/", confirmation.to_profile, name="mfa_list_webauthn"),
    path("api/v1/", include("portal.api.urls")),
    path("", include("deployments_ui.urls")),
]

handler400 = "deployments_ui.errors.bad_request"
handler403 = "deployments_ui.errors.forbidden"
handler404 = "deployments_ui.errors.not_found"
handler429 = "deployments_ui.errors.too_many"  # used by the rate limits of allauth
handler500 = "deployments_ui.errors.broken"
