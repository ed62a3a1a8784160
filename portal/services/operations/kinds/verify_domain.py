from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal import miosa
from portal.models import Deployment, Domain, Operation
from portal.models.domains import WORKING
from portal.permissions import Permission
from portal.services.operations.base import Detection, Labels, Response
from portal.services.operations.kinds._domain import DomainKind, detect_domain


class VerifyDomain(DomainKind):
    """Have MIOSA check the DNS records of a custom domain."""

    name = "verify_domain"
    permission = Permission.VERIFY_DOMAIN
    labels = Labels(
        done=_("domain checked"),
        in_progress=_("domain is being checked"),
        unknown=_("domain may have been checked; we are checking"),
        not_done=_("domain check did not pass"),
        in_timeline=_("domain verified"),
    )
    title = _("Check a domain of %(app)s")
    button = _("Check now")
    sending = _("Checking…")
    # It changes nothing, so no reason is needed.
    reasons = ()

    def call(self, client: miosa.Client, operation: Operation, *, key: str) -> Response:
        return client.domains.verify(operation.deployment_id, operation.body["domain_id"], idempotency_key=key)

    def explain_refusal(self, operation: Operation, error: miosa.MiosaError) -> str:
        if isinstance(error, miosa.Invalid | miosa.Conflict):
            return gettext("The check did not pass: the hosting service does not see the records yet.")
        return super().explain_refusal(operation, error)

    def _detect(self, operation: Operation, client: miosa.Client) -> Detection:
        """A check sets nothing, so what MIOSA reports now replaces the answer that was lost."""
        return detect_domain(operation, client, matches=lambda row: row.id == operation.body["domain_id"])

    def follow_up(self, operation: Operation, deployment: Deployment, client: miosa.Client, *, now: datetime) -> None:
        domain = Domain.objects.filter(deployment=deployment, miosa_id=operation.body["domain_id"])
        was_working = domain.filter(status__in=WORKING).exists()
        super().follow_up(operation, deployment, client, now=now)
        if not was_working and domain.filter(status__in=WORKING).exists():
            operation.result = {**operation.result, "is_verified": True}
            Operation.objects.filter(pk=operation.pk).update(result=operation.result)

    def is_in_timeline(self, operation: Operation) -> bool:
        """Most checks change nothing."""
        return bool(operation.result.get("is_verified"))
