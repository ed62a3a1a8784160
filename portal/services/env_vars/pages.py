"""What the pages about env vars show: the names, and the forms to set and delete some."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from portal.models import Customer, Deployment, EnvVar, EnvVarUpdate, Operation
from portal.permissions import Permission, Person
from portal.services import environments, open_words
from portal.services.authorization import can
from portal.services.env_vars import changes, drafts, names
from portal.services.errors import NotFound
from portal.services.operations import reasons
from portal.services.operations.kinds.delete_env import DeleteEnv
from portal.services.operations.kinds.set_env import SetEnv
from portal.services.operations.tokens import Subject, create_token
from portal.services.people import staff_names
from portal.services.queries import actions, ages, customers, deployments, summaries
from portal.services.queries.schemas import Action, Age, CustomerSummary, DeploymentSummary
from portal.services.sync import scopes

DOTS = "••••••••"
_VANISHED_SHOWN_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class EnvVarRow:
    """A name. `mask` is dots for people who may not set env vars. `environment` is empty if it applies to all of them.

    `changed_at` and `who` are of the last known change. `is_pending`: the live version does not have the value yet;
    it runs with an older one, or if `is_new` without any.
    """

    name: str
    mask: str
    environment: str
    changed_at: datetime | None
    who: str
    fingerprint: str
    is_pending: bool
    is_new: bool


@dataclass(frozen=True, slots=True)
class VanishedNames:
    """Names that existed before an operation set others, and don't exist since: MIOSA replaced them all."""

    names: tuple[str, ...]
    at: datetime
    operation_key: UUID


@dataclass(frozen=True, slots=True)
class EnvVarsPage:
    """`rows` are those of `total` whose names contain `search`. `pending` of all are not in the live version yet.

    `is_hidden`: on a shared deployment, a customer sees no env vars (docs/rules.md, 1). `set_obstacle` is why nothing
    can be set now. `redeploy` makes the live version run with the new values.
    """

    customer: CustomerSummary
    deployment: DeploymentSummary
    rows: tuple[EnvVarRow, ...]
    search: str
    total: int
    environments: tuple[str, ...]
    environment: str
    may_set: bool
    may_delete: bool
    is_hidden: bool
    pending: int
    vanished: VanishedNames | None
    redeploy: Action
    set_obstacle: str
    age: Age


@dataclass(frozen=True, slots=True)
class SetForm:
    """The form to set env vars. `obstacle` is why nothing can be set now."""

    customer: CustomerSummary
    deployment: DeploymentSummary
    environments: tuple[str, ...]
    obstacle: str


@dataclass(frozen=True, slots=True)
class DeleteForm:
    """The form to delete a name, in all of `environments`."""

    token: str
    customer: CustomerSummary
    deployment: DeploymentSummary
    name: str
    environments: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    reason_required: bool
    may_note: bool
    obstacle: str


def get_env_vars(
    *, by: Person, slug: str, deployment_id: str, environment: str = "", search: str = "", now: datetime
) -> EnvVarsPage:
    """Raises NotFound, also for an unknown environment. If MIOSA can't be reached: what is stored, with its age."""
    customer = customers.get_customer(by=by, slug=slug)
    deployment = deployments.get_held(customer, deployment_id)
    environment = environment or environments.get_main()
    if environment not in settings.MIOSA.environments:
        raise NotFound
    is_hidden = summaries.hides_others(deployment, by=by)
    if not is_hidden:
        names.refresh_if_stale(deployment, customer=customer, now=now)
    may_set = can(Permission.SET_ENV, customer, deployment, by=by)
    rows = () if is_hidden else _list_rows(deployment, environment, may_set=may_set, by=by)
    return EnvVarsPage(
        customer=summaries.summarize_customer(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by, now=now),
        rows=tuple(row for row in rows if search.casefold() in row.name.casefold()),
        search=search,
        total=len(rows),
        environments=settings.MIOSA.environments,
        environment=environment,
        may_set=may_set,
        may_delete=may_set and settings.MIOSA.deletes_env,
        is_hidden=is_hidden,
        pending=sum(row.is_pending for row in rows),
        vanished=None if is_hidden else _find_vanished(deployment, environment, now=now),
        redeploy=actions.get_deployment_actions(deployment, customer, by=by).redeploy,
        set_obstacle=actions.get_gone_obstacle(deployment) or actions.get_connection_obstacle(customer.connection),
        age=_get_age(deployment, customer, by=by, now=now),
    )


def get_set_form(*, by: Person, slug: str, deployment_id: str, now: datetime) -> SetForm:
    """Raises NotFound, Forbidden."""
    customer, deployment = drafts.get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    return SetForm(
        customer=summaries.summarize_customer(customer, by=by),
        deployment=summaries.summarize_deployment(deployment, customer, by=by),
        environments=settings.MIOSA.environments,
        obstacle=actions.get_connection_obstacle(customer.connection),
    )


def get_delete_form(*, by: Person, slug: str, deployment_id: str, name: str, now: datetime) -> DeleteForm:
    """Raises Forbidden, and NotFound also if there is no such name or names can't be deleted."""
    customer, deployment = drafts.get_deployment(by=by, slug=slug, deployment_id=deployment_id)
    environments = names.get_environments(deployment, name)
    if open_words.show_text(name, by=by) != name:
        raise NotFound
    return DeleteForm(
        token=create_token(Subject(DeleteEnv.name, customer.pk, deployment.miosa_id, name), by=by),
        customer=summaries.summarize_customer(customer, by=by),
        deployment=summaries.summarize_deployment(deployment, customer, by=by),
        name=name,
        environments=environments,
        reasons=reasons.list_reasons(DeleteEnv.reasons),
        reason_required=reasons.is_required(by),
        may_note=by.is_staff,
        obstacle=actions.get_connection_obstacle(customer.connection),
    )


def _list_rows(deployment: Deployment, environment: str, *, may_set: bool, by: Person) -> tuple[EnvVarRow, ...]:
    """Customers don't see the names that the hosting service sets for itself."""
    # A row without an environment applies to all of them, as far as is known (contract 10.7).
    stored = EnvVar.objects.filter(deployment=deployment, environment__in=["", environment]).order_by("name")
    updates = EnvVarUpdate.objects.filter(deployment_id=deployment.miosa_id, environment=environment)
    by_name = {update.name: update for update in updates}
    started_at = changes.find_started_at(deployment) if deployment.active_version_id else None
    pending = {update.name for update in by_name.values() if started_at and update.set_at > started_at}
    added = changes.list_added_names(deployment, environment, since=started_at) if started_at and pending else set()
    return tuple(
        _build_row(
            var,
            by_name.get(var.name),
            is_pending=var.name in pending,
            is_new=var.name in added,
            may_set=may_set,
            by=by,
        )
        for var in stored
        if open_words.show_text(var.name, by=by) == var.name
    )


def _build_row(
    var: EnvVar, update: EnvVarUpdate | None, *, is_pending: bool, is_new: bool, may_set: bool, by: Person
) -> EnvVarRow:
    return EnvVarRow(
        name=var.name,
        mask=(names.clean_mask(var.mask) or DOTS) if may_set else DOTS,
        environment=var.environment,
        changed_at=max(filter(None, (var.changed_at, update.set_at if update else None)), default=None),
        who=staff_names.show_person(update.person_name, update.person_role, by=by)[0] if update else "",
        fingerprint=update.fingerprint if update else "",
        is_pending=is_pending,
        is_new=is_new,
    )


def _find_vanished(deployment: Deployment, environment: str, *, now: datetime) -> VanishedNames | None:
    """Shown for a week, or until all of them exist again."""
    recent = Operation.objects.filter(
        deployment_id=deployment.miosa_id,
        kind=SetEnv.name,
        environment=environment,
        state=Operation.State.SUCCEEDED,
        requested_at__gt=now - _VANISHED_SHOWN_FOR,
    )
    existing = set(EnvVar.objects.filter(deployment=deployment).values_list("name", flat=True))
    for operation in recent.order_by("-pk")[:20]:
        vanished = tuple(name for name in operation.result.get("vanished", ()) if name not in existing)
        if vanished:
            return VanishedNames(vanished, operation.settled_at or operation.requested_at, operation.key)
    return None


def _get_age(deployment: Deployment, customer: Customer, *, by: Person, now: datetime) -> Age:
    freshness = scopes.get_freshness(names.get_scope(deployment.pk))
    return ages.get_age(customer, freshness, by=by, filling=False, now=now, fresh_for=2 * names.FRESH_FOR)
