"""Roll back and promote: what the dialog shows, and submitting it. Also keeping a rollback."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from portal.models import Deployment, Version
from portal.permissions import Permission, Person
from portal.services import environments
from portal.services.audit.record import record
from portal.services.authorization import require_permission
from portal.services.domains import fetch as domain_fetch
from portal.services.env_vars import changes as env_changes
from portal.services.errors import Conflict, NotFound
from portal.services.operations import reasons
from portal.services.operations.accept import OperationRequest
from portal.services.operations.kinds._pointer import PointerKind
from portal.services.operations.kinds.rollback import RollBack
from portal.services.operations.submit import (
    Authorized,
    Dialog,
    DialogIds,
    authorize,
    find_number,
    get_dialog_facts,
    get_owner,
    require_override,
    submit_request,
)
from portal.services.operations.tokens import Confirmation, create_token, read_token
from portal.services.queries import customers, deployments, live_periods, summaries
from portal.services.queries.actions import find_restore_obstacle, get_deployment_summary
from portal.services.queries.differences import Difference, list_differences
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.schemas import CustomerSummary, DeploymentSummary, VersionSummary
from portal.services.sync.upsert import customer_links

logger = logging.getLogger(__name__)
_MOST_CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version to choose. `cause` is why it can't go live; empty if it can."""

    version: VersionSummary
    is_last_good: bool
    cause: str


@dataclass(frozen=True, slots=True)
class Keeping:
    """The app whose rollback was kept, or is kept no longer."""

    customer: CustomerSummary
    deployment: DeploymentSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDialog(Dialog):
    """The dialog to roll back or promote to `target`.

    `target_from` and `target_until` are the last known period in which it was live. `env_changed` counts the env vars
    that were changed since then, or since it was built. `live_is_foreign`: the live version belongs to another
    customer. `environments` is empty if there is no choice, as is `candidates` for an undo. `goes_back`: the target is
    older than the live version.
    """

    deployment: DeploymentSummary
    goes_back: bool
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


def get_dialog(kind: str, ids: DialogIds, *, by: Person, now: datetime) -> ReleaseDialog:
    """Raises NotFound, Forbidden."""
    authorized, pointer_kind, version = _open(kind, ids, by=by, now=now)
    live_id = authorized.existing.active_version_id
    return describe(
        authorized,
        version,
        token=create_token(authorized.get_subject(version.miosa_id), by=by, seen_live_id=live_id),
        candidates=_list_candidates(authorized, pointer_kind),
        goes_back=pointer_kind.goes_back,
        environments=settings.MIOSA.environments if pointer_kind.chooses_environment else (),
    )


def describe(
    authorized: Authorized,
    version: Version,
    *,
    token: str,
    candidates: tuple[Candidate, ...],
    goes_back: bool,
    environments: tuple[str, ...] = (),
) -> ReleaseDialog:
    """The dialog to make `version` live."""
    by, now, customer, deployment = authorized.by, authorized.now, authorized.customer, authorized.existing
    live = deployment.live_version if summaries.can_see_version(deployment.live_version, customer, by=by) else None
    target_from, target_until = live_periods.find_last_times(deployment, version)
    since = target_until or version.created_at
    is_cut = summaries.hides_others(deployment, by=by)
    return ReleaseDialog(
        **get_dialog_facts(authorized, token=token, obstacle=find_restore_obstacle(version, deployment, now=now)),
        live=summaries.summarize_version(live, deployment, by=by) if live else None,
        live_is_foreign=live is None and bool(deployment.active_version_id),
        target=summaries.summarize_version(version, deployment, by=by),
        target_from=target_from,
        target_until=target_until,
        env_changed=0 if is_cut else env_changes.count_changed_names(deployment, since=since),
        candidates=candidates,
        goes_back=goes_back,
        changes=tuple(each for each in list_differences(live, version, by=by) if not each.same) if live else (),
        same_artifact=_has_same_artifact(live, version),
        artifact_sha256=version.artifact_sha256,
        domains=domain_fetch.list_names(deployment, customer=customer, by=by, now=now),
        environments=environments,
    )


def submit(kind: str, ids: DialogIds, confirmation: Confirmation, *, by: Person, now: datetime) -> OperationPage:
    """Submitting a form twice returns the same operation. MIOSA's errors are in the operation, never raised.

    Raises NotFound, Forbidden, BadToken, Invalid, LaneBusy, Unavailable.
    """
    authorized, pointer_kind, version = _open(kind, ids, by=by, now=now)
    customer, deployment = authorized.customer, authorized.existing
    token = read_token(confirmation.token, authorized.get_subject(version.miosa_id), by=by)
    environment = ""
    if pointer_kind.chooses_environment:
        environment = environments.require_known(confirmation.environment)
    request = OperationRequest(
        token=token,
        by=by,
        customer=get_owner(version, deployment, customer, by=by),
        deployment_name=deployment.name,
        target_number=version.number,
        seen_live_number=find_number(deployment, token.seen_live_id),
        environment=environment,
        reason=reasons.read_reason(confirmation.choice, confirmation.reason, by=by),
        note=reasons.read_note(confirmation.note, by=by),
        override=require_override(confirmation.override, by=by),
        body={"was_live": True} if version.was_live or version.state == "archived" else {},
    )
    obstacle = find_restore_obstacle(version, deployment, now=now)
    return submit_request(request, deployment, obstacle=obstacle, now=now)


def find_rollback_target(ids: DialogIds, *, by: Person, now: datetime) -> str:
    """MIOSA's id of the version to preselect: the last good one, else the newest older one that can be restored.

    Empty if there is none. Raises NotFound, Forbidden.
    """
    authorized = authorize(RollBack.name, ids, by=by, now=now)
    usable = [each for each in _list_candidates(authorized, RollBack()) if not each.cause]
    usable.sort(key=lambda each: (not each.is_last_good, not each.version.was_live))
    return usable[0].version.id if usable else ""


def keep_rollback(ids: DialogIds, live_id: str, *, is_kept: bool, by: Person, now: datetime) -> Keeping:
    """Shorten the rollback notice for everybody, or take that back.

    Raises NotFound, Forbidden, Conflict if another version is live by now.
    """
    customer = customers.get_customer(by=by, slug=ids.slug)
    deployment = deployments.get_held(customer, ids.deployment_id)
    require_permission(Permission.ROLL_BACK, customer, deployment, by=by)
    activation = live_periods.find_live_activation(deployment)
    if activation is None or activation.version_id != live_id:
        raise Conflict(_("Another version went live meanwhile. Check again."))
    if (activation.kept_at is not None) != is_kept:
        role = by.role_at(customer.pk) if is_kept else None
        activation.kept_at, activation.kept_by = (now, by.name[:200]) if is_kept else (None, "")
        activation.kept_by_role = role.value if role else ""
        with transaction.atomic():
            activation.save(update_fields=["kept_at", "kept_by", "kept_by_role"])
            Deployment.objects.filter(pk=deployment.pk).update(is_rollback_kept=is_kept)
            # On a shared deployment only staff see the notice.
            customer_links.bump_generation(deployment, ())
            kind = "rollback.kept" if is_kept else "rollback.no_longer_kept"
            owner = get_owner(deployment.live_version, deployment, customer, by=by)
            record(kind, by=by, customer=owner, target=deployment.name)
        event = "rollback kept" if is_kept else "rollback no longer kept"
        logger.info(event, extra={"deployment": deployment.miosa_id, "person": by.id})
    return Keeping(
        summaries.summarize_customer(customer, by=by),
        get_deployment_summary(deployment, customer, by=by, now=now),
    )


def _open(kind: str, ids: DialogIds, *, by: Person, now: datetime) -> tuple[Authorized, PointerKind, Version]:
    authorized = authorize(kind, ids, by=by, now=now)
    if not isinstance(authorized.kind, PointerKind):
        raise TypeError(f"{kind} makes no version live")
    version = Version.objects.filter(deployment=authorized.existing, miosa_id=ids.version_id).first()
    if version is None or not summaries.can_see_version(version, authorized.customer, by=by):
        raise NotFound
    return authorized, authorized.kind, version


def _list_candidates(authorized: Authorized, kind: PointerKind) -> tuple[Candidate, ...]:
    """Versions to choose from, newest first; those that can't go live with the cause."""
    deployment = authorized.existing
    rows = Version.objects.filter(deployment=deployment, number__isnull=False).exclude(
        miosa_id=deployment.active_version_id
    )
    if not authorized.by.sees_everyone:
        rows = rows.filter(customer=authorized.customer)
    live = deployment.live_version
    if live is not None and live.number is not None:
        rows = rows.filter(number__lt=live.number) if kind.goes_back else rows.filter(number__gt=live.number)
    good = None
    if kind.goes_back:
        good = live_periods.find_last_good(deployment, authorized.customer, by=authorized.by, now=authorized.now)
    return tuple(
        Candidate(
            version=summaries.summarize_version(version, deployment, by=authorized.by),
            is_last_good=good is not None and version.pk == good.version.pk,
            cause=find_restore_obstacle(version, deployment, now=authorized.now),
        )
        for version in rows.order_by("-number")[:_MOST_CANDIDATES]
    )


def _has_same_artifact(live: Version | None, target: Version) -> bool | None:
    """None where one of the hashes is not known."""
    if live is None or not live.artifact_sha256 or not target.artifact_sha256:
        return None
    return live.artifact_sha256 == target.artifact_sha256
