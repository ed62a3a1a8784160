"""The timeline of one customer: every version, every change of what is live, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import OuterRef, Subquery

from portal.models import Customer, Deployment, Entry, Operation, Version
from portal.permissions import Person
from portal.services.queries import actions, ages, customers, entries, filters, summaries, timeline
from portal.services.queries.entries import ActivationEntry, OperationEntry, VersionEntry
from portal.services.queries.filters import Choices, Filters
from portal.services.queries.schemas import NOT_YOURS, Action, Age, CustomerSummary, DeploymentSummary, VersionSummary
from portal.services.sync import refresh

Query = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a timeline. `next_cursor` is empty at the end. `searched_back_to` is set when the search stopped at its
    window before the
    page was full: nothing (more) was found back to then, and `next_cursor` looks further."""

    entries: tuple[VersionEntry | ActivationEntry | OperationEntry, ...]
    next_cursor: str
    searched_back_to: datetime | None


@dataclass(frozen=True, slots=True)
class History:
    """Everything on a customer's page. `notes` are sentences about filters that were ignored.

    `create` and `publish`: to make an empty app, and to publish a sandbox as a new one. `unlisted`: how many more apps
    there are than `deployments` holds.
    """

    customer: CustomerSummary
    deployments: tuple[DeploymentSummary, ...]
    page: Page
    filters: Filters
    choices: Choices
    age: Age
    last_publish: VersionSummary | None
    notes: tuple[str, ...] = field(default=())
    create: Action = NOT_YOURS
    publish: Action = NOT_YOURS
    unlisted: int = 0


def get_history(*, by: Person, slug: str, query: Query, now: datetime) -> History:
    """The page `query` asks for (keys app, state, kind, person, project, from, to, q, cursor; lists of raw values from
    the URL).

    Values that name nothing of this customer are ignored with a note, never widening what is shown. What is stale is
    drawn as it is and
    asked for; only if nothing is remembered yet, MIOSA is read first. Raises NotFound for a stranger's or unknown
    customer and for a
    cursor that was not made for it.
    """
    return _history(open_customer(by=by, slug=slug, now=now), by=by, query=query, now=now)


def open_customer(*, by: Person, slug: str, now: datetime) -> Customer:
    """Somebody looks at it: what is stale is asked for; if nothing is remembered yet, MIOSA is read first."""
    customer = customers.get_customer(by=by, slug=slug)
    row = customers.freshness_of(customer)
    if row is None or row.read_at is None:
        refresh.customer_if_stale(customer, row, wait=True, now=now)
        return customers.get_customer(by=by, slug=slug)
    refresh.ask_for_customer(customer, row, now=now)
    return customer


def find_newer(*, by: Person, slug: str, query: Query, generation: str, now: datetime) -> History | Age:
    """The page again if anything of it changed since `generation`, else only its age. Reads again first if what is
    remembered is stale.

    Raises NotFound as `get_history` does.
    """
    customer = customers.get_customer(by=by, slug=slug)
    row = customers.freshness_of(customer)
    if refresh.customer_if_stale(customer, row, now=now):
        customer = customers.get_customer(by=by, slug=slug)
        row = customers.freshness_of(customer)
    if generation.partition(".")[0] == str(customer.generation):
        filling = generation.endswith("1")
        age = ages.of(row, generation=customer.generation, filling=filling, now=now, connection_row=customer.connection)
        if age.generation == generation:
            return age
    return _history(customer, by=by, query=query, now=now)


def refresh_history(*, by: Person, slug: str, now: datetime) -> None:
    """Read this customer again from MIOSA, as somebody asked for it.

    Raises NotFound; Unavailable with words if MIOSA can't be asked or this person asks too often.
    """
    refresh.customer_now(customers.get_customer(by=by, slug=slug), by=by, now=now)


def read_page(found: timeline.Found, *, customer: Customer, held: Mapping[int, Deployment], by: Person) -> Page:
    """Draw what a search found. One query for the versions; more only for operations and deployments beyond `held`."""
    pks = {row.version for row in found.rows} | {row.other for row in found.rows}
    held = {**held, **_beyond(held, found)}
    versions = summaries.versions_of(held.values(), pks)
    asked = [row.subject for row in found.rows if row.kind == Entry.Kind.OPERATION]
    operations = Operation.objects.in_bulk(asked) if asked else {}
    found_entries = (entries.entry(row, versions, held, operations, customer=customer, by=by) for row in found.rows)
    return Page(
        entries=tuple(entry for entry in found_entries if entry is not None),
        next_cursor=found.next_cursor,
        searched_back_to=found.searched_back_to,
    )


def _beyond(held: Mapping[int, Deployment], found: timeline.Found) -> dict[int, Deployment]:
    """The deployments of a customer with very many that its page does not list, but its timeline speaks of."""
    missing = {row.deployment for row in found.rows} - set(held)
    if not missing:
        return {}
    return Deployment.objects.only(*summaries.OF_DEPLOYMENT).in_bulk(missing)


def _history(customer: Customer, *, by: Person, query: Query, now: datetime) -> History:
    held = summaries.list_held(customer, asked=filters.asked_apps(query))
    wanted = filters.read(query, customer=customer, held=held, by=by)
    cursor = (query.get("cursor") or [""])[0]
    found = timeline.search(
        scope=f"customer:{customer.pk}",
        customer_id=customer.pk,
        deployment_id=None,
        where=wanted.where,
        cursor=cursor,
    )
    create, publish = actions.get_create_actions(customer, by=by)
    page = read_page(found, customer=customer, held={one.pk: one for one in held}, by=by)
    return History(
        customer=summaries.head(customer, by=by),
        deployments=_apps(held, customer, by=by, now=now),
        page=page,
        filters=wanted.filters,
        choices=wanted.choices,
        age=ages.of(
            customers.freshness_of(customer),
            generation=customer.generation,
            filling=any(not one.is_filled for one in held if one.gone_at is None),
            now=now,
            connection_row=customer.connection,
        ),
        last_publish=_last_publish(held, customer, by=by),
        notes=wanted.notes,
        create=create,
        publish=publish,
        unlisted=max(0, customer.deployments_count - len(held)) if len(held) >= summaries.MOST_DEPLOYMENTS else 0,
    )


def _apps(held: list[Deployment], customer: Customer, *, by: Person, now: datetime) -> tuple[DeploymentSummary, ...]:
    return tuple(
        replace(
            summaries.deployment(one, customer, by=by), actions=actions.get_deployment_actions(one, customer, by=by)
        )
        for one in held
        if one.gone_at is None
    )


def _last_publish(held: list[Deployment], customer: Customer, *, by: Person) -> VersionSummary | None:
    shared = [one for one in held if summaries.hides_others(one, by=by)]
    newest = [one.newest_version for one in held if one not in shared and one.newest_version]
    if shared:
        newest += _own_newest(shared, customer)
    told = {one.created_at: one for one in newest if one.created_at and summaries.may_see(one, customer, by=by)}
    if not told:
        return None
    last = told[max(told)]
    return summaries.version(last, next(one for one in held if one.pk == last.deployment_id))


def _own_newest(shared: list[Deployment], customer: Customer) -> list[Version]:
    """The customer's own newest version on each: a shared app's newest may be another's, which must not show."""
    own = Version.objects.filter(customer=customer, gone_at=None, is_readable=True, number__isnull=False)
    newest = own.filter(deployment=OuterRef("pk")).order_by("-number").values("pk")[:1]
    pks = Deployment.objects.filter(pk__in=[one.pk for one in shared]).values_list(Subquery(newest))
    return list(Version.objects.filter(pk__in=pks).only(*summaries.OF_VERSION))
