"""Undo an operation: what its dialog shows, and submitting it. Recorded as an operation of its own."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from portal.models import Customer, Deployment, Operation, Version
from portal.permissions import Permission, Person
from portal.services.authorization import require_permission
from portal.services.errors import Conflict
from portal.services.operations import accept, reasons, releases
from portal.services.operations.accept import OperationRequest
from portal.services.operations.kinds import get_kind
from portal.services.operations.kinds.undo import Undo as UndoKind
from portal.services.operations.releases import ReleaseDialog
from portal.services.operations.submit import Authorized, get_owner, require_override, submit_request
from portal.services.operations.tokens import Confirmation, Subject, create_token, read_token
from portal.services.queries import customers, deployments
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.operations import find_row, get_page
from portal.services.queries.schemas import Undo
from portal.services.queries.undo import find_replaced_id, find_undo, may_undo


class NothingToUndo(Conflict):
    """Something else was changed since, or nobody knows for certain what was live before.

    `operation` is what was to be undone.
    """

    def __init__(self, operation: OperationPage) -> None:
        self.operation = operation
        super().__init__(_("This change can no longer be undone: something else was changed since. Nothing was sent."))


@dataclass(frozen=True, slots=True)
class _Opened:
    authorized: Authorized
    undone: Operation

    @property
    def deployment(self) -> Deployment:
        return self.authorized.existing

    def find(self) -> Undo | None:
        opened = self.authorized
        return find_undo(self.undone, self.deployment, opened.customer, by=opened.by, now=opened.now)

    def fail(self) -> NothingToUndo:
        return NothingToUndo(get_page(self.undone, by=self.authorized.by, now=self.authorized.now))


def create_undo_token(found: Undo, by: Person) -> str:
    """For the button that undoes with one click. Runs no query."""
    subject = Subject(UndoKind.name, found.customer_id, found.deployment_id, found.version_id)
    return create_token(subject, by=by, seen_live_id=found.live_id)


def explain(found: Undo) -> str:
    """The reason that the form has already: Undo of #24 → #23"""
    if found.number is None or found.live_number is None:
        return _("Undo of the last change")
    return _("Undo of #%(before)s → #%(after)s") % {"before": found.number, "after": found.live_number}


def get_dialog(key: UUID, *, by: Person, now: datetime) -> tuple[ReleaseDialog, Undo]:
    """Raises NotFound, Forbidden, NothingToUndo."""
    opened = _open(key, by=by, now=now)
    found = opened.find()
    if found is None:
        raise opened.fail()
    version = Version.objects.get(deployment=opened.deployment, miosa_id=found.version_id)
    token = create_undo_token(found, by)
    goes_back = (found.number or 0) < (found.live_number or 0)
    dialog = releases.describe(opened.authorized, version, token=token, candidates=(), goes_back=goes_back)
    return dialog, found


def submit(key: UUID, confirmation: Confirmation, *, by: Person, now: datetime) -> OperationPage:
    """Submitting a form twice returns the same operation.

    Raises NotFound, Forbidden, NothingToUndo, BadToken, Invalid, LaneBusy, Unavailable.
    """
    opened = _open(key, by=by, now=now)
    deployment = opened.deployment
    subject = opened.authorized.get_subject(find_replaced_id(opened.undone))
    token = read_token(confirmation.token, subject, by=by)
    accepted = accept.find_operation(token)
    if accepted is not None:
        return get_page(accepted, by=by, now=now)
    found = opened.find()
    if found is None:
        raise opened.fail()
    version = Version.objects.filter(deployment=deployment, miosa_id=found.version_id).first()
    request = OperationRequest(
        token=token,
        by=by,
        customer=get_owner(version, deployment, opened.authorized.customer, by=by),
        deployment_name=deployment.name,
        target_number=found.number,
        seen_live_number=found.live_number,
        reason=reasons.read_reason(confirmation.choice, confirmation.reason, by=by),
        note=reasons.read_note(confirmation.note, by=by),
        override=require_override(confirmation.override, by=by),
        undo_of=opened.undone.key,
    )
    return submit_request(request, deployment, now=now)


def _open(key: UUID, *, by: Person, now: datetime) -> _Opened:
    """Raises NotFound, Forbidden."""
    undone = find_row(by=by, key=key)
    slug = Customer.objects.filter(pk=undone.customer_id).values_list("slug", flat=True).first()
    customer = customers.get_customer(by=by, slug=slug or "")
    deployment = deployments.get_held(customer, undone.actual_deployment_id)
    if not may_undo(undone, customer, deployment, by=by):
        require_permission(Permission.ROLL_BACK, customer, deployment, by=by)
    return _Opened(Authorized(by, get_kind(UndoKind.name), customer, deployment, now), undone)
