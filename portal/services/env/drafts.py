"""Typed → reviewed → applied as one operation. In between the values are sealed; the review shows names alone."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from portal.access import Person, Right
from portal.models import Customer, Deployment, EnvVar, Operation, SealedValues
from portal.services import actions, briefs, customers, deployments, doing, reasons
from portal.services.answers import CustomerHead, DeploymentBrief
from portal.services.env import dotenv, reading, sealing
from portal.services.errors import Invalid, NotFound, ServiceError
from portal.services.journal import accepting, tokens
from portal.services.journal.accepting import Wish
from portal.services.journal.kinds import Kind
from portal.services.operations import OperationPage
from portal.services.releases import Confirmed


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """`effect` is added, changed, kept or refused (`problem` says why). `key` is what `mend` knows it by.

    `name` is empty for what did not look like one: it may be a piece of a value, so only its `number` is shown.
    """

    key: str
    name: str
    number: int
    effect: str
    size: int
    problem: str
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """What will happen, by name. `expires_at`: then the values are forgotten."""

    key: uuid.UUID
    token: str
    customer: CustomerHead
    deployment: DeploymentBrief
    environment: str
    environments: tuple[str, ...]
    lines: tuple[ReviewLine, ...]
    unread: tuple[int, ...]
    expires_at: datetime
    may_apply: bool
    reasons: tuple[tuple[str, str], ...]
    reason_required: bool
    may_note: bool
    obstacle: str


@dataclass(frozen=True, slots=True)
class SetForm:
    """The empty form."""

    customer: CustomerHead
    deployment: DeploymentBrief
    environments: tuple[str, ...]
    obstacle: str


def draw(*, by: Person, slug: str, deployment_id: str, now: datetime) -> SetForm:
    """Raises NotFound, Forbidden."""
    customer, deployment = door(by=by, slug=slug, deployment_id=deployment_id)
    return SetForm(
        customer=briefs.head(customer, by=by),
        deployment=briefs.deployment(deployment, customer, by=by),
        environments=settings.MIOSA.environments,
        obstacle=doing.obstacle(deployment, now=now),
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
    chosen = doing.require_environment(environment)
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


def get_review(*, by: Person, slug: str, deployment_id: str, key: uuid.UUID, now: datetime) -> Review:
    """Raises NotFound once the values are gone, or for anybody but the person who typed them."""
    customer, deployment = door(by=by, slug=slug, deployment_id=deployment_id)
    row = _sealed(key, deployment, by=by, now=now)
    there = _names_there(deployment, row.environment)
    lines = tuple(_review_line(line, there) for line in row.lines if "unread" not in line)
    return Review(
        key=key,
        token=tokens.draw(Kind.SET_ENV, by=by, customer_id=customer.pk, deployment_id=deployment.miosa_id, key=key),
        customer=briefs.head(customer, by=by),
        deployment=actions.dress(briefs.deployment(deployment, customer, by=by), deployment, customer, by=by, now=now),
        environment=row.environment,
        environments=settings.MIOSA.environments,
        lines=lines,
        unread=_unread(row),
        expires_at=row.expires_at,
        may_apply=any(line.effect in {"added", "changed"} for line in lines),
        reasons=reasons.ready(Kind.SET_ENV),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=doing.obstacle(deployment, now=now),
    )


@sensitive_variables()
def mend(
    *, by: Person, slug: str, deployment_id: str, key: uuid.UUID, renamed: Mapping[str, str], now: datetime
) -> None:
    """Give lines other names (key → new), and leave out those renamed to nothing. Raises NotFound, Invalid.

    The values stay no longer than they would have.
    """
    _customer, deployment = door(by=by, slug=slug, deployment_id=deployment_id)
    row = _sealed(key, deployment, by=by, now=now)
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
    parsed = dotenv.Parsed(tuple(dotenv.without_doubles(lines)), _unread(row))
    _seal(parsed, key=key, by=by, deployment=deployment, environment=row.environment, expires_at=row.expires_at)


def apply(
    *, by: Person, slug: str, deployment_id: str, key: uuid.UUID, confirmed: Confirmed, now: datetime
) -> OperationPage:
    """Set what can be set, as one operation. Raises as `releases.release` does; NotFound once the values are gone."""
    customer, deployment = door(by=by, slug=slug, deployment_id=deployment_id)
    token = tokens.read(
        confirmed.token, Kind.SET_ENV, by=by, customer_id=customer.pk, deployment_id=deployment.miosa_id
    )
    if token.id != key:
        raise tokens.BadToken
    found = accepting.find(token)
    if found is not None:
        return doing.show(found, by=by, now=now)
    row = _sealed(key, deployment, by=by, now=now)
    reason, note = doing.require_reason(confirmed.choice, confirmed.reason, confirmed.note, by=by)
    good = [line["name"] for line in row.lines if line.get("name") and not line["problem"] and line["size"]]
    if not good:
        raise Invalid({"": _("Nothing here can be set.")})
    before = EnvVar.objects.filter(deployment=deployment).values_list("environment", "name")
    wish = Wish(
        token=token,
        by=by,
        customer=customer,
        deployment_name=deployment.name,
        environment=row.environment,
        reason=reason,
        note=note,
        override=doing.require_override(confirmed.override, by=by),
        body={"names": good, "before": sorted(map(list, before))},
    )
    return _send(wish, row, deployment=deployment, by=by, now=now)


def discard(*, by: Person, slug: str, deployment_id: str, key: uuid.UUID, now: datetime) -> None:
    """Forget what was typed, now instead of in ten minutes. Raises NotFound."""
    _customer, deployment = door(by=by, slug=slug, deployment_id=deployment_id)
    sealing.drop(_sealed(key, deployment, by=by, now=now).key)


def door(*, by: Person, slug: str, deployment_id: str) -> tuple[Customer, Deployment]:
    """The deployment, for somebody who may set its env vars. Raises NotFound, Forbidden."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id)
    doing.require_right(Right.SET_ENV, customer, deployment, by=by)
    return customer, deployment


def _send(wish: Wish, row: SealedValues, *, deployment: Deployment, by: Person, now: datetime) -> OperationPage:
    """From here the values stay only as long as the operation may be repeated; if it was not even accepted, as long as
    before.
    """
    kept = SealedValues.objects.filter(pk=row.pk)
    kept.update(expires_at=min(row.expires_at, now + sealing.LASTS_WITH_OPERATION))
    try:
        return doing.do(wish, deployment=deployment, obstacle="", by=by, now=now)
    except ServiceError:
        kept.update(expires_at=row.expires_at)
        raise


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


def _sealed(key: uuid.UUID, deployment: Deployment, *, by: Person, now: datetime) -> SealedValues:
    """Values that no operation has been made of yet: from then on they are what a repeat would send."""
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


def _unread(row: SealedValues) -> tuple[int, ...]:
    return tuple(next((line["unread"] for line in row.lines if "unread" in line), ()))


def _names_there(deployment: Deployment, environment: str) -> set[str]:
    there = EnvVar.objects.filter(deployment=deployment, environment__in=["", environment])
    return set(there.values_list("name", flat=True))


def _review_line(line: dict[str, Any], there: set[str]) -> ReviewLine:
    effect = (
        "refused"
        if line["problem"]
        else "kept"
        if not line["size"]
        else "changed"
        if line["name"] in there
        else "added"
    )
    return ReviewLine(
        key=line["key"],
        name=line["name"],
        number=line["number"],
        effect=effect,
        size=line["size"],
        problem=line["problem"],
        notices=(*line["notices"], *dotenv.about_name(line["name"], line["times"])),
    )
