"""How customers see the platform's staff: as its support, unless SHOW_STAFF_NAMES lets them see names."""

from django.conf import settings
from django.utils.translation import gettext as _

from portal.permissions import Person, Role
from portal.services.brands.current import get_brand, get_requested_host

STAFF_ROLES = frozenset({Role.OPERATOR, Role.SUPPORT})


def show_person(name: str, role: str, *, by: Person) -> tuple[str, str]:
    """Name and role as `by` may see them. Where a name is hidden, the role is empty: the words say it all."""
    return (get_support_name(), "") if name and is_hidden(role, by=by) else (name, role)


def is_hidden(role: str, *, by: Person) -> bool:
    """Whether `by` may not see who somebody with this role is."""
    return role in STAFF_ROLES and not by.is_staff and not settings.SHOW_STAFF_NAMES


def get_support_name() -> str:
    """The words for staff, in the brand of the host that was requested."""
    return _("%(portal)s support") % {"portal": get_brand(get_requested_host()).name}
