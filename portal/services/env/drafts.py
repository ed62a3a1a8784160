"""Typed → reviewed → applied as one operation. Between the steps the values are sealed; the review shows names alone."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from portal.access import Person, Right
from portal.models import Customer, Deployment, EnvVar, SealedValues
from portal.services import briefs, customers, deployments, doing, reasons
from portal.services.answers import CustomerHead, DeploymentBrief
from portal.services.env import dotenv, names, sealing
from portal.services.errors import Invalid, NotFound
from portal.services.journal import accepting, tokens
from portal.services.journal.accepting import Wish
from portal.services.journal.kinds import Kind
from portal.services.operations import OperationPage
from portal.services.releases import Confirmed


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """`effect` is added, changed, kept or refused (`problem` says why)."""

    name: str
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
    """Seal what was typed or pasted, and give the key of its review. Raises NotFound, Forbidden, Invalid (which quotes no value)."""
    customer, deployment = _door(by=by, slug=slug, deployment_id=deployment_id)
    chosen = doing.require_environment(environment)
    parsed = dotenv.parse(pasted) if pasted.strip() else dotenv.Parsed((dotenv.one(name, value),), ())
    if not parsed.lines:
        raise Invalid({"pasted": _("There is no NAME=value in this.")})
    if len(parsed.lines) > dotenv.MOST_LINES:
        raise Invalid({"pasted": _("At most %(most)s at a time.") % {"most": dotenv.MOST_LINES}})
    if not pasted.strip() and (parsed.lines[0].problem or parsed.lines[0].keeps):
        line = parsed.lines[0]
        raise Invalid(
            {"name": line.problem} if line.problem else {"value": _("Type a value; an empty one changes nothing.")}
        )
    key = uuid.uuid4()
    _seal(parsed, key=key, by=by, customer=customer, deployment=deployment, environment=chosen, now=now)
    return key


def get_review(*, by: Person, slug: str, deployment_id: str, key: uuid.UUID, now: datetime) -> Review:
    """Raises NotFound once the values are gone, or for anybody but the person who typed them."""
    customer, deployment = _door(by=by, slug=slug, deployment_id=deployment_id)
    row = _sealed(key, deployment, by=by, now=now)
    lines = tuple(_review_line(line, deployment, row.environment) for line in row.lines if "unread" not in line)
    unread: list[int] = next((line["unread"] for line in row.lines if "unread" in line), [])
    return Review(
        key=key,
        token=tokens.draw(Kind.SET_ENV, by=by, customer_id=customer.pk, deployment_id=deployment.miosa_id, key=key),
        customer=briefs.head(customer, by=by),
        deployment=briefs.deployment(deployment, customer, by=by),
        environment=row.environment,
        environments=settings.MIOSA.environments,
        lines=lines,
        unread=tuple(unread),
        expires_at=row.expires_at,
        may_apply=any(line.effect in {"added", "changed"} for line in lines),
        reasons=reasons.ready(),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=doing.obstacle(deployment, now=now),
    )


def mend(
    *, by: Person, slug: str, deployment_id: str, key: uuid.UUID, renamed: Mapping[str, str], now: datetime
) -> None:
    """Give lines other names (old → new), and leave out those renamed to nothing. Raises NotFound."""
    customer, deployment = _door(by=by, slug=slug, deployment_id=deployment_id)
    row = _sealed(key, deployment, by=by, now=now)
    values = sealing.unseal(row, now=now)
    lines = []
    for number, (old, value) in enumerate(values.items(), start=1):
        name = renamed.get(old, old).strip()
        if name:
            lines.append(dotenv.Line(name, value, number, dotenv.problem(name, value)))
    parsed = dotenv.Parsed(tuple({line.name: line for line in lines}.values()), ())
    _seal(parsed, key=key, by=by, customer=customer, deployment=deployment, environment=row.environment, now=now)


def apply(
    *, by: Person, slug: str, deployment_id: str, key: uuid.UUID, confirmed: Confirmed, now: datetime
) -> OperationPage:
    """Set what can be set, as one operation. Raises as `releases.release` does; NotFound once the values are gone."""
    customer, deployment = _door(by=by, slug=slug, deployment_id=deployment_id)
    token = tokens.read(
        confirmed.token, Kind.SET_ENV, by=by, customer_id=customer.pk, deployment_id=deployment.miosa_id
    )
    found = accepting.find(token)
    if found is not None:
        return doing.show(found, by=by, now=now)
    row = _sealed(key, deployment, by=by, now=now)
    if token.id != key:
        raise tokens.BadToken
    reason, note = doing.require_reason(confirmed.choice, confirmed.reason, confirmed.note, by=by)
    good = [line["name"] for line in row.lines if not line.get("problem") and line.get("size")]
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
    SealedValues.objects.filter(pk=row.pk).update(expires_at=now + sealing.LASTS_WITH_OPERATION)
    return doing.do(wish, deployment=deployment, obstacle="", by=by, now=now)


def delete(
    *, by: Person, slug: str, deployment_id: str, name: str, environment: str, confirmed: Confirmed, now: datetime
) -> OperationPage:
    """Delete a name, where MIOSA can and the setting allows. Raises as `apply` does."""
    customer, deployment = _door(by=by, slug=slug, deployment_id=deployment_id)
    if not settings.MIOSA.deletes_env or not EnvVar.objects.filter(deployment=deployment, name=name).exists():
        raise NotFound
    token = tokens.read(
        confirmed.token,
        Kind.DELETE_ENV,
        by=by,
        customer_id=customer.pk,
        deployment_id=deployment.miosa_id,
        target_id=name,
    )
    reason, note = doing.require_reason(confirmed.choice, confirmed.reason, confirmed.note, by=by)
    wish = Wish(
        token=tokens.Token(token.id, token.kind, token.customer_id, token.deployment_id, "", ""),
        by=by,
        customer=customer,
        deployment_name=deployment.name,
        environment=environment,
        reason=reason,
        note=note,
        body={"names": [name]},
    )
    return doing.do(wish, deployment=deployment, obstacle="", by=by, now=now)


def _door(*, by: Person, slug: str, deployment_id: str) -> tuple[Customer, Deployment]:
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id)
    doing.require_right(Right.SET_ENV, customer, deployment, by=by)
    return customer, deployment


def _sealed(key: uuid.UUID, deployment: Deployment, *, by: Person, now: datetime) -> SealedValues:
    row = SealedValues.objects.filter(
        key=key, person_id=by.id, deployment_id=deployment.miosa_id, expires_at__gt=now
    ).first()
    if row is None:
        raise NotFound
    return row


def _seal(
    parsed: dotenv.Parsed,
    *,
    key: uuid.UUID,
    by: Person,
    customer: Customer,
    deployment: Deployment,
    environment: str,
    now: datetime,
) -> None:
    names.read_if_stale(deployment, customer=customer, now=now)
    lines: list[dict[str, Any]] = [
        {"name": line.name, "size": line.size, "problem": line.problem, "notices": list(line.notices)}
        for line in parsed.lines
    ]
    if parsed.unread:
        lines.append({"unread": list(parsed.unread)})
    sealing.seal(
        {line.name: line.value for line in parsed.lines},
        key=key,
        person_id=by.id,
        deployment_id=deployment.miosa_id,
        environment=environment,
        lines=lines,
        now=now,
    )


def _review_line(line: dict[str, Any], deployment: Deployment, environment: str) -> ReviewLine:
    exists = EnvVar.objects.filter(deployment=deployment, environment__in=["", environment], name=line["name"]).exists()
    effect = "refused" if line["problem"] else "kept" if not line["size"] else "changed" if exists else "added"
    return ReviewLine(line["name"], effect, line["size"], line["problem"], tuple(line["notices"]))
