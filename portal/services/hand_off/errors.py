"""Why a token is not accepted."""

from django.utils.translation import gettext as _

from portal.services.errors import ServiceError


class Refused(ServiceError):
    """People read the same whatever the `reason` is, which operators find in the audit log."""

    def __init__(self, reason: str) -> None:
        super().__init__(_("You could not be signed in. Open the portal again from the app you came from."))
        self.reason = reason
