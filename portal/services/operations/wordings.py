"""Why env vars or a domain were refused, in words of their own."""

from django.utils.translation import gettext as _

from portal import miosa
from portal.services.operations.kinds import Kind

_ENV = frozenset({Kind.SET_ENV, Kind.DELETE_ENV})
_DOMAINS = frozenset({Kind.ADD_DOMAIN, Kind.DETACH_DOMAIN, Kind.REDIRECT_DOMAIN, Kind.VERIFY_DOMAIN})
_ABSENT = miosa.NotFound | miosa.NotSupported | miosa.Gone


def find(kind: Kind, error: miosa.MiosaError) -> str:
    """A sentence, or nothing where the general ones say it as well. Never who else holds a domain."""
    if kind in _ENV:
        return _of_env(kind, error)
    return _of_domain(kind, error) if kind in _DOMAINS else ""


def _of_env(kind: Kind, error: miosa.MiosaError) -> str:
    if kind is Kind.DELETE_ENV and isinstance(error, _ABSENT):
        return _("Deleting env vars is not supported by the hosting service.")
    if isinstance(error, miosa.Invalid | miosa.TooLarge):
        return _("The hosting service did not accept these names or values. It may keep some names for itself.")
    return ""


def _of_domain(kind: Kind, error: miosa.MiosaError) -> str:
    if kind is Kind.ADD_DOMAIN and isinstance(error, miosa.Conflict):
        return _(
            "This domain is attached already, here or somewhere else at the hosting service."
            " If it is yours and you don't see it, ask the platform's people."
        )
    if kind is Kind.ADD_DOMAIN and isinstance(error, miosa.Invalid):
        return _("The hosting service does not accept this name.")
    if kind is Kind.REDIRECT_DOMAIN and isinstance(error, _ABSENT):
        return _("Changing the redirect is not supported by the hosting service. Detach the domain and add it again.")
    if kind is Kind.VERIFY_DOMAIN and isinstance(error, miosa.Invalid | miosa.Conflict):
        return _("The check did not pass: the hosting service does not see the records yet.")
    if isinstance(error, _ABSENT):
        return _("The hosting service does not know this domain any more.")
    return ""
