"""Rows that need somebody: an app, a domain or an operation, each with its cause and what can be done."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import CharField, QuerySet, Value

from portal.models import Connection, Deployment, Domain, Operation
from portal.permissions import Person
from portal.services import open_words
from portal.services.domains import reports
from portal.services.domains.queries import summarize_domain
from portal.services.domains.schemas import DomainSummary
from portal.services.queries import actions, app_health, attention_filters, recent
from portal.services.queries.attention_filters import AttentionFilters, Problem
from portal.services.queries.schemas import DeploymentSummary
from portal.services.queries.timeline_schemas import OperationEntry

_VERSIONS = ("live_version", "staged_version", "newest_version")


@dataclass(frozen=True, slots=True)
class AttentionRow:
    """An app that needs somebody. `at`: since when, None if it is not known.

    `deployment` has its actions; it is None for a `domain` and an `operation`. `answers_badly`: so says the last check
    of what is live.
    """

    problem: Problem
    at: datetime | None
    customer_slug: str
    customer_name: str
    deployment_id: str
    deployment_name: str
    deployment: DeploymentSummary | None = None
    answers_badly: bool = False
    domain: DomainSummary | None = None
    operation: OperationEntry | None = None


def list_deployments(
    problems: Iterable[Problem],
    filters: AttentionFilters,
    connection: Connection,
    *,
    limit: slice,
    by: Person,
    now: datetime,
) -> list[AttentionRow]:
    """Those of each kind within `limit`. One query; a deployment with two kinds of problems is two rows."""
    parts = [
        _read(attention_filters.find_deployments(problem, filters, by=by, now=now)[limit], problem)
        for problem in problems
    ]
    if not parts:
        return []
    rows = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return [_describe(row, connection, by=by) for row in rows]


def _read(found: QuerySet[Deployment], problem: Problem) -> QuerySet[Deployment]:
    """The rows of a subquery with a limit, with what a summary needs."""
    rows = app_health.annotate_verdict(Deployment.objects.filter(pk__in=found.values("pk")))
    return rows.select_related("customer", *_VERSIONS).annotate(
        problem=Value(problem.value, output_field=CharField()),
    )


def _describe(row: Deployment, connection: Connection, *, by: Person) -> AttentionRow:
    row.customer.connection = connection
    problem = vars(row)["problem"]
    summary = actions.summarize_with_actions(row, row.customer, by=by)
    return AttentionRow(
        problem=Problem(problem),
        at=_get_time(row, Problem(problem)),
        customer_slug=row.customer.slug,
        customer_name=open_words.show_text(row.customer.name, by=by),
        deployment_id=row.miosa_id,
        deployment_name=summary.name,
        deployment=summary,
        answers_badly=vars(row)["verdict"] == Operation.Verdict.BAD,
    )


def _get_time(row: Deployment, problem: Problem) -> datetime | None:
    return {
        Problem.FAILED: row.failed_at,
        Problem.NOT_REFRESHED: row.requested_at,
        Problem.ROLLBACK: row.live_since,
        Problem.STAGED: row.staged_since,
    }.get(problem)


def list_domains(
    problems: Iterable[Problem], filters: AttentionFilters, *, limit: slice, by: Person, now: datetime
) -> list[AttentionRow]:
    """The same for domains."""
    parts = [_read_domains(attention_filters.find_domains(problem, filters, by=by)[limit]) for problem in problems]
    if not parts:
        return []
    rows = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return [_describe_domain(row, by=by, now=now) for row in rows]


def _read_domains(found: QuerySet[Domain]) -> QuerySet[Domain]:
    return Domain.objects.filter(pk__in=found.values("pk")).select_related("customer", "deployment__customer")


def _describe_domain(row: Domain, *, by: Person, now: datetime) -> AttentionRow:
    customer = row.customer or row.deployment.customer
    summary = summarize_domain(row, reports.find_report(row, now=now), now=now)
    return AttentionRow(
        problem=Problem.DOMAIN_FAILING if row.is_failing else Problem.DOMAIN_WAITING,
        at=row.drifted_at or row.created_at,
        customer_slug=customer.slug,
        customer_name=open_words.show_text(customer.name, by=by),
        deployment_id=row.deployment.miosa_id,
        deployment_name=open_words.show_text(row.deployment.name, by=by),
        # Without the times of its checks, which no row shows and which change all the time.
        domain=replace(summary, checked_at=None, next_check_at=None, is_being_checked=False),
    )


def describe_undecided(operation: Operation, *, by: Person) -> AttentionRow:
    """`operation` was read `recent.with_places`."""
    event = recent.describe_operation(operation, by=by)
    return AttentionRow(
        problem=Problem.UNKNOWN,
        at=event.at,
        customer_slug=event.customer_slug,
        customer_name=event.customer_name,
        deployment_id=event.deployment_id,
        deployment_name=event.deployment_name,
        operation=event.operation,
    )
