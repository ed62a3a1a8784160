"""Create, rename, delete, redeploy and stop a deployment: what the dialog shows, and submitting it."""

from dataclasses import dataclass
from datetime import datetime

from portal.models import Customer, Operation, Version
from portal.permissions import Person
from portal.services.domains import fetch as domain_fetch
from portal.services.operations import reasons
from portal.services.operations.accept import OperationRequest
from portal.services.operations.submit import (
    Authorized,
    Dialog,
    DialogIds,
    authorize,
    find_number,
    get_dialog_facts,
    get_owner,
    require_override,
    submit_request,
)
from portal.services.operations.tokens import Confirmation, create_token, read_token
from portal.services.queries.operation_schemas import OperationPage


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentDialog(Dialog):
    """For a deletion, `versions_lost` and `domains_lost` are what is deleted with it.

    `versions_lost` is None while not all versions have been read.
    """

    versions_lost: int | None = None
    domains_lost: tuple[str, ...] = ()


def get_dialog(kind: str, ids: DialogIds, *, by: Person, now: datetime) -> DeploymentDialog:
    """Raises NotFound, Forbidden."""
    authorized = authorize(kind, ids, by=by, now=now)
    deployment = authorized.deployment
    live_id = deployment.active_version_id if deployment and authorized.kind.requires_same_live else ""
    facts = get_dialog_facts(
        authorized,
        token=create_token(authorized.get_subject(), by=by, seen_live_id=live_id),
        obstacle=authorized.kind.find_obstacle(deployment) if deployment else "",
    )
    if authorized.kind.deletes_deployment and deployment is not None:
        if deployment.is_filled:
            facts["versions_lost"] = Version.objects.filter(deployment=deployment).count()
        facts["domains_lost"] = domain_fetch.list_names(deployment, customer=authorized.customer, by=by, now=now)
    return DeploymentDialog(**facts)


def submit(
    kind: str, ids: DialogIds, confirmation: Confirmation, *, name: str = "", by: Person, now: datetime
) -> OperationPage:
    """`name`: the new one, or the present one typed to confirm a deletion. Raises as `releases.submit` does."""
    authorized = authorize(kind, ids, by=by, now=now)
    deployment = authorized.deployment
    token = read_token(confirmation.token, authorized.get_subject(), by=by)
    reason = reasons.read_reason(confirmation.choice, confirmation.reason, by=by)
    body = authorized.kind.clean_name(name, deployment, authorized.customer)
    request = OperationRequest(
        token=token if deployment else token.for_new_deployment(),
        by=by,
        customer=_get_customer(authorized),
        deployment_name=deployment.name if deployment else body["name"],
        seen_live_number=find_number(deployment, token.seen_live_id) if deployment else None,
        reason=reason,
        note=reasons.read_note(confirmation.note, by=by),
        override=require_override(confirmation.override, by=by),
        body=body,
    )
    obstacle = authorized.kind.find_obstacle(deployment) if deployment else ""
    return submit_request(request, deployment, obstacle=obstacle, now=now)


def _get_customer(authorized: Authorized) -> Customer:
    """A change of the live version belongs to that version's customer, any other to the page's customer."""
    if authorized.kind.concerns != Operation.Concerns.LIVE:
        return authorized.customer
    deployment = authorized.existing
    return get_owner(deployment.live_version, deployment, authorized.customer, by=authorized.by)
