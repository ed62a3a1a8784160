"""Drafts: what a person typed or pasted, stored encrypted until it is applied, renamed or discarded.

Each function works on a deployment that the person may set env vars of, and raises NotFound or Forbidden otherwise.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from portal.models import Customer, Deployment, EnvVarDraft, Operation
from portal.permissions import Permission, Person
from portal.services import environments
from portal.services.audit.record import record
from portal.services.authorization import require_permission
from portal.services.env_vars import dotenv, encryption, lines, names
from portal.services.env_vars.dotenv import ParsedFile, TypedValues
from portal.services.env_vars.lines import Line
from portal.services.errors import Invalid, NotFound
from portal.services.queries import customers, deployments


class StoredLine(TypedDict):
    """A line of a draft without its value; see `lines.Line`."""

    key: str
    name: str
    number: int
    last: int
    size: int
    problem: str
    fault: str
    doubt: str
    notices: list[str]
    earlier: list[int]


@sensitive_variables()
def create_draft(*, by: Person, slug: str, deployment_id: str, typed: TypedValues, now: datetime) -> UUID:
    """Store what was typed, and return the key of the draft. Raises Invalid, which quotes no value."""
    customer, deployment = get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    environment = environments.require_known(typed.environment)
    if typed.pasted.strip():
        parsed = dotenv.read_file(typed.pasted)
    else:
        parsed = ParsedFile((dotenv.read_pair(typed.name, typed.value, is_name=typed.is_name),))
    names.refresh_if_stale(deployment, customer=customer, now=now)
    context = encryption.Context(uuid4(), by.id, deployment.miosa_id, environment)
    with transaction.atomic():
        _store(parsed, context, expires_at=now + encryption.DRAFT_LIFETIME)
        record("env_draft.typed", by=by, customer=customer, target=deployment.name)
    return context.key


@sensitive_variables()
def rename_lines(
    *, by: Person, slug: str, deployment_id: str, key: UUID, renamed: Mapping[str, str], now: datetime
) -> None:
    """Give lines other names (key of the line to name), and remove those with an empty name. Raises Invalid.

    The draft expires when it would have.
    """
    customer, deployment = get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    draft = get_draft(key, deployment, by=by, now=now)
    try:
        values = encryption.decrypt(draft, now=now)
    except encryption.ValuesUnavailable:
        raise NotFound from None
    kept = [
        _rename(line, renamed.get(line["key"], line["key"]).strip(), values[line["key"]])
        for line in list_lines(draft)
        if renamed.get(line["key"], line["key"]).strip()
    ]
    if not kept:
        raise Invalid({"": _("A draft needs at least one env var. To set none, cancel instead.")})
    parsed = ParsedFile(tuple(lines.merge_duplicates(kept)), tuple(draft.skipped))
    context = encryption.Context(key, by.id, deployment.miosa_id, draft.environment)
    with transaction.atomic():
        _store(parsed, context, expires_at=draft.expires_at)
        record("env_draft.typed", by=by, customer=customer, target=deployment.name)


def discard_draft(*, by: Person, slug: str, deployment_id: str, key: UUID, now: datetime) -> None:
    """Delete it now instead of when it expires."""
    customer, deployment = get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    draft = get_draft(key, deployment, by=by, now=now)
    with transaction.atomic():
        encryption.delete_draft(draft.key)
        record("env_draft.discarded", by=by, customer=customer, target=deployment.name)


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
    found: list[StoredLine] = draft.lines
    return found


def _rename(line: StoredLine, name: str, value: str) -> Line:
    """A valid name that was typed is taken as a name, even if it resembles none."""
    return Line(
        name=name if lines.is_valid_name(name) or lines.resembles_name(name) else "",
        value=value,
        number=line["number"],
        last=line["last"],
        fault=line["fault"],
        doubt=line["doubt"],
        notices=tuple(line["notices"]),
        earlier=tuple(line["earlier"]),
    )


def _store(parsed: ParsedFile, context: encryption.Context, *, expires_at: datetime) -> None:
    stored = [
        StoredLine(
            key=line.key,
            name=line.name,
            number=line.number,
            last=line.last,
            size=line.size,
            problem=line.problem,
            fault=line.fault,
            doubt=line.doubt,
            notices=list(line.notices),
            earlier=list(line.earlier),
        )
        for line in parsed.lines
    ]
    values = {line.key: line.value for line in parsed.lines}
    encryption.store_draft(values, context, lines=stored, skipped=parsed.skipped, expires_at=expires_at)
