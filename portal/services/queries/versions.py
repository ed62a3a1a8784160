"""One version: its facts and its history."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from portal.models import Activation, Customer, Deployment, Operation, Version
from portal.models.versions import UNFINISHED, get_created_at
from portal.permissions import Person
from portal.services import clean_text, open_words
from portal.services.errors import NotFound
from portal.services.people import staff_names
from portal.services.queries import actions, app_health, deployments, live_periods, retention, summaries
from portal.services.queries.app_health import AppCheck
from portal.services.queries.retention import Retention
from portal.services.queries.schemas import NOTHING, Actions, Age, CustomerSummary, DeploymentSummary, VersionSummary


@dataclass(frozen=True, slots=True)
class LoadedVersion:
    """A version with the deployment and customer it was found through.

    `failure` is the line of its log with the cause, if the log was read; MIOSA's row has none (contract 17.6).
    """

    customer: Customer
    deployment: Deployment
    version: Version
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A step in a version's history. `what` is created, went_live, replaced, archived or gone.

    `who`, `role` and `reason` are those of the operation of ours that caused it, `operation` is its key.
    """

    what: str
    at: datetime
    who: str = ""
    role: str = ""
    reason: str = ""
    operation: UUID | None = None


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Everything on a version's page. Empty texts and None are facts that MIOSA did not report.

    `failure` is one sentence, empty if the version did not fail. `moments` are in order, oldest first.
    `check` is the last check of a live version, `before` what was live before it; both are None for other versions.
    `source_sandbox`, `build_id` and `internals` (label, value) are for staff, and empty for a customer's people.
    """

    customer: CustomerSummary
    deployment: DeploymentSummary
    version: VersionSummary
    is_gone: bool
    failure: str
    retention: Retention
    moments: tuple[Moment, ...]
    entrypoint: str
    artifact_sha256: str
    source_sha256: str
    runtime_image: str
    runtime_command: str
    runtime_port: int | None
    health_check_path: str
    project: str
    source_sandbox: str
    build_id: str
    previous_id: str
    next_id: str
    internals: tuple[tuple[str, str], ...]
    age: Age
    actions: Actions = NOTHING
    may_note: bool = False
    check: AppCheck | None = None
    before: VersionSummary | None = None


@dataclass(frozen=True, slots=True)
class Offers:
    """The actions of a version in a timeline. For the live one they are the deployment's.

    `operation` is the key of ours that published it, None if there is none.
    """

    customer: CustomerSummary
    deployment: DeploymentSummary
    version: VersionSummary
    is_live: bool
    actions: Actions
    operation: UUID | None = None
    may_note: bool = False


def load(*, by: Person, slug: str, deployment_id: str, version_id: str) -> LoadedVersion:
    """Raises NotFound for unknown ids and for a version or customer that this person may not see."""
    customer, deployment = deployments.load(by=by, slug=slug, deployment_id=deployment_id)
    return LoadedVersion(customer, deployment, get_own(deployment, version_id, customer, by=by))


def get_version(loaded: LoadedVersion, *, by: Person, now: datetime) -> VersionPage:
    """Everything on its page."""
    customer, deployment, version = loaded.customer, loaded.deployment, loaded.version
    previous_id, next_id = _neighbours(version, customer, by=by)
    is_gone = version.gone_at is not None or deployment.gone_at is not None
    is_being_built = version.state in UNFINISHED and not is_gone
    shows_live = version.miosa_id == deployment.active_version_id and not summaries.hides_others(deployment, by=by)
    return VersionPage(
        customer=summaries.summarize_customer(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by, now=now),
        version=summaries.summarize_version(version, deployment, by=by),
        is_gone=is_gone,
        failure=_failure(loaded),
        retention=_retention(version, deployment, by=by, now=now),
        moments=_moments(version, deployment, by=by),
        entrypoint=open_words.show_text(version.entrypoint, by=by),
        artifact_sha256=version.artifact_sha256,
        source_sha256=version.source_sha256,
        runtime_image=open_words.show_text(version.runtime_image, by=by),
        runtime_command=open_words.show_text(version.runtime_command, by=by),
        runtime_port=version.runtime_port,
        health_check_path=open_words.show_text(version.health_check_path, by=by),
        project=open_words.show_text(version.external_project_id, by=by),
        source_sandbox=version.source_sandbox_id if by.is_staff else "",
        build_id=version.build_id if by.is_staff else "",
        previous_id=previous_id,
        next_id=next_id,
        internals=_internals(version, deployment) if by.is_staff else (),
        actions=_get_actions(version, customer, deployment, by=by, now=now),
        may_note=actions.may_write_note(customer, deployment, by=by),
        age=deployments.get_age(customer, deployment, by=by, shows_build=is_being_built, now=now),
        check=app_health.find_check(deployment) if shows_live else None,
        before=_find_before(customer, deployment, by=by, now=now) if shows_live else None,
    )


def get_offers(*, by: Person, slug: str, deployment_id: str, version_id: str, now: datetime) -> Offers:
    """Raises NotFound as `load` does."""
    loaded = load(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id)
    customer, deployment, version = loaded.customer, loaded.deployment, loaded.version
    return Offers(
        customer=summaries.summarize_customer(customer, by=by),
        deployment=summaries.summarize_deployment(deployment, customer, by=by),
        version=summaries.summarize_version(version, deployment, by=by),
        is_live=version.miosa_id == deployment.active_version_id,
        actions=_get_actions(version, customer, deployment, by=by, now=now),
        operation=version.publish_operation_id,
        may_note=actions.may_write_note(customer, deployment, by=by),
    )


def get_own(deployment: Deployment, version_id: str, customer: Customer, *, by: Person) -> Version:
    """Raises NotFound for an unknown id, and for a version that this person may not see."""
    version = Version.objects.filter(deployment=deployment, miosa_id=clean_text.make_storable(version_id)).first()
    if version is None or not summaries.can_see_version(version, customer, by=by):
        raise NotFound
    return version


def _get_actions(version: Version, customer: Customer, deployment: Deployment, *, by: Person, now: datetime) -> Actions:
    """For the live version they are the deployment's."""
    if version.miosa_id == deployment.active_version_id:
        return actions.get_deployment_actions(deployment, customer, by=by)
    return actions.get_version_actions(version, deployment, customer, by=by, now=now)


def _find_before(customer: Customer, deployment: Deployment, *, by: Person, now: datetime) -> VersionSummary | None:
    before = live_periods.find_earlier(deployment, customer, by=by, now=now).before
    return summaries.summarize_version(before.version, deployment, by=by) if before else None


def _failure(loaded: LoadedVersion) -> str:
    if loaded.version.state != "failed":
        return ""
    return loaded.failure or _("The build failed. Check the log for the cause.")


def _retention(version: Version, deployment: Deployment, *, by: Person, now: datetime) -> Retention:
    kept = retention.get_retention(version, is_live=version.miosa_id == deployment.active_version_id, now=now)
    if version.archived_at and kept.at and _was_replaced_by_another(version, deployment, by=by):
        return replace(kept, at=None)
    return kept


def _moments(version: Version, deployment: Deployment, *, by: Person) -> tuple[Moment, ...]:
    publisher = staff_names.show_person(version.published_by, version.published_by_role, by=by)
    created = Moment(
        "created", get_created_at(version), *publisher, version.publish_reason, version.publish_operation_id
    )
    activations = list(
        Activation.objects.filter(deployment_id=deployment.miosa_id)
        .filter(version_id=version.miosa_id)
        .order_by("at", "pk")[:50]
    )
    moments = _list_went_live(version, activations, by=by)
    if not activations and version.promoted_at:
        moments.append(Moment("went_live", version.promoted_at))
    if not summaries.hides_others(deployment, by=by):
        replaced = Activation.objects.filter(deployment_id=deployment.miosa_id, previous_id=version.miosa_id)
        moments += [Moment("replaced", activation.at) for activation in replaced.order_by("at", "pk")[:50]]
    if version.archived_at and not _was_replaced_by_another(version, deployment, by=by):
        moments.append(Moment("archived", version.archived_at))
    if version.gone_at:
        moments.append(Moment("gone", version.gone_at))
    # Created first, even if MIOSA's clock is ahead of ours.
    return created, *sorted(moments, key=lambda moment: moment.at)


def _list_went_live(version: Version, activations: list[Activation], *, by: Person) -> list[Moment]:
    """Of a publish that went live at once, person and reason are those of the moment when it was created."""
    keys = {each.operation_id for each in activations if each.operation_id} - {version.publish_operation_id}
    operations = {each.key: each for each in Operation.objects.filter(key__in=keys)} if keys else {}
    moments = []
    for activation in activations:
        operation = operations.get(activation.operation_id) if activation.operation_id else None
        if operation is None:
            moments.append(Moment("went_live", activation.at))
            continue
        who = staff_names.show_person(operation.person_name, operation.person_role, by=by)
        moments.append(Moment("went_live", activation.at, *who, operation.reason, operation.key))
    return moments


def _was_replaced_by_another(version: Version, deployment: Deployment, *, by: Person) -> bool:
    """Then the time would reveal when another customer's version went live."""
    if not summaries.hides_others(deployment, by=by):
        return False
    successors = Activation.objects.filter(deployment_id=deployment.miosa_id, previous_id=version.miosa_id)
    successor = successors.order_by("-pk").first()
    own = Version.objects.filter(deployment=deployment, customer=version.customer)
    return successor is None or not own.filter(miosa_id=successor.version_id).exists()


def _neighbours(version: Version, customer: Customer, *, by: Person) -> tuple[str, str]:
    """The older and the newer version this person may see."""
    if version.number is None:
        return "", ""
    rows = Version.objects.filter(deployment_id=version.deployment_id)
    if not by.sees_everyone:
        rows = rows.filter(customer=customer)
    older = rows.filter(number__lt=version.number).order_by("-number").values_list("miosa_id", flat=True).first()
    newer = rows.filter(number__gt=version.number).order_by("number").values_list("miosa_id", flat=True).first()
    return older or "", newer or ""


def _internals(version: Version, deployment: Deployment) -> tuple[tuple[str, str], ...]:
    facts = (
        (_("MIOSA's state"), version.state),
        (_("Created by"), version.created_by),
        (_("Attribution"), version.get_attribution_display()),
        (_("Workspace id"), deployment.workspace_id),
        (_("Project id"), deployment.project_id),
    )
    return tuple((label, value) for label, value in facts if value)
