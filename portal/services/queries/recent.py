"""What happened last over all customers: publishes, wherever they were requested, and operations of this portal.

For staff. Somebody who sees only some customers gets no operations on shared deployments, which may be about others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery

from portal.models import Connection, Customer, Deployment, Entry, Operation, Version
from portal.permissions import Person
from portal.services import open_words
from portal.services.queries import actions, attention_filters, outcomes, summaries
from portal.services.queries.attention_filters import AttentionFilters
from portal.services.queries.schemas import DENIED, Action, VersionSummary
from portal.services.queries.timeline_schemas import OperationEntry

MOST = 8
# Not further back, so that a customer without any event is not searched for among all entries.
_WITHIN = timedelta(days=30)
# Publishes of this portal are shown as their versions, so that more operations are read than shown.
_MOST_READ = 3 * MOST


@dataclass(frozen=True, slots=True)
class RecentEvent:
    """A publish (`version`) or an operation. `roll_back`: of the app, if the version is live now."""

    at: datetime
    customer_slug: str
    customer_name: str
    deployment_id: str
    deployment_name: str
    version: VersionSummary | None = None
    operation: OperationEntry | None = None
    roll_back: Action = DENIED


def list_recent(
    operations: Iterable[Operation], filters: AttentionFilters, connection: Connection, *, by: Person, now: datetime
) -> tuple[RecentEvent, ...]:
    """The newest first. `operations` are the newest ones, read `with_places`. One query."""
    changes = (each for each in operations if not (each.publishes and each.version_id))
    events = [describe_operation(each, by=by) for each in changes]
    events += [_describe_publish(row, connection, by=by) for row in _find_versions(filters, by=by, now=now)]
    return tuple(sorted(events, key=lambda event: event.at, reverse=True)[:MOST])


def find_operations(filters: AttentionFilters, *, by: Person) -> QuerySet[Operation]:
    """The newest ones. Checks of domains that changed nothing are none: waiting domains are checked all the time."""
    is_idle = Q(kind="verify_domain") & ~Q(result__has_key="is_verified")
    rows = attention_filters.filter_operations(Operation.objects.exclude(is_idle), filters, by=by)
    return rows.order_by("-pk")[:_MOST_READ]


def with_places(rows: QuerySet[Operation]) -> QuerySet[Operation]:
    """With the slug of the customer, and what is live on the deployment."""
    deployments = Deployment.objects.filter(miosa_id=OuterRef("deployment_id"))
    slugs = Customer.objects.filter(pk=OuterRef("customer_id")).values("slug")
    return rows.annotate(slug=Subquery(slugs), live_id=Subquery(deployments.values("active_version_id")))


def describe_operation(operation: Operation, *, by: Person) -> RecentEvent:
    """`operation` was read `with_places`."""
    places = vars(operation)
    name = open_words.show_text(operation.deployment_name, by=by)
    return RecentEvent(
        at=operation.requested_at,
        customer_slug=places["slug"] or "",
        customer_name=open_words.show_text(operation.customer_name, by=by),
        deployment_id=operation.actual_deployment_id,
        deployment_name=name,
        operation=OperationEntry(
            id=operation.pk,
            at=operation.requested_at,
            key=operation.key,
            kind=operation.kind,
            state=operation.state,
            deployment_id=operation.actual_deployment_id,
            deployment_name=name,
            version_id=operation.version_id,
            number=operation.target_number,
            from_version_id=operation.seen_live_id,
            from_number=operation.seen_live_number,
            who=operation.person_name,
            role=operation.person_role,
            reason=operation.reason,
            decision=operation.decision,
            is_unseen=operation.is_unconfirmed(live_id=places["live_id"] or ""),
            outcome=outcomes.get_outcome(operation, None, None),
        ),
    )


def _find_versions(filters: AttentionFilters, *, by: Person, now: datetime) -> QuerySet[Version]:
    entries = Entry.objects.filter(kind=Entry.Kind.VERSION, at__gte=now - _WITHIN)
    entries = attention_filters.filter_by_customer(entries, filters, by=by)
    if filters.people:
        is_by = attention_filters.match_people(filters.people, "published_by", "external_user_id")
        entries = entries.filter(version__in=Version.objects.filter(is_by).values("pk"))
    newest = entries.order_by("-at", "-id").values("version")[:MOST]
    related = ("customer", "deployment__customer", "deployment__live_version")
    return Version.objects.filter(pk__in=newest).select_related(*related)


def _describe_publish(version: Version, connection: Connection, *, by: Person) -> RecentEvent:
    deployment, customer = version.deployment, version.customer or version.deployment.customer
    deployment.staged_version, customer.connection = None, connection
    offered = actions.get_deployment_actions(deployment, customer, by=by)
    summary = summaries.summarize_version(version, deployment, by=by)
    return RecentEvent(
        at=summary.created_at,
        customer_slug=customer.slug,
        customer_name=open_words.show_text(customer.name, by=by),
        deployment_id=deployment.miosa_id,
        deployment_name=open_words.show_text(deployment.name, by=by),
        version=summary,
        roll_back=offered.roll_back if version.miosa_id == deployment.active_version_id else DENIED,
    )
