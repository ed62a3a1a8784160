"""What was typed, by name alone, and applying it as one operation."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from portal.models import Deployment, EnvVar, SealedValues
from portal.permissions import Person
from portal.services.env_vars import dotenv, drafts, sealing
from portal.services.errors import Invalid, ServiceError
from portal.services.operations import reasons
from portal.services.operations.accept import OperationRequest, find_operation
from portal.services.operations.kinds.set_env import SetEnv
from portal.services.operations.submit import Confirmation, require_override, submit_request
from portal.services.operations.tokens import BadToken, Subject, create_token, read_token
from portal.services.queries import actions, summaries
from portal.services.queries.operations import OperationPage, get_page
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary


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
    customer: CustomerSummary
    deployment: DeploymentSummary
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


def get_review(*, by: Person, slug: str, deployment_id: str, key: uuid.UUID, now: datetime) -> Review:
    """Raises NotFound once the values are gone, or for anybody but the person who typed them."""
    customer, deployment = drafts.door(by=by, slug=slug, deployment_id=deployment_id)
    row = drafts.find(key, deployment, by=by, now=now)
    there = _names_there(deployment, row.environment)
    lines = tuple(_review_line(line, there) for line in row.lines if "unread" not in line)
    return Review(
        key=key,
        token=create_token(Subject(SetEnv.name, customer.pk, deployment.miosa_id), by=by, key=key),
        customer=summaries.head(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by),
        environment=row.environment,
        environments=settings.MIOSA.environments,
        lines=lines,
        unread=drafts.unread_of(row),
        expires_at=row.expires_at,
        may_apply=any(line.effect in {"added", "changed"} for line in lines),
        reasons=reasons.list_reasons(SetEnv.reasons),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=actions.get_connection_obstacle(customer.connection),
    )


def apply(
    *, by: Person, slug: str, deployment_id: str, key: uuid.UUID, confirmation: Confirmation, now: datetime
) -> OperationPage:
    """Set what can be set, as one operation. Raises as `releases.submit` does; NotFound once the values are gone."""
    customer, deployment = drafts.door(by=by, slug=slug, deployment_id=deployment_id)
    token = read_token(confirmation.token, Subject(SetEnv.name, customer.pk, deployment.miosa_id), by=by)
    if token.id != key:
        raise BadToken
    found = find_operation(token)
    if found is not None:
        return get_page(found, by=by, now=now)
    row = drafts.find(key, deployment, by=by, now=now)
    reason = reasons.read_reason(confirmation.choice, confirmation.reason, by=by)
    good = [line["name"] for line in row.lines if line.get("name") and not line["problem"] and line["size"]]
    if not good:
        raise Invalid({"": _("Nothing here can be set.")})
    before = EnvVar.objects.filter(deployment=deployment).values_list("environment", "name")
    request = OperationRequest(
        token=token,
        by=by,
        customer=customer,
        deployment_name=deployment.name,
        environment=row.environment,
        reason=reason,
        note=reasons.read_note(confirmation.note, by=by),
        override=require_override(confirmation.override, by=by),
        body={"names": good, "before": sorted(map(list, before)), "seal": sealing.seal_of(row)},
    )
    return _send(request, row, deployment=deployment, now=now)


def _send(request: OperationRequest, row: SealedValues, *, deployment: Deployment, now: datetime) -> OperationPage:
    """From here the values stay only as long as the operation may be repeated; if it was not even accepted, as long as
    before.
    """
    kept = SealedValues.objects.filter(pk=row.pk)
    kept.update(expires_at=min(row.expires_at, now + sealing.LASTS_WITH_OPERATION))
    try:
        return submit_request(request, deployment, now=now)
    except ServiceError:
        kept.update(expires_at=row.expires_at)
        raise


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
