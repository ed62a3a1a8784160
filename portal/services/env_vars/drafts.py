"""Drafts: what a person typed or pasted, stored encrypted until it is applied, renamed or discarded.

Each function works on a deployment that the person may set env vars of, and raises NotFound or Forbidden otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID, uuid4

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from portal.models import Customer, Deployment, EnvVar, EnvVarDraft, Operation
from portal.permissions import Permission, Person
from portal.services import environments
from portal.services.authorization import require_permission
from portal.services.env_vars import dotenv, encryption, names
from portal.services.env_vars.dotenv import ParsedFile
from portal.services.errors import Invalid, NotFound, ServiceError
from portal.services.operations import reasons
from portal.services.operations.accept import OperationRequest, find_operation
from portal.services.operations.kinds.set_env import SetEnv
from portal.services.operations.submit import require_override, submit_request
from portal.services.operations.tokens import BadToken, Confirmation, Subject, read_token
from portal.services.queries import customers, deployments
from portal.services.queries.operations import OperationPage, get_page


@dataclass(frozen=True, slots=True)
class TypedValues:
    """The fields of the form: one name and value, or a pasted file. An empty environment means the main one."""

    environment: str = ""
    name: str = ""
    value: str = field(default="", repr=False)
    pasted: str = field(default="", repr=False)


class StoredLine(TypedDict):
    """A line of a draft without its value; see `dotenv.Line`. `size` is in bytes."""

    key: str
    name: str
    number: int
    size: int
    problem: str
    notices: list[str]
    times: int


@sensitive_variables()
def create_draft(*, by: Person, slug: str, deployment_id: str, typed: TypedValues, now: datetime) -> UUID:
    """Store what was typed, and return the key of the draft. Raises Invalid, which quotes no value."""
    customer, deployment = get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    environment = environments.require_known(typed.environment)
    if typed.pasted.strip():
        parsed = dotenv.read_file(typed.pasted)
    else:
        parsed = ParsedFile((dotenv.read_pair(typed.name, typed.value),))
    names.refresh_if_stale(deployment, customer=customer, now=now)
    context = encryption.Context(uuid4(), by.id, deployment.miosa_id, environment)
    _store(parsed, context, expires_at=now + encryption.DRAFT_LIFETIME)
    return context.key


@sensitive_variables()
def rename_lines(
    *, by: Person, slug: str, deployment_id: str, key: UUID, renamed: Mapping[str, str], now: datetime
) -> None:
    """Give lines other names (key of the line to name), and remove those with an empty name. Raises Invalid.

    The draft expires when it would have.
    """
    _customer, deployment = get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    draft = get_draft(key, deployment, by=by, now=now)
    try:
        values = encryption.decrypt(draft, now=now)
    except encryption.ValuesUnavailable:
        raise NotFound from None
    lines = [
        _rename(line, renamed.get(line["key"], line["key"]).strip(), values[line["key"]])
        for line in list_lines(draft)
        if renamed.get(line["key"], line["key"]).strip()
    ]
    if not lines:
        raise Invalid({"": _("A draft needs at least one env var. To set none, cancel instead.")})
    parsed = ParsedFile(tuple(dotenv.merge_duplicates(lines)), tuple(draft.skipped))
    context = encryption.Context(key, by.id, deployment.miosa_id, draft.environment)
    _store(parsed, context, expires_at=draft.expires_at)


def discard_draft(*, by: Person, slug: str, deployment_id: str, key: UUID, now: datetime) -> None:
    """Delete it now instead of when it expires."""
    _customer, deployment = get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    encryption.delete_draft(get_draft(key, deployment, by=by, now=now).key)


def apply_draft(
    *, by: Person, slug: str, deployment_id: str, key: UUID, confirmation: Confirmation, now: datetime
) -> OperationPage:
    """Set the valid lines, as one operation. Submitting the form again finds the same operation.

    Raises NotFound once the draft has expired; BadToken, Invalid, LaneBusy, Unavailable as `releases.submit` does.
    """
    customer, deployment = get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    token = read_token(confirmation.token, Subject(SetEnv.name, customer.pk, deployment.miosa_id), by=by)
    if token.id != key:
        raise BadToken
    operation = find_operation(token)
    if operation is not None:
        return get_page(operation, by=by, now=now)
    draft = get_draft(key, deployment, by=by, now=now)
    request = OperationRequest(
        token=token,
        by=by,
        customer=customer,
        deployment_name=deployment.name,
        environment=draft.environment,
        reason=reasons.read_reason(confirmation.choice, confirmation.reason, by=by),
        note=reasons.read_note(confirmation.note, by=by),
        override=require_override(confirmation.override, by=by),
        body=_build_body(draft, deployment),
    )
    return _submit(request, draft, deployment=deployment, now=now)


def get_deployment(*, by: Person, slug: str, deployment_id: str) -> tuple[Customer, Deployment]:
    """For a person who may set its env vars. Raises NotFound, Forbidden."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.get_held(customer, deployment_id)
    require_permission(Permission.SET_ENV, customer, deployment, by=by)
    return customer, deployment


def get_draft(key: UUID, deployment: Deployment, *, by: Person, now: datetime) -> EnvVarDraft:
    """Raises NotFound if it is another person's, has expired, or was applied.

    An applied draft must not change, since it is what a repeat of the operation would send.
    """
    if Operation.objects.filter(key=key).exists():
        raise NotFound
    draft = EnvVarDraft.objects.filter(
        key=key, person_id=by.id, deployment_id=deployment.miosa_id, expires_at__gt=now
    ).first()
    if draft is None:
        raise NotFound
    return draft


def list_lines(draft: EnvVarDraft) -> list[StoredLine]:
    lines: list[StoredLine] = draft.lines
    return lines


def _rename(line: StoredLine, name: str, value: str) -> dotenv.Line:
    if name == line["key"] and not line["name"]:
        # It was given no name, so it keeps its problem.
        return dotenv.Line("", value, line["number"], line["problem"], tuple(line["notices"]))
    return dotenv.build_line(name, value, line["number"], line["notices"])


def _store(parsed: ParsedFile, context: encryption.Context, *, expires_at: datetime) -> None:
    lines = [
        StoredLine(
            key=line.key,
            name=line.name,
            number=line.number,
            size=line.size,
            problem=line.problem,
            notices=list(line.notices),
            times=line.times,
        )
        for line in parsed.lines
    ]
    values = {line.key: line.value for line in parsed.lines}
    encryption.store_draft(values, context, lines=lines, skipped=parsed.skipped, expires_at=expires_at)


def _build_body(draft: EnvVarDraft, deployment: Deployment) -> dict[str, Any]:
    """What the operation sets, and the names before it, so that names that vanish are noticed. Raises Invalid."""
    valid = [line["name"] for line in list_lines(draft) if line["name"] and line["size"] and not line["problem"]]
    if not valid:
        raise Invalid({"": _("Nothing can be set: no line has a valid name and a value.")})
    before = EnvVar.objects.filter(deployment=deployment).values_list("environment", "name")
    return {"names": valid, "before": sorted(map(list, before)), "draft_digest": encryption.get_digest(draft)}


def _submit(request: OperationRequest, draft: EnvVarDraft, *, deployment: Deployment, now: datetime) -> OperationPage:
    """From here the values are kept only as long as the operation may be sent again.

    If the operation is not even accepted, the draft is kept as long as before.
    """
    stored = EnvVarDraft.objects.filter(pk=draft.pk)
    stored.update(expires_at=min(draft.expires_at, now + encryption.OPERATION_LIFETIME))
    try:
        return submit_request(request, deployment, now=now)
    except ServiceError:
        stored.update(expires_at=draft.expires_at)
        raise
