"""Forms of allauth with the portal's limits, and its answers to what no browser sends."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from allauth.account import forms as account_forms
from allauth.core import context
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as passkey_forms
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.models import User
from portal.services import people
from portal.services.accounts import passwords, security, sign_ins
from portal.sign_in import accounts

LONGEST_NAME = 100
LONGEST_EMAIL = 254
# In which a code is valid: the current one and one on each side, and one more for clocks that differ.
_PERIODS = 4
# What decoding a made-up credential may raise.
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class CodeLimit:
    """Guesses of codes are counted like those of passwords."""

    user: User
    authenticator: Authenticator

    def clean_code(self) -> str:
        attempt = accounts.read_attempt(context.request, email=self.user.email, what=sign_ins.SECOND_FACTOR)
        accounts.count_attempt(attempt)
        try:
            code: str = super().clean_code()  # type: ignore[misc]  # of allauth's form
        except ValidationError:
            sign_ins.note_failure(attempt, way=sign_ins.SECOND_FACTOR, user=self.user)
            raise
        if self.authenticator.type == Authenticator.Type.TOTP and not use_code(self.user, code):
            sign_ins.note_failure(attempt, way=sign_ins.SECOND_FACTOR, user=self.user)
            raise ValidationError(_("This code was used already. Wait for the next one."))
        sign_ins.note_success(attempt)
        return code


def use_code(user: User, code: str) -> bool:
    """Whether this is its first use. allauth remembers it for one period only, and in the cache, which may forget."""
    until = timezone.now() + timedelta(seconds=settings.MFA_TOTP_PERIOD * _PERIODS)
    return security.use_code(user.pk, re.sub("[^0-9]", "", code), until=until)


class ActivateAppForm(totp_forms.ActivateTOTPForm):  # type: ignore[misc]  # allauth has no types
    def clean_code(self) -> str:
        code: str = super().clean_code()
        use_code(self.user, code)
        return code


class AuthenticateForm(CodeLimit, mfa_forms.AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    pass


class ReauthenticateForm(CodeLimit, mfa_forms.ReauthenticateForm):  # type: ignore[misc]  # as above
    pass


class AddPasskeyForm(passkey_forms.AddWebAuthnForm):  # type: ignore[misc]  # as above
    """Every passkey can sign in alone, so it has to verify its owner, by PIN or finger."""

    passwordless = None

    def clean_name(self) -> str:
        """Shortened: the device has its passkey by now, and a refusal would leave it useless there."""
        return str(super().clean_name())[:LONGEST_NAME]

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["passwordless"] = True
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            raise
        except _UNREADABLE as error:
            raise ValidationError(_("This passkey can't be read. Nothing was added.")) from error
        return cleaned


class RenamePasskeyForm(passkey_forms.EditWebAuthnForm):  # type: ignore[misc]  # as above
    name = forms.CharField(max_length=LONGEST_NAME)


class PasskeyLoginForm(passkey_forms.LoginWebAuthnForm):  # type: ignore[misc]  # as above
    def clean_credential(self) -> Any:
        refusal = _("This passkey isn't known here, or it took too long. Sign in another way, or try again.")
        try:
            return super().clean_credential()
        except (ValidationError, *_UNREADABLE) as error:
            attempt = accounts.read_attempt(context.request, email="")
            sign_ins.note_failure(attempt, way="passkey")
            raise ValidationError(refusal) from error


class LoginForm(account_forms.LoginForm):  # type: ignore[misc]  # as above
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""  # a link; the page has its own


class ChangePasswordForm(account_forms.ChangePasswordForm):  # type: ignore[misc]  # as above
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].help_text = ""  # as above


class ResetPasswordForm(account_forms.ResetPasswordForm):  # type: ignore[misc]  # as above
    """Does the same for every address, and takes the same time."""

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        if len(email) > LONGEST_EMAIL:
            raise ValidationError(_("This address is too long."))
        return email

    def save(self, request: HttpRequest, **_details: Any) -> str:
        email: str = self.cleaned_data["email"]
        passwords.request_reset(accounts.read_attempt(request, email=email, what=sign_ins.RESET))
        return email


class ResetTokenForm(account_forms.UserTokenForm):  # type: ignore[misc]  # as above
    def _get_user(self, uidb36: str) -> User | None:
        user: User | None = super()._get_user(uidb36)
        return user if user is not None and people.can_sign_in(user) else None
