from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Domain, Operation
from portal.permissions import Permission
from portal.services.errors import Invalid
from portal.services.operations.base import Detection, Labels, Response
from portal.services.operations.kinds._domain import DomainKind, list_domains


class DetachDomain(DomainKind):
    """Detach a custom domain."""

    name = "detach_domain"
    permission = Permission.DETACH_DOMAIN
    labels = Labels(
        done=_("domain removed"),
        in_progress=_("domain is being removed"),
        unknown=_("domain may have been removed; we are checking"),
        not_done=_("domain was not removed"),
    )
    title = _("Remove a domain from %(app)s")
    button = _("Remove domain")
    sending = _("Removing…")
    reasons = ("asked", "unused", "mistyped")

    def clean_change(self, domain: Domain, value: str) -> dict[str, Any]:
        if value.strip().lower() != domain.name:
            raise Invalid({"name": gettext("Type the domain exactly as shown above.")})
        return super().clean_change(domain, value)

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        return client.domains.delete(operation.deployment_id, operation.body["domain_id"], idempotency_key=key)

    def _detect(self, operation: Operation, client: miosa.Client) -> Detection:
        rows, is_complete = list_domains(operation, client)
        if any(row.id == operation.body["domain_id"] for row in rows):
            return Detection.NOT_DONE
        return Detection.DONE if is_complete else Detection.HIDDEN
