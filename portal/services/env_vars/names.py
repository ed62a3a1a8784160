"""The names on a deployment: read from MIOSA, remembered with an age, marked with who set them here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from portal.models import Deployment, EnvMark, EnvVar, Operation
from portal.permissions import Permission, Person
from portal.services.authorization import can
from portal.services.env_vars import reading
from portal.services.errors import NotFound
from portal.services.operations.kinds.delete_env import DeleteEnv
from portal.services.operations.kinds.redeploy import Redeploy
from portal.services.operations.kinds.set_env import SetEnv
from portal.services.queries import actions, ages, customers, deployments, summaries
from portal.services.queries.schemas import Action, Age, CustomerSummary, DeploymentSummary
from portal.services.sync import scopes

DOTS = "••••••••"
_VANISHED_TOLD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class EnvRow:
    """A name. `mask` is dots for those who may not set env. `waits`: what is live began before the last change."""

    name: str
    mask: str
    environment: str
    changed_at: datetime | None
    who: str
    fingerprint: str
    waits: bool


@dataclass(frozen=True, slots=True)
class Vanished:
    """Names that were there before somebody set others, and are not any more: the hosting service replaced instead of
    adding.
    """

    names: tuple[str, ...]
    at: datetime
    operation_key: UUID


@dataclass(frozen=True, slots=True)
class EnvPage:
    """`is_cut`: on a shared deployment a customer's person sees no env. `waits`: some change is not live yet.

    `redeploy`: the deed by which what is live takes the new values. `set_obstacle` says why nothing can be set now.
    """

    customer: CustomerSummary
    deployment: DeploymentSummary
    rows: tuple[EnvRow, ...]
    environments: tuple[str, ...]
    environment: str
    may_set: bool
    may_delete: bool
    is_cut: bool
    waits: bool
    vanished: Vanished | None
    redeploy: Action
    set_obstacle: str
    age: Age


def get_env(*, by: Person, slug: str, deployment_id: str, environment: str = "", now: datetime) -> EnvPage:
    """Raises NotFound. What can't be read now is shown from memory with its age."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.find_deployment(customer, deployment_id)
    known = settings.MIOSA.environments
    if environment and environment not in known:
        raise NotFound
    chosen = environment or known[0]
    is_cut = summaries.hides_others(deployment, by=by)
    if not is_cut:
        reading.read_if_stale(deployment, customer=customer, now=now)
    may_set = can(Permission.SET_ENV, customer, deployment, by=by)
    rows = () if is_cut else _rows(deployment, chosen, may_set=may_set)
    return EnvPage(
        customer=summaries.head(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by),
        rows=rows,
        environments=known,
        environment=chosen,
        may_set=may_set,
        may_delete=may_set and settings.MIOSA.deletes_env,
        is_cut=is_cut,
        waits=any(row.waits for row in rows),
        vanished=None if is_cut else _vanished(deployment, chosen, now=now),
        redeploy=actions.get_deployment_actions(deployment, customer, by=by).redeploy,
        set_obstacle=actions.get_gone_obstacle(deployment) or actions.get_connection_obstacle(customer.connection),
        age=ages.of(
            scopes.get_freshness(reading.scope(deployment.pk)),
            generation=customer.generation,
            filling=False,
            now=now,
            connection_row=customer.connection,
            fresh=2 * reading.FRESH,
        ),
    )


def count_changed(deployment: Deployment, *, since: datetime | None) -> int:
    """How many names of what is live got another value since then or went away, as far as the portal did it or MIOSA
    tells.
    """
    if since is None:
        return 0
    # Only the first environment's pointer moves; a name without an environment counts in each.
    its = {"environment__in": ["", settings.MIOSA.environments[0]]}
    set_here = EnvMark.objects.filter(deployment_id=deployment.miosa_id, set_at__gt=since, **its)
    told = EnvVar.objects.filter(deployment=deployment, changed_at__gt=since, **its)
    deleted = Operation.objects.filter(
        deployment_id=deployment.miosa_id,
        kind=DeleteEnv.name,
        state=Operation.State.SUCCEEDED,
        settled_at__gt=since,
    )
    names = {*set_here.values_list("name", flat=True), *told.values_list("name", flat=True)}
    return len(names.union(*(body["names"] for body in deleted.values_list("body", flat=True))))


def started_at(deployment: Deployment) -> datetime | None:
    """Since when what is live has run with the env it was started with: it went live, or was redeployed."""
    again = Operation.objects.filter(
        deployment_id=deployment.miosa_id, kind=Redeploy.name, state=Operation.State.SUCCEEDED
    )
    latest = again.exclude(verdict=Operation.Verdict.BAD).order_by("-settled_at").first()
    # Where it needed a build, it runs with them since that was built, and seen to answer.
    is_built = latest is not None and "build_id" in latest.result
    at = (latest.checked_at if is_built else latest.settled_at) if latest else None
    moments = [moment for moment in (deployment.live_since, at) if moment is not None]
    return max(moments, default=None)


def _rows(deployment: Deployment, environment: str, *, may_set: bool) -> tuple[EnvRow, ...]:
    marks = {
        mark.name: mark for mark in EnvMark.objects.filter(deployment_id=deployment.miosa_id, environment=environment)
    }
    since = started_at(deployment)
    rows = []
    # A row that names no environment belongs to all of them, as far as anybody can tell (contract 10.7).
    for var in EnvVar.objects.filter(deployment=deployment, environment__in=["", environment]).order_by("name"):
        mark = marks.get(var.name)
        changed_at = max(filter(None, (var.changed_at, mark.set_at if mark else None)), default=None)
        rows.append(
            EnvRow(
                name=var.name,
                mask=(var.mask or DOTS) if may_set else DOTS,
                environment=var.environment,
                changed_at=changed_at,
                who=mark.person_name if mark else "",
                fingerprint=mark.fingerprint if mark else "",
                waits=bool(since and mark and mark.set_at > since and deployment.active_version_id),
            )
        )
    return tuple(rows)


def _vanished(deployment: Deployment, environment: str, *, now: datetime) -> Vanished | None:
    """Told until they are back, or for a week."""
    done = Operation.objects.filter(
        deployment_id=deployment.miosa_id,
        kind=SetEnv.name,
        environment=environment,
        state=Operation.State.SUCCEEDED,
        asked_at__gt=now - _VANISHED_TOLD_FOR,
    )
    there = set(EnvVar.objects.filter(deployment=deployment).values_list("name", flat=True))
    for operation in done.order_by("-pk")[:20]:
        lost = tuple(name for name in operation.result.get("vanished", ()) if name not in there)
        if lost:
            return Vanished(lost, operation.settled_at or operation.asked_at, operation.key)
    return None
