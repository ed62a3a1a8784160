"""MIOSA's environments (`MIOSA_ENVIRONMENTS`). Only the first has a live version that MIOSA reports."""

from django.conf import settings
from django.utils.translation import gettext as _

from portal.services.errors import Invalid


def get_main() -> str:
    return settings.MIOSA.environments[0]


def is_main(environment: str) -> bool:
    """Whether visitors see this environment. An empty name means the first one."""
    return environment in {"", get_main()}


def require_known(environment: str) -> str:
    """The environment, or the first one for an empty name. Raises Invalid."""
    if environment and environment not in settings.MIOSA.environments:
        raise Invalid({"environment": _("There is no such environment.")})
    return environment or get_main()
