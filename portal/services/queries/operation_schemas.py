"""Operations, limited to what the person who looks may see."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.permissions import Role
from portal.services.queries.schemas import BuildOutcome, CustomerSummary, Undo


@dataclass(frozen=True, slots=True)
class OperationPage:
    """One operation, limited to what the person may see.

    `kind` is the name of one of `operations.kinds`. `version_id` and `number` are the version it concerns or published,
    `from_version_id` and `from_number` the version that was live when it was requested; another customer's are empty,
    except for people who see every customer. `note`, `sandbox` and `for_operators` are for staff,
    `upstream_request_id` for operators.

    `is_open`: it will still change, so a page polls. `needs_decision`: reading can't find the outcome, so a person has
    to decide. `is_unseen`: accepted, and its effect does not show yet. `is_main`: it concerns the environment that
    visitors see. `names` are those of env vars, `vanished` the names that no longer exist. `role` is the role the
    person had. `undo_of` is the key of the operation that it undoes. `outcome` is that of what it builds, None if that
    does not apply (yet), and `failure` why it failed, if that is known. `undo` is set on the operation's own page.
    """

    key: UUID
    kind: str
    state: str
    is_open: bool
    needs_decision: bool
    may_decide: bool
    customer_slug: str
    customer_name: str
    deployment_id: str
    deployment_name: str
    deployment_is_here: bool
    version_id: str
    number: int | None
    from_version_id: str
    from_number: int | None
    who: str
    role: Role | None
    reason: str
    undo_of: UUID | None
    outcome: BuildOutcome | None
    failure: str
    note: str
    environment: str
    is_main: bool
    requested_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    switched_at: datetime | None
    checked_at: datetime | None
    next_read_at: datetime | None
    verdict: str
    verdict_text: str
    by_reading: bool
    is_live: bool
    is_unseen: bool
    is_building: bool
    decided_by: str
    decision: str
    error_code: str
    error: str
    for_operators: str
    upstream_request_id: str
    undo: Undo | None
    sandbox: str
    names: tuple[str, ...]
    vanished: tuple[str, ...]
    domain: str


@dataclass(frozen=True, slots=True)
class OperationList:
    """`customer` is None for a list of all."""

    operations: tuple[OperationPage, ...]
    next_cursor: str
    customer: CustomerSummary | None
