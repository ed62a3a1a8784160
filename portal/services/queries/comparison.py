"""Two versions of a deployment compared: what differs, and what happened between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from portal.models import Activation, Customer, Deployment, Domain, EnvVar, Operation, Version
from portal.models.versions import get_created_at
from portal.permissions import Person
from portal.services import open_words
from portal.services.people import staff_names
from portal.services.queries import actions, builds, summaries, versions
from portal.services.queries.differences import Delta, Difference, get_delta, list_differences
from portal.services.queries.schemas import Actions, CustomerSummary, DeploymentSummary, VersionSummary
from portal.services.queries.timeline_schemas import ActivationKind

_MOST = 50
# Which differ between any two versions, so they say nothing about what visitors get.
_OF_THE_PUBLISH = ("who", "created_at")
_DONE = (Operation.State.SUCCEEDED, Operation.State.DECIDED)


@dataclass(frozen=True, slots=True)
class EnvChange:
    """A name was set, or deleted. `who` is empty if the change was made outside of this portal."""

    name: str
    environment: str
    at: datetime
    who: str
    role: str
    was_deleted: bool


@dataclass(frozen=True, slots=True)
class DomainChange:
    """A domain was added, or removed."""

    name: str
    at: datetime
    was_removed: bool


@dataclass(frozen=True, slots=True)
class LiveChange:
    """Another version went live without a publish. Empty texts and None are not known, or another customer's."""

    kind: ActivationKind
    at: datetime
    version_id: str
    number: int | None
    from_version_id: str
    from_number: int | None
    who: str
    role: str
    reason: str
    operation: UUID | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`delta` and `changed` lead from `left` to `right`; `equal` are the facts that both have in common.

    What happened between the two publishes: `versions` were published, newest first; `live_changes`, `env_changes` and
    `domain_changes`, oldest first. `has_more`: there was more than is listed. `choices` are versions to compare with.
    `offered` is the one of the two that is not live, with what can be done with it in `actions`; None if neither is.
    """

    customer: CustomerSummary
    deployment: DeploymentSummary
    left: VersionSummary
    right: VersionSummary
    delta: Delta
    changed: tuple[Difference, ...]
    equal: tuple[Difference, ...]
    versions: tuple[VersionSummary, ...]
    live_changes: tuple[LiveChange, ...]
    env_changes: tuple[EnvChange, ...]
    domain_changes: tuple[DomainChange, ...]
    has_more: bool
    choices: tuple[VersionSummary, ...]
    offered: VersionSummary | None
    actions: Actions


@dataclass(frozen=True, slots=True)
class _Scope:
    """The two versions, the period between their publishes, and through whom they were found."""

    customer: Customer
    deployment: Deployment
    left: Version
    right: Version
    by: Person

    @property
    def start(self) -> datetime:
        return min(get_created_at(self.left), get_created_at(self.right))

    @property
    def end(self) -> datetime:
        return max(get_created_at(self.left), get_created_at(self.right))

    @property
    def is_cut(self) -> bool:
        return summaries.hides_others(self.deployment, by=self.by)

    def summarize(self, version: Version) -> VersionSummary:
        return summaries.summarize_version(version, self.deployment, by=self.by)


def compare(*, by: Person, slug: str, deployment_id: str, from_id: str, to_id: str, now: datetime) -> Comparison:
    """Raises NotFound if either version is unknown or this person may not see it."""
    loaded = versions.load(by=by, slug=slug, deployment_id=deployment_id, version_id=from_id)
    customer, deployment, left = loaded.customer, loaded.deployment, loaded.version
    right = versions.get_own(deployment, to_id, customer, by=by)
    scope = _Scope(customer, deployment, left, right, by)
    facts = (*list_differences(left, right, by=by), *_compare_commits(scope))
    listed = [each for each in facts if each.name not in _OF_THE_PUBLISH]
    between, moved = _list_versions(scope), tuple(_list_live_changes(scope))
    env_changes, domain_changes = _list_env_changes(scope), _list_domain_changes(scope)
    offered = _find_offered(scope)
    return Comparison(
        customer=summaries.summarize_customer(customer, by=by),
        deployment=actions.get_deployment_summary(deployment, customer, by=by, now=now),
        left=scope.summarize(left),
        right=scope.summarize(right),
        delta=get_delta(left, right),
        changed=tuple(each for each in listed if not each.same),
        equal=tuple(each for each in listed if each.same and each.left not in {None, ""}),
        versions=tuple(map(scope.summarize, between[:_MOST])),
        live_changes=moved[:_MOST],
        env_changes=tuple(env_changes[:_MOST]),
        domain_changes=tuple(domain_changes[:_MOST]),
        has_more=any(len(each) > _MOST for each in (between, moved, env_changes, domain_changes)),
        choices=_list_choices(scope),
        offered=scope.summarize(offered) if offered else None,
        actions=actions.get_version_actions(offered, deployment, customer, by=by, now=now) if offered else Actions(),
    )


def _compare_commits(scope: _Scope) -> Iterator[Difference]:
    """Of versions that were built from a repository, as far as their builds were read."""
    commits = {
        build.id: f"{build.commit} {build.message}".strip()
        for build in builds.list_builds(scope.deployment, scope.customer, by=scope.by)
    }
    left, right = (commits.get(version.build_id, "") for version in (scope.left, scope.right))
    if left or right:
        yield Difference("commit", left, right)


def _list_versions(scope: _Scope) -> list[Version]:
    """Those between the two; one more than are shown."""
    numbers = [number for number in (scope.left.number, scope.right.number) if number is not None]
    if len(numbers) < 2:
        return []
    return list(_find_visible(scope, number__gt=min(numbers), number__lt=max(numbers))[: _MOST + 1])


def _list_choices(scope: _Scope) -> tuple[VersionSummary, ...]:
    """The newest, and in any case the two that are compared."""
    newest = list(_find_visible(scope, number__isnull=False)[:_MOST])
    known = {version.pk for version in newest}
    newest += [version for version in {scope.left, scope.right} if version.pk not in known]
    return tuple(map(scope.summarize, sorted(newest, key=lambda version: version.number or 0, reverse=True)))


def _find_visible(scope: _Scope, **where: Any) -> QuerySet[Version]:
    found = Version.objects.for_summary().filter(deployment=scope.deployment, **where).order_by("-number")
    return found if scope.by.sees_everyone else found.filter(customer=scope.customer)


def _find_offered(scope: _Scope) -> Version | None:
    others = [each for each in (scope.left, scope.right) if each.miosa_id != scope.deployment.active_version_id]
    return others[0] if len(others) == 1 else None


def _list_live_changes(scope: _Scope) -> Iterator[LiveChange]:
    """Rollbacks and promotions. A version that went live by its own publish is listed as a version."""
    moved = Activation.objects.filter(deployment_id=scope.deployment.miosa_id, has_entry=True)
    activations = list(moved.filter(at__gt=scope.start, at__lte=scope.end).order_by("at", "pk")[: _MOST + 1])
    ids = {miosa_id for each in activations for miosa_id in (each.version_id, each.previous_id)}
    stored = Version.objects.for_summary().filter(deployment=scope.deployment, miosa_id__in=ids) if ids else ()
    seen = {
        version.miosa_id: version
        for version in stored
        if summaries.can_see_version(version, scope.customer, by=scope.by)
    }
    keys = {each.operation_id for each in activations if each.operation_id}
    operations = {each.key: each for each in Operation.objects.filter(key__in=keys)} if keys else {}
    for activation in activations:
        version = seen.get(activation.version_id)
        if version is not None:
            operation = operations.get(activation.operation_id) if activation.operation_id else None
            yield _describe_live_change(activation, version, seen.get(activation.previous_id), operation, by=scope.by)


def _describe_live_change(
    activation: Activation, version: Version, previous: Version | None, operation: Operation | None, *, by: Person
) -> LiveChange:
    named = (operation.person_name, operation.person_role) if operation else ("", "")
    who, role = staff_names.show_person(*named, by=by)
    return LiveChange(
        kind=_get_kind(version, previous),
        at=activation.at,
        version_id=version.miosa_id,
        number=version.number,
        from_version_id=previous.miosa_id if previous else "",
        from_number=previous.number if previous else None,
        who=who,
        role=role,
        reason=operation.reason if operation else "",
        operation=operation.key if operation else None,
    )


def _get_kind(version: Version, previous: Version | None) -> ActivationKind:
    if previous is None or version.number is None or previous.number is None:
        return ActivationKind.WENT_LIVE
    return ActivationKind.ROLLED_BACK if version.number < previous.number else ActivationKind.PROMOTED


def _list_env_changes(scope: _Scope) -> list[EnvChange]:
    """Names only. By operations of this portal, and names that MIOSA reports as changed otherwise."""
    if scope.is_cut:
        return []
    requested = Operation.objects.filter(deployment_id=scope.deployment.miosa_id, body__has_key="names")
    requested = requested.filter(requested_at__gt=scope.start, requested_at__lte=scope.end, state__in=_DONE)
    changes = [
        change
        for operation in requested.exclude(decision="did_not").order_by("requested_at")[: _MOST + 1]
        for change in _describe_env_changes(operation, by=scope.by)
    ]
    known = {change.name for change in changes}
    reported = EnvVar.objects.filter(
        deployment=scope.deployment, changed_at__gt=scope.start, changed_at__lte=scope.end
    ).exclude(name__in=known)
    changes += [
        EnvChange(each.name, each.environment, each.changed_at, "", "", was_deleted=False)
        for each in reported[: _MOST + 1]
        if each.changed_at
    ]
    # Customers don't see the names that the hosting service sets for itself.
    shown = (each for each in changes if open_words.show_text(each.name, by=scope.by) == each.name)
    return sorted(shown, key=lambda change: change.at)


def _describe_env_changes(operation: Operation, *, by: Person) -> Iterator[EnvChange]:
    who, role = staff_names.show_person(operation.person_name, operation.person_role, by=by)
    was_deleted = bool(operation.body.get("is_deletion"))
    for name in operation.body["names"]:
        yield EnvChange(name, operation.environment, operation.requested_at, who, role, was_deleted)


def _list_domain_changes(scope: _Scope) -> list[DomainChange]:
    domains = Domain.objects.filter(deployment=scope.deployment)
    shown = domains if scope.by.sees_everyone else domains.filter(customer=scope.customer)
    moments = [
        (domain.name, at, was_removed)
        for domain in shown
        for at, was_removed in ((domain.created_at, False), (domain.gone_at, True))
    ]
    changes = [DomainChange(name, at, removed) for name, at, removed in moments if at and scope.start < at <= scope.end]
    return sorted(changes, key=lambda change: change.at)
