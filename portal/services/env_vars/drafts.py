"""What somebody typed or pasted, sealed until it is applied (`reviews.py`), mended or forgotten."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from portal.models import Customer, Deployment, Operation, SealedValues
from portal.permissions import Permission, Person
from portal.services import environments
from portal.services.authorization import require_permission
from portal.services.env_vars import dotenv, reading, sealing
from portal.services.errors import Invalid, NotFound
from portal.services.queries import actions, customers, deployments, summaries
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary


@dataclass(frozen=True, slots=True)
class SetForm:
    """The empty form."""

    customer: CustomerSummary
    deployment: DeploymentSummary
    environments: tuple[str, ...]
    obstacle: str


def draw(*, by: Person, slug: str, deployment_id: str, now: datetime) -> SetForm:
    """Raises NotFound, Forbidden."""
    customer, deployment = door(by=by, slug=slug, deployment_id=deployment_id)
    return SetForm(
        customer=summaries.head(customer, by=by),
        deployment=summaries.deployment(deployment, customer, by=by),
        environments=settings.MIOSA.environments,
        obstacle=actions.get_connection_obstacle(customer.connection),
    )


@sensitive_variables()
def draft(
    *,
    by: Person,
    slug: str,
    deployment_id: str,
    environment: str = "",
    name: str = "",
    value: str = "",
    pasted: str = "",
    now: datetime,
) -> uuid.UUID:
    """Seal what was typed or pasted, and give the key of its review. Raises NotFound, Forbidden, Invalid (which quotes
    no value).
    """
    customer, deployment = door(by=by, slug=slug, deployment_id=deployment_id)
    chosen = environments.require_known(environment)
    parsed = _read_paste(pasted) if pasted.strip() else dotenv.Parsed((_read_one(name, value),), ())
    key = uuid.uuid4()
    reading.read_if_stale(deployment, customer=customer, now=now)
    _seal(
        parsed,
        key=key,
        by=by,
        deployment=deployment,
        environment=chosen,
        expires_at=now + sealing.LASTS,
    )
    return key


@sensitive_variables()
def mend(
    *, by: Person, slug: str, deployment_id: str, key: uuid.UUID, renamed: Mapping[str, str], now: datetime
) -> None:
    """Give lines other names (key → new), and leave out those renamed to nothing. Raises NotFound, Invalid.

    The values stay no longer than they would have.
    """
    _customer, deployment = door(by=by, slug=slug, deployment_id=deployment_id)
    row = find(key, deployment, by=by, now=now)
    values = _unsealed(row, now=now)
    lines = []
    for told in row.lines:
        if "unread" in told:
            continue
        old = told["key"]
        name = renamed.get(old, old).strip()
        if name == old and not told["name"]:
            lines.append(dotenv.Line("", values[old], told["number"], told["problem"], tuple(told["notices"])))
        elif name:
            line = dotenv.checked(name, values[old], told["number"], told["notices"])
            lines.append(line)
    if not lines:
        raise Invalid({"": _("Nothing would be left. Cancel instead.")})
    parsed = dotenv.Parsed(tuple(dotenv.without_doubles(lines)), unread_of(row))
    _seal(parsed, key=key, by=by, deployment=deployment, environment=row.environment, expires_at=row.expires_at)


def discard(*, by: Person, slug: str, deployment_id: str, key: uuid.UUID, now: datetime) -> None:
    """Forget what was typed, now instead of in ten minutes. Raises NotFound."""
    _customer, deployment = door(by=by, slug=slug, deployment_id=deployment_id)
    sealing.drop(find(key, deployment, by=by, now=now).key)


def door(*, by: Person, slug: str, deployment_id: str) -> tuple[Customer, Deployment]:
    """The deployment, for somebody who may set its env vars. Raises NotFound, Forbidden."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id)
    require_permission(Permission.SET_ENV, customer, deployment, by=by)
    return customer, deployment


@sensitive_variables()
def _read_paste(pasted: str) -> dotenv.Parsed:
    if len(pasted) > dotenv.LONGEST_PASTE:
        raise Invalid({"pasted": _("This is too long to be read at once.")})
    parsed = dotenv.parse(pasted)
    if not parsed.lines:
        raise Invalid({"pasted": _("There is no NAME=value in this.")})
    if len(parsed.lines) > dotenv.MOST_LINES:
        raise Invalid({"pasted": _("At most %(most)s at a time.") % {"most": dotenv.MOST_LINES}})
    return parsed


@sensitive_variables()
def _read_one(name: str, value: str) -> dotenv.Line:
    if not name.strip() and not value:
        raise Invalid({"name": _("Type a name and a value, or paste a file.")})
    told = dotenv.problem(name.strip(), "")
    if told:
        raise Invalid({"name": told})
    line = dotenv.one(name, value)
    if line.problem:
        raise Invalid({"value" if line.name else "name": line.problem})
    if line.keeps:
        raise Invalid({"value": _("Type a value; an empty one changes nothing.")})
    return line


def find(key: uuid.UUID, deployment: Deployment, *, by: Person, now: datetime) -> SealedValues:
    """Values that no operation has been made of yet: from then on they are what a repeat would send.

    Raises NotFound.
    """
    if Operation.objects.filter(key=key).exists():
        raise NotFound
    row = SealedValues.objects.filter(
        key=key, person_id=by.id, deployment_id=deployment.miosa_id, expires_at__gt=now
    ).first()
    if row is None:
        raise NotFound
    return row


@sensitive_variables()
def _unsealed(row: SealedValues, *, now: datetime) -> sealing.Values:
    try:
        return sealing.unseal(row, now=now)
    except sealing.Unsealable:
        raise NotFound from None


@sensitive_variables()
def _seal(
    parsed: dotenv.Parsed,
    *,
    key: uuid.UUID,
    by: Person,
    deployment: Deployment,
    environment: str,
    expires_at: datetime,
) -> None:
    lines: list[dict[str, Any]] = [
        {
            "key": line.key,
            "name": line.name,
            "number": line.number,
            "size": line.size,
            "problem": line.problem,
            "notices": list(line.notices),
            "times": line.times,
        }
        for line in parsed.lines
    ]
    if parsed.unread:
        lines.append({"unread": list(parsed.unread)})
    sealing.seal(
        {line.key: line.value for line in parsed.lines},
        key=key,
        person_id=by.id,
        deployment_id=deployment.miosa_id,
        environment=environment,
        lines=lines,
        expires_at=expires_at,
    )


def unread_of(row: SealedValues) -> tuple[int, ...]:
    return tuple(next((line["unread"] for line in row.lines if "unread" in line), ()))
