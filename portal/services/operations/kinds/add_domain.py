from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Customer, Operation
from portal.permissions import Permission
from portal.services import clean_text
from portal.services.operations.base import Detection, Labels, Response
from portal.services.operations.kinds._domain import DomainKind, detect_domain


class AddDomain(DomainKind):
    """Attach a custom domain."""

    name = "add_domain"
    permission = Permission.ADD_DOMAIN
    labels = Labels(
        done=_("domain added"),
        in_progress=_("domain is being added"),
        unknown=_("domain may have been added; we are checking"),
        not_done=_("domain was not added"),
    )
    title = _("Add a domain to %(app)s")
    button = _("Add domain")
    sending = _("Adding…")

    def build_body(self, domain_name: str, policy: str, customer: Customer) -> dict[str, str]:
        attribution = {"external_workspace_id": customer.external_id} if customer.external_id else {}
        return {"domain": domain_name, "redirect_policy": policy, **attribution}

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        return client.domains.add(operation.deployment_id, idempotency_key=key, **operation.body)

    def explain_refusal(self, operation: Operation, error: miosa.MiosaError) -> str:
        if isinstance(error, miosa.Conflict):
            return gettext(
                "This domain is attached already, here or somewhere else at the hosting service."
                " If it is yours and you don't see it here, contact the platform's staff."
            )
        if isinstance(error, miosa.Invalid):
            return gettext("The hosting service does not accept this name.")
        return super().explain_refusal(operation, error)

    def _detect(self, operation: Operation, client: miosa.Client) -> Detection:
        def matches(row: miosa.Domain) -> bool:
            name: str = clean_text.clean_line(row.domain, most=253).lower().rstrip(".")
            return name == str(operation.body["domain"])

        return detect_domain(operation, client, matches=matches)
