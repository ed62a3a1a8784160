"""What is live, changed on purpose: roll back, promote, redeploy, stop."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from portal.models import Customer, Deployment, Version
from portal.permissions import Person
from portal.services.domains import lists as domain_lists
from portal.services.env_vars import names as env_names
from portal.services.errors import NotFound
from portal.services.operations import doing, reasons, tokens
from portal.services.operations.accepting import OperationRequest
from portal.services.operations.kinds import RULES, Kind
from portal.services.queries import actions, customers, deployments, summaries
from portal.services.queries.operations import OperationPage
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary, VersionSummary
from portal.services.queries.versions import Difference, differences
from portal.services.sync.upsert.customer_rows import get_unassigned

_MOST_CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that might be made live. `cause` says in words why it can't be; empty if it can."""

    version: VersionSummary
    is_last_good: bool
    cause: str


@dataclass(frozen=True, slots=True)
class ReleaseForm:
    """Everything on the dialog of a roll back or promotion. `obstacle` says why nothing can be confirmed now; empty
    if it can.

    `token` is the one human action; it is good for this target alone. `unknown` is an operation that staff may step
    over.
    `target_from` and `target_until` are the last time in which the target was live, as far as it is known.
    `env_changed` counts the names that got another value since then, or since the target was built.
    """

    kind: Kind
    token: str
    customer: CustomerSummary
    deployment: DeploymentSummary
    live: VersionSummary | None
    live_is_foreign: bool
    target: VersionSummary
    target_from: datetime | None
    target_until: datetime | None
    env_changed: int
    candidates: tuple[Candidate, ...]
    changes: tuple[Difference, ...]
    same_artifact: bool | None
    artifact_sha256: str
    domains: tuple[str, ...]
    environments: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    reason_required: bool
    may_note: bool
    obstacle: str
    unknown: UUID | None
    running: UUID | None
    running_name: str


@dataclass(frozen=True, slots=True)
class SimpleForm:
    """Everything on the dialog of a redeploy or stop."""

    kind: Kind
    token: str
    customer: CustomerSummary
    deployment: DeploymentSummary
    reasons: tuple[tuple[str, str], ...]
    reason_required: bool
    may_note: bool
    obstacle: str
    unknown: UUID | None = None
    running: UUID | None = None
    running_name: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a person sent with a form: the token, and why."""

    token: str
    choice: str = ""
    reason: str = ""
    note: str = ""
    environment: str = ""
    override: str = ""


def draw_release(
    *, by: Person, slug: str, deployment_id: str, version_id: str, kind: Kind, now: datetime
) -> ReleaseForm:
    """The form to roll back or promote to a version. Raises NotFound, Forbidden."""
    customer, deployment = _door(by=by, slug=slug, deployment_id=deployment_id, kind=kind)
    target = _version(deployment, version_id, customer, by=by)
    live = deployment.live_version if summaries.may_see(deployment.live_version, customer, by=by) else None
    lane = doing.look_at_lane(deployment, RULES[kind].lane, by=by, now=now)
    target_from, target_until = deployments.last_span(deployment, target)
    return ReleaseForm(
        kind=kind,
        token=tokens.draw(
            kind,
            by=by,
            customer_id=customer.pk,
            deployment_id=deployment.miosa_id,
            target_id=target.miosa_id,
            seen_live=deployment.active_version_id,
        ),
        customer=summaries.head(customer, by=by),
        deployment=summaries.deployment(deployment, customer, by=by),
        live=summaries.version(live, deployment) if live else None,
        live_is_foreign=live is None and bool(deployment.active_version_id),
        target=summaries.version(target, deployment),
        target_from=target_from,
        target_until=target_until,
        env_changed=0
        if summaries.hides_others(deployment, by=by)
        else env_names.count_changed(deployment, since=target_until or target.created_at),
        candidates=_candidates(deployment, customer, kind, by=by, now=now),
        changes=tuple(one for one in differences(live, target, by=by) if not one.same) if live else (),
        same_artifact=live.artifact_sha256 == target.artifact_sha256
        if live and live.artifact_sha256 and target.artifact_sha256
        else None,
        artifact_sha256=target.artifact_sha256,
        domains=domain_lists.list_names(deployment, customer=customer, by=by),
        environments=settings.MIOSA.environments if kind is Kind.PROMOTE else (),
        reasons=reasons.ready(kind),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=actions.why_not(target, deployment, now=now) or doing.obstacle(deployment, now=now),
        **asdict(lane),
    )


def find_rollback_target(*, by: Person, slug: str, deployment_id: str, now: datetime) -> str:
    """The version to preselect: the last good one, else the newest older one that can be restored; empty if there is
    none.

    Raises NotFound, Forbidden.
    """
    customer, deployment = _door(by=by, slug=slug, deployment_id=deployment_id, kind=Kind.ROLL_BACK)
    can = [one for one in _candidates(deployment, customer, Kind.ROLL_BACK, by=by, now=now) if not one.cause]
    can.sort(key=lambda one: (not one.is_last_good, not one.version.was_live))
    return can[0].version.id if can else ""


def release(
    *, by: Person, slug: str, deployment_id: str, version_id: str, kind: Kind, confirmed: Confirmed, now: datetime
) -> OperationPage:
    """Roll back or promote. The same form again finds the same operation.

    Raises NotFound, Forbidden, BadToken, Invalid (reason), Running, Unavailable; what MIOSA says is in the operation.
    """
    customer, deployment = _door(by=by, slug=slug, deployment_id=deployment_id, kind=kind)
    target = _version(deployment, version_id, customer, by=by)
    token = tokens.read(
        confirmed.token,
        kind,
        by=by,
        customer_id=customer.pk,
        deployment_id=deployment.miosa_id,
        target_id=target.miosa_id,
    )
    reason, note = doing.require_reason(confirmed.choice, confirmed.reason, confirmed.note, by=by)
    environment = doing.require_environment(confirmed.environment) if kind is Kind.PROMOTE else ""
    wish = OperationRequest(
        token=token,
        by=by,
        customer=_whose(target, deployment, customer, by=by),
        deployment_name=deployment.name,
        target_number=target.number,
        seen_live_number=_number(deployment, token.seen_live),
        environment=environment,
        reason=reason,
        note=note,
        override=doing.require_override(confirmed.override, by=by),
        body={"was_live": True} if target.was_live or target.state == "archived" else {},
    )
    return doing.do(wish, deployment=deployment, obstacle=actions.why_not(target, deployment, now=now), by=by, now=now)


def draw_simple(*, by: Person, slug: str, deployment_id: str, kind: Kind, now: datetime) -> SimpleForm:
    """The form to redeploy or stop. Raises NotFound, Forbidden."""
    customer, deployment = _door(by=by, slug=slug, deployment_id=deployment_id, kind=kind)
    lane = doing.look_at_lane(deployment, RULES[kind].lane, by=by, now=now)
    return SimpleForm(
        kind=kind,
        token=tokens.draw(
            kind,
            by=by,
            customer_id=customer.pk,
            deployment_id=deployment.miosa_id,
            seen_live=deployment.active_version_id,
        ),
        customer=summaries.head(customer, by=by),
        deployment=summaries.deployment(deployment, customer, by=by),
        reasons=reasons.ready(kind),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=_simple_obstacle(deployment, kind) or doing.obstacle(deployment, now=now),
        **asdict(lane),
    )


def do_simple(
    *, by: Person, slug: str, deployment_id: str, kind: Kind, confirmed: Confirmed, now: datetime
) -> OperationPage:
    """Redeploy or stop. Raises as `release` does."""
    customer, deployment = _door(by=by, slug=slug, deployment_id=deployment_id, kind=kind)
    token = tokens.read(confirmed.token, kind, by=by, customer_id=customer.pk, deployment_id=deployment.miosa_id)
    reason, note = doing.require_reason(confirmed.choice, confirmed.reason, confirmed.note, by=by)
    wish = OperationRequest(
        token=token,
        by=by,
        customer=_whose(deployment.live_version, deployment, customer, by=by),
        deployment_name=deployment.name,
        seen_live_number=_number(deployment, token.seen_live),
        reason=reason,
        note=note,
        override=doing.require_override(confirmed.override, by=by),
    )
    return doing.do(wish, deployment=deployment, obstacle=_simple_obstacle(deployment, kind), by=by, now=now)


def _door(*, by: Person, slug: str, deployment_id: str, kind: Kind) -> tuple[Customer, Deployment]:
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id)
    doing.require_right(RULES[kind].right, customer, deployment, by=by)
    return customer, deployment


def _version(deployment: Deployment, version_id: str, customer: Customer, *, by: Person) -> Version:
    version = Version.objects.filter(deployment=deployment, miosa_id=version_id).first()
    if version is None or not summaries.may_see(version, customer, by=by):
        raise NotFound
    return version


def _whose(version: Version | None, deployment: Deployment, customer: Customer, *, by: Person) -> Customer:
    """What is done to a version of a shared app stands under its customer, on whosever page it was asked for."""
    if version is None or not deployment.is_shared or not by.sees_everyone:
        return customer
    return version.customer or get_unassigned()


def _number(deployment: Deployment, version_id: str) -> int | None:
    numbers = Version.objects.filter(deployment=deployment, miosa_id=version_id).values_list("number", flat=True)
    return numbers.first()


def _candidates(
    deployment: Deployment, customer: Customer, kind: Kind, *, by: Person, now: datetime
) -> tuple[Candidate, ...]:
    """Versions that a person might think of, newest first, the impossible ones with their cause."""
    rows = Version.objects.filter(deployment=deployment, number__isnull=False).exclude(
        miosa_id=deployment.active_version_id
    )
    if not by.sees_everyone:
        rows = rows.filter(customer=customer)
    live = deployment.live_version
    if live is not None and live.number is not None:
        rows = rows.filter(number__gt=live.number) if kind is Kind.PROMOTE else rows.filter(number__lt=live.number)
    good = deployments.find_last_good(deployment, customer, by=by, now=now) if kind is Kind.ROLL_BACK else None
    return tuple(
        Candidate(
            version=summaries.version(version, deployment),
            is_last_good=good is not None and version.pk == good[0].pk,
            cause=actions.why_not(version, deployment, now=now),
        )
        for version in rows.order_by("-number")[:_MOST_CANDIDATES]
    )


def _simple_obstacle(deployment: Deployment, kind: Kind) -> str:
    if deployment.gone_at is not None:
        return actions.gone(deployment)
    if kind is Kind.REDEPLOY and not deployment.active_version_id:
        return _("Nothing is live, so there is nothing to deploy again.")
    if kind is Kind.STOP and deployment.state == "stopped":
        return _("It is stopped already.")
    return ""
