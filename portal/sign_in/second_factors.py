"""Second factors: what differs from allauth's defaults. Their secrets are encrypted in the database."""

from __future__ import annotations

import base64
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from portal.services import sealing

PURPOSE = "second factor"


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    def get_totp_issuer(self) -> str:
        return str(settings.PORTAL_NAME)

    def _get_site_name(self) -> str:
        """For passkeys. allauth takes the host name."""
        return str(settings.PORTAL_NAME)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # allauth passes it by name
        return _("Passkey")

    @sensitive_variables()
    def encrypt(self, text: str) -> str:
        return base64.b64encode(sealing.seal(text.encode(), purpose=PURPOSE)).decode()

    @sensitive_variables()
    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(base64.b64decode(encrypted_text), purpose=PURPOSE).decode()
