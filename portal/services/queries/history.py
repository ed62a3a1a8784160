"""The history of one customer: every version, every change of what is live, newest first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F, OuterRef, Subquery

from portal.models import Customer, Deployment, Version
from portal.models.versions import get_created_at
from portal.permissions import Person
from portal.services.queries import actions, ages, customers, fills, filters, summaries, timeline
from portal.services.queries.filters import Choices, Filters, Query
from portal.services.queries.schemas import (
    DENIED,
    Action,
    Age,
    CustomerSummary,
    DeploymentSummary,
    Fill,
    VersionSummary,
)
from portal.services.queries.timeline import Page
from portal.services.queries.timeline_schemas import TimelineEntry
from portal.services.queries.timeline_search import Where

MOST_DEPLOYMENTS = 200


@dataclass(frozen=True, slots=True)
class History:
    """Everything on a customer's page. `notes` are sentences about filters that were ignored.

    `create` is to create an empty app, `publish` to publish a sandbox as a new one. `unlisted` counts the deployments
    beyond the listed ones.
    """

    customer: CustomerSummary
    deployments: tuple[DeploymentSummary, ...]
    page: Page
    filters: Filters
    choices: Choices
    age: Age
    last_publish: VersionSummary | None
    notes: tuple[str, ...] = field(default=())
    create: Action = DENIED
    publish: Action = DENIED
    unlisted: int = 0
    fill: Fill | None = None


def get_history(customer: Customer, *, by: Person, query: Query, now: datetime) -> History:
    """The page that `query` describes, with keys app, event, state, kind, person, project, from, to, q and cursor.

    Its values are those of a URL. One that names nothing of this customer is ignored with a note, so it never widens
    what is shown. Raises NotFound for a cursor that belongs to another list.
    """
    deployments = _list_deployments(customer, named=filters.read_deployment_ids(query))
    shown = [deployment for deployment in deployments if deployment.gone_at is None]
    parsed = filters.parse(query, customer=customer, deployments=deployments, by=by)
    create, publish = actions.get_create_actions(customer, by=by)
    page = timeline.get_customer_page(
        customer, deployments, where=parsed.where, cursor=filters.get_first(query, "cursor"), by=by, now=now
    )
    return History(
        customer=summaries.summarize_customer(customer, by=by),
        deployments=_summarize(shown, customer, by=by),
        page=page,
        filters=parsed.filters,
        choices=parsed.choices,
        age=ages.get_age(
            customer,
            customers.get_freshness(customer),
            by=by,
            filling=any(not deployment.is_filled for deployment in shown),
            changing=page.shows_build or any(summaries.is_being_built(deployment, by=by) for deployment in shown),
            now=now,
        ),
        last_publish=_find_last_publish(deployments, customer, by=by),
        notes=parsed.notes,
        create=create,
        publish=publish,
        fill=fills.count_unread(shown),
        unlisted=max(0, customer.deployments_count - len(deployments)) if len(deployments) >= MOST_DEPLOYMENTS else 0,
    )


def find_newer(customer: Customer, *, by: Person, query: Query, generation: str, now: datetime) -> History | Age:
    """The page again if anything on it changed since `generation`, else only its age."""
    if generation.partition(".")[0] == str(ages.get_generation(customer, by=by)):
        changing, filling = ages.read_flags(generation)
        freshness = customers.get_freshness(customer)
        age = ages.get_age(customer, freshness, by=by, filling=filling, changing=changing, now=now)
        if age.generation == generation:
            return age
    return get_history(customer, by=by, query=query, now=now)


def iterate_history(*, by: Person, slug: str, query: Query, now: datetime) -> Iterator[TimelineEntry]:
    """Every entry that these filters find, the newest first, read a page at a time. Raises NotFound at once."""
    customer = customers.get_customer(by=by, slug=slug)
    deployments = _list_deployments(customer, named=filters.read_deployment_ids(query))
    where = filters.parse(query, customer=customer, deployments=deployments, by=by).where
    return _iterate(customer, deployments, where, by=by, now=now)


def _iterate(
    customer: Customer, deployments: list[Deployment], where: Where, *, by: Person, now: datetime
) -> Iterator[TimelineEntry]:
    cursor = ""
    while True:
        page = timeline.get_customer_page(customer, deployments, where=where, cursor=cursor, by=by, now=now)
        yield from page.entries
        cursor = page.next_cursor
        if not cursor:
            return


def _list_deployments(customer: Customer, *, named: list[str]) -> list[Deployment]:
    """The customer's deployments with their versions, oldest first. Of very many the newest, and those `named`."""
    rows = Deployment.objects.held_by(customer.pk).for_summary()
    found = list(rows[: MOST_DEPLOYMENTS + 1])
    if len(found) > MOST_DEPLOYMENTS:
        newest_first = (F("gone_at").asc(nulls_first=True), F("created_at").desc(nulls_last=True), "-pk")
        found = list(rows.order_by(*newest_first)[:MOST_DEPLOYMENTS])
        known = {deployment.miosa_id for deployment in found}
        found += rows.filter(miosa_id__in=[miosa_id for miosa_id in named if miosa_id not in known])
    summaries.attach_versions(found)
    return sorted(found, key=lambda deployment: (deployment.created_at or deployment.first_seen_at, deployment.pk))


def _summarize(rows: Iterable[Deployment], customer: Customer, *, by: Person) -> tuple[DeploymentSummary, ...]:
    """`rows` are of `_list_deployments`. With their actions, the most urgent first."""
    found = (actions.summarize_with_actions(row, customer, by=by) for row in rows)
    return tuple(sorted(found, key=_get_urgency))


def _get_urgency(summary: DeploymentSummary) -> int:
    """0 for what visitors notice, then what somebody has to decide, then what is well."""
    signs = (
        summary.is_stopped,
        summary.last_failed,
        summary.on_rollback,
        summary.domains_waiting,
        summary.staged,
        summary.building,
    )
    return next((rank for rank, sign in enumerate(signs) if sign), len(signs))


def _find_last_publish(deployments: Iterable[Deployment], customer: Customer, *, by: Person) -> VersionSummary | None:
    by_pk = {deployment.pk: deployment for deployment in deployments}
    shared = [deployment for deployment in by_pk.values() if summaries.hides_others(deployment, by=by)]
    newest = [deployment.newest_version for deployment in by_pk.values() if deployment not in shared]
    if shared:
        newest += _list_own_newest(shared, customer)
    published = [
        version
        for version in newest
        if version is not None and version.created_at and summaries.can_see_version(version, customer, by=by)
    ]
    if not published:
        return None
    last = max(published, key=lambda version: (get_created_at(version), version.number or 0))
    return summaries.summarize_version(last, by_pk[last.deployment_id], by=by)


def _list_own_newest(shared: list[Deployment], customer: Customer) -> list[Version]:
    """The customer's own newest version on each: a shared deployment's newest may be another customer's."""
    own = Version.objects.filter(customer=customer, gone_at=None, is_readable=True, number__isnull=False)
    newest = own.filter(deployment=OuterRef("pk")).order_by("-number").values("pk")[:1]
    pks = Deployment.objects.filter(pk__in=[deployment.pk for deployment in shared]).values_list(Subquery(newest))
    return list(Version.objects.for_summary().filter(pk__in=pks))
