from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Domain, Operation
from portal.permissions import Permission
from portal.services.operations.base import Detection, Labels, Response
from portal.services.operations.kinds._domain import DomainKind, list_domains, require_policy


class RedirectDomain(DomainKind):
    """Change where a custom domain redirects to."""

    name = "redirect_domain"
    permission = Permission.ADD_DOMAIN
    labels = Labels(
        done=_("redirect changed"),
        in_progress=_("redirect is being changed"),
        unknown=_("redirect may have been changed; we are checking"),
        not_done=_("redirect was not changed"),
    )
    title = _("Change a redirect of %(app)s")
    button = _("Change redirect")
    sending = _("Changing…")

    def clean_change(self, domain: Domain, value: str) -> dict[str, Any]:
        return {**super().clean_change(domain, value), "redirect_policy": require_policy(value)}

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        return client.domains.update(
            operation.deployment_id,
            operation.body["domain_id"],
            redirect_policy=operation.body["redirect_policy"],
            idempotency_key=key,
        )

    def explain_refusal(self, operation: Operation, error: miosa.MiosaError) -> str:
        if isinstance(error, miosa.NotFound | miosa.NotSupported | miosa.Gone):
            return gettext(
                "Changing the redirect is not supported by the hosting service. Remove the domain and add it again."
            )
        return ""

    def _detect(self, operation: Operation, client: miosa.Client) -> Detection:
        rows, is_complete = list_domains(operation, client)
        policies = [row.redirect_policy for row in rows if row.id == operation.body["domain_id"]]
        if not policies:
            return Detection.NOT_DONE if is_complete else Detection.HIDDEN
        return Detection.DONE if operation.body["redirect_policy"] in policies else Detection.NOT_DONE
