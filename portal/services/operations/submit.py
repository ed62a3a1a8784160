"""What all dialogs share: permission, obstacles and reasons, and the path from a confirmed form to its operation."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError
from django.utils.translation import gettext as _

from portal import miosa
from portal.models import Connection, Customer, Deployment, Operation, Version
from portal.permissions import Permission, Person, has_permission, who_can
from portal.services.authorization import require_permission
from portal.services.errors import Forbidden, Invalid, NotFound, Unavailable
from portal.services.operations import accept, execute, heartbeat, reasons
from portal.services.operations.accept import OperationRequest
from portal.services.operations.base import Kind
from portal.services.operations.kinds import get_kind
from portal.services.operations.tokens import Subject
from portal.services.people import staff_names
from portal.services.queries import customers, deployments, summaries
from portal.services.queries.actions import get_connection_obstacle, get_gone_obstacle
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.operations import get_page
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.upsert import customer_rows
from portal.wakeup import notify_worker

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DialogIds:
    """What a dialog is about, by the ids in its URL. Without `deployment_id` a deployment is created."""

    slug: str
    deployment_id: str = ""
    version_id: str = ""
    domain_id: str = ""


@dataclass(frozen=True, slots=True)
class Authorized:
    """A person with the permission for a kind of operation, and the customer and deployment it is for."""

    by: Person
    kind: Kind
    customer: Customer
    deployment: Deployment | None
    now: datetime

    @property
    def existing(self) -> Deployment:
        """The deployment. Raises NotFound where one is created."""
        if self.deployment is None:
            raise NotFound
        return self.deployment

    def get_subject(self, target_id: str = "") -> Subject:
        deployment_id = self.deployment.miosa_id if self.deployment else "new"
        return Subject(self.kind.name, self.customer.pk, deployment_id, target_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """What every dialog shows. `obstacle` is why nothing can be confirmed now; empty if it can.

    `deployment` is None where one is created. `running` is the operation that holds the lane, requested by
    `running_name`; `unknown` is the same if this person may override it.
    """

    kind: Kind
    token: str
    customer: CustomerSummary
    deployment: DeploymentSummary | None
    reasons: tuple[tuple[str, str], ...]
    reason_required: bool
    may_note: bool
    obstacle: str
    unknown: UUID | None = None
    running: UUID | None = None
    running_name: str = ""


def authorize(kind_name: str, ids: DialogIds, *, by: Person, now: datetime) -> Authorized:
    """Raises NotFound, Forbidden."""
    kind = get_kind(kind_name)
    customer = customers.get_customer(by=by, slug=ids.slug)
    deployment = deployments.get_held(customer, ids.deployment_id) if ids.deployment_id else None
    require_permission(kind.permission, customer, deployment, by=by)
    return Authorized(by, kind, customer, deployment, now)


def get_dialog_facts(authorized: Authorized, *, token: str, obstacle: str = "", lane: str = "") -> dict[str, Any]:
    """The fields of `Dialog`. `lane` is set where the kind's own is not the whole name."""
    by, deployment = authorized.by, authorized.deployment
    held = None
    if deployment is not None:
        held = Operation.objects.find_blocking(deployment.miosa_id, lane or authorized.kind.lane, now=authorized.now)
    can_override = held is not None and has_permission(by, Permission.OVERRIDE_OPERATION)
    return {
        "kind": authorized.kind,
        "token": token,
        "customer": summaries.summarize_customer(authorized.customer, by=by),
        "deployment": summaries.summarize_deployment(deployment, authorized.customer, by=by) if deployment else None,
        "reasons": reasons.list_reasons(authorized.kind.reasons),
        "reason_required": reasons.is_required(by),
        "may_note": by.is_staff,
        "obstacle": get_gone_obstacle(deployment)
        or obstacle
        or get_connection_obstacle(authorized.customer.connection),
        "unknown": held.key if held and can_override and accept.can_override(held, now=authorized.now) else None,
        "running": held.key if held else None,
        "running_name": staff_names.show_person(held.person_name, held.person_role, by=by)[0] if held else "",
    }


def require_override(key: str, *, by: Person) -> UUID | None:
    """The operation that staff override, if the form names one. Raises Forbidden for other people, Invalid."""
    if not key:
        return None
    if not has_permission(by, Permission.OVERRIDE_OPERATION):
        raise Forbidden(
            _("Only the platform's staff can continue before it is finished."),
            who_can=who_can(Permission.OVERRIDE_OPERATION),
        )
    try:
        return UUID(key)
    except ValueError:
        raise Invalid({"override": _("There is no such operation.")}) from None


def get_owner(version: Version | None, deployment: Deployment, customer: Customer, *, by: Person) -> Customer:
    """On a shared deployment a change belongs to the version's customer, whichever page it was requested on."""
    if version is None or not deployment.is_shared or not by.sees_everyone:
        return customer
    return version.customer or customer_rows.get_unassigned()


def find_number(deployment: Deployment, version_id: str) -> int | None:
    live = deployment.live_version
    if live is not None and live.miosa_id == version_id:
        return live.number
    numbers = Version.objects.filter(deployment=deployment, miosa_id=version_id).values_list("number", flat=True)
    return numbers.first()


def submit_request(
    request: OperationRequest, deployment: Deployment | None, *, obstacle: str = "", now: datetime
) -> OperationPage:
    """Accept the request and execute it at once; a slow kind is left to the worker.

    Raises Invalid for an `obstacle`, Unavailable if MIOSA can't be reached, LaneBusy.
    """
    found = accept.find_operation(request.token)
    if found is not None:
        return get_page(found, by=request.by, now=now)
    obstacle = get_gone_obstacle(deployment) or obstacle
    if obstacle:
        raise Invalid({"": obstacle})
    require_reachable(request.customer.connection, deployment)
    operation, is_new = accept.accept(request, now=now)
    if is_new and not get_kind(operation.kind).runs_in_worker:
        try:
            execute.execute(operation)
        except OperationalError as error:
            # It is recorded. The worker goes on with it once the database can be written again.
            logger.warning("operation interrupted", extra={"operation": str(operation.key), "reason": str(error)})
        finally:
            heartbeat.release(operation)
            notify_worker()
    return get_page(operation, by=request.by, now=now, customer=request.customer if is_new else None)


def require_reachable(connection: Connection, deployment: Deployment | None) -> None:
    """Raises Unavailable. If MIOSA did not answer lately, one more request finds out whether it does now."""
    if not get_connection_obstacle(connection):
        return
    client = upstream.client(Purpose.READ)
    try:
        if deployment is not None:
            client.deployments.get(deployment.miosa_id)
        else:
            client.deployments.list(limit=1)
    except miosa.MiosaError as error:
        logger.info("still no answer", extra={"reason": error.code})
    connection.refresh_from_db()
    obstacle = get_connection_obstacle(connection)
    if obstacle:
        raise Unavailable(obstacle)
