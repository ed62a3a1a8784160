"""Permission checks of the services."""

import logging

from django.core.cache import cache
from django.utils.translation import gettext as _

from portal.models import Customer, Deployment
from portal.permissions import Permission, Person, has_permission, who_can
from portal.services import people
from portal.services.errors import Forbidden, NotFound

logger = logging.getLogger(__name__)
_ATTEMPT_LOGGED_EVERY_S = 60


def can(permission: Permission, customer: Customer, deployment: Deployment | None, *, by: Person) -> bool:
    """Whether to show a button for this."""
    return has_permission(
        by,
        permission,
        customer_id=customer.pk,
        is_shared=deployment is not None and deployment.is_shared,
    )


def require_permission(
    permission: Permission, customer: Customer, deployment: Deployment | None, *, by: Person
) -> None:
    """Raises Forbidden with who can. The attempt is logged, once a minute for each person and permission."""
    if can(permission, customer, deployment, by=by):
        return
    if cache.add(f"refused:{by.id}:{permission}", 1, _ATTEMPT_LOGGED_EVERY_S):
        logger.warning("change refused", extra={"person": by.id, "right": permission, "customer": customer.slug})
    is_shared = deployment is not None and deployment.is_shared
    raise Forbidden(
        _("Your role doesn't include this."),
        who_can=who_can(permission, is_shared=is_shared, denied=people.list_denied([customer.pk])[customer.pk]),
    )


def require_platform_permission(permission: Permission, *, by: Person) -> None:
    """For pages of the whole platform. Raises NotFound: for people without the permission they don't exist."""
    if not has_permission(by, permission):
        raise NotFound
