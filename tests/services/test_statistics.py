"""Statistics: whose publishes are counted, on which day, and what counts as failed, rolled back and restored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import Activation, Customer, Deployment, Entry, Freshness, Holding, Version
from portal.permissions import Person, Role
from portal.services.errors import NotFound
from portal.services.queries import statistics
from portal.services.queries.statistics import Numbers
from portal.services.sync.upsert import customer_rows
from tests.services.conftest import PersonOf

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
STATES = {"archived": 5, "building": 2, "failed": 4, "ready": 3}


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def create_app(slug: str, app: str = "site", *, is_shared: bool = False) -> Deployment:
    customer = customer_rows.ensure_customer(slug)
    deployment, _created = Deployment.objects.get_or_create(
        miosa_id=f"dep_{app}",
        defaults={
            "customer": customer,
            "name": app.title(),
            "is_shared": is_shared,
            "first_seen_at": NOW,
            "requested_at": NOW,
        },
    )
    Holding.objects.get_or_create(customer=customer, deployment=deployment)
    return deployment


def publish(
    app: Deployment, number: int, at: datetime, *, slug: str = "", state: str = "archived", **columns: Any
) -> Version:
    customer = Customer.objects.get(slug=slug) if slug else app.customer
    version = Version.objects.create(
        deployment=app,
        miosa_id=f"ver_{app.pk}_{number}",
        customer=customer,
        attribution="own",
        number=number,
        state=state,
        created_at=at,
        first_seen_at=at,
        **columns,
    )
    Entry.objects.create(
        customer=customer,
        at=at,
        kind=Entry.Kind.VERSION,
        subject=version.pk,
        deployment=app.pk,
        version=version.pk,
        state=STATES[state],
        number=number,
    )
    return version


def activate(app: Deployment, version: Version, previous: Version | None, at: datetime, **columns: Any) -> None:
    """`version` goes live at `at` instead of `previous`."""
    Activation.objects.create(
        deployment_id=app.miosa_id,
        version_id=version.miosa_id,
        previous_id=previous.miosa_id if previous else "",
        at=at,
        seen_at=at,
        has_entry=previous is not None,
        **columns,
    )
    Version.objects.filter(pk=version.pk).update(live_from=at, live_until=None)
    if previous is not None:
        Version.objects.filter(pk=previous.pk).update(live_until=at)


def of_customer(slug: str, by: Person, days: int = 30) -> Numbers:
    return statistics.get_customer_insights(by=by, slug=slug, days=days, now=NOW).numbers


def test_each_customer_counts_its_own_versions_of_a_shared_app(operator: Person, person_of: PersonOf) -> None:
    app = create_app("acme", is_shared=True)
    create_app("zenith")
    publish(app, 1, NOW - DAY, slug="acme")
    publish(app, 2, NOW - DAY, slug="zenith", state="failed")
    publish(app, 3, NOW - DAY, slug="zenith")
    for by in (operator, person_of("acme")):
        acme = of_customer("acme", by)
        assert (acme.publishes, acme.failed) == (1, 0)
    zenith = of_customer("zenith", person_of("zenith"))
    assert (zenith.publishes, zenith.failed) == (2, 1)
    assert statistics.get_numbers(by=operator, days=30, now=NOW).publishes == 3


def test_a_shared_app_shows_its_whole_history_to_those_only_who_see_every_customer(
    operator: Person, person_of: PersonOf
) -> None:
    app = create_app("acme", is_shared=True)
    create_app("zenith")
    first = publish(app, 1, NOW - 3 * DAY, slug="acme")
    second = publish(app, 2, NOW - 2 * DAY, slug="zenith")
    activate(app, first, None, NOW - 3 * DAY)
    activate(app, second, first, NOW - 2 * DAY)
    activate(app, first, second, NOW - DAY)
    at: dict[str, Any] = {"slug": "acme", "deployment_id": app.miosa_id, "days": 30, "now": NOW}
    full = statistics.get_deployment_insights(by=operator, **at)
    assert [period.number for period in full.periods] == [1, 2, 1]
    assert (full.numbers.publishes, full.numbers.rolled_back) == (2, 1)
    cut = statistics.get_deployment_insights(by=person_of("acme"), **at)
    assert cut.is_cut
    assert cut.periods == ()
    assert (cut.numbers.publishes, cut.numbers.rolled_back, cut.numbers.restores.known) == (1, 0, 0)
    assert of_customer("acme", person_of("acme")).restores.known == 0


def test_staff_for_some_customers_count_these_alone(operator: Person) -> None:
    publish(create_app("acme"), 1, NOW - DAY, state="failed")
    publish(create_app("zenith", "shop"), 1, NOW - DAY, state="failed")
    acme = Customer.objects.get(slug="acme")
    support = Person(id=7, name="Ana", email="a@portal.test", staff=Role.SUPPORT, assigned=frozenset({acme.pk}))
    for by, names in ((operator, {"acme", "zenith"}), (support, {"acme"})):
        found = statistics.get_overview(by=by, days=30, now=NOW)
        assert found.numbers.publishes == len(names)
        assert {row.customer.slug for row in found.most_failed} == names


def test_customers_have_no_numbers_of_all(person_of: PersonOf) -> None:
    with pytest.raises(NotFound):
        statistics.get_numbers(by=person_of("acme"), days=30, now=NOW)
    with pytest.raises(NotFound):
        of_customer("zenith", person_of("acme"))


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("UTC", "2026-11-18T23:59", date(2026, 11, 18)),
        ("Europe/Berlin", "2026-11-18T23:00", date(2026, 11, 19)),
        ("America/New_York", "2026-11-18T04:59", date(2026, 11, 17)),
        ("Asia/Kolkata", "2026-11-18T18:29", date(2026, 11, 18)),
        ("Asia/Kolkata", "2026-11-18T18:30", date(2026, 11, 19)),
        ("Asia/Kathmandu", "2026-11-18T18:14", date(2026, 11, 18)),
        ("Asia/Kathmandu", "2026-11-18T18:15", date(2026, 11, 19)),
    ],
)
def test_a_publish_counts_on_the_readers_day(operator: Person, zone: str, at: str, day: date) -> None:
    publish(create_app("acme"), 1, datetime.fromisoformat(at).replace(tzinfo=UTC))
    with timezone.override(ZoneInfo(zone)):
        numbers = of_customer("acme", operator)
    assert [each.day for each in numbers.days if each.publishes] == [day]


def test_a_day_on_which_the_clock_changes_is_one_day(operator: Person) -> None:
    """In Berlin, 25 October 2026 has 25 hours."""
    app = create_app("acme")
    for number, hour in enumerate((22, 23, 24, 46)):
        publish(app, number, datetime(2026, 10, 24, tzinfo=UTC) + timedelta(hours=hour, minutes=30))
    with timezone.override(ZoneInfo("Europe/Berlin")):
        numbers = of_customer("acme", operator)
    assert {each.day: each.publishes for each in numbers.days if each.publishes} == {date(2026, 10, 25): 4}


def test_the_range_has_whole_days_and_today(operator: Person) -> None:
    app = create_app("acme")
    publish(app, 1, datetime(2026, 11, 13, 23, 59, tzinfo=UTC))
    publish(app, 2, datetime(2026, 11, 14, tzinfo=UTC))
    publish(app, 3, NOW)
    publish(app, 4, NOW + 2 * DAY)  # by a clock that is ahead
    numbers = of_customer("acme", operator, days=7)
    assert len(numbers.days) == 7
    assert [each.publishes for each in numbers.days] == [1, 0, 0, 0, 0, 0, 2]


def test_what_is_being_built_is_published_and_not_in_the_failure_rate(operator: Person) -> None:
    app = create_app("acme")
    for number, state in enumerate(("building", "failed", "ready", "archived", "archived")):
        publish(app, number, NOW - DAY, state=state)
    numbers = of_customer("acme", operator)
    assert (numbers.publishes, numbers.unfinished, numbers.failed) == (5, 1, 1)
    assert numbers.failure_rate == 0.25


def test_there_is_no_failure_rate_without_a_finished_publish(operator: Person) -> None:
    publish(create_app("acme"), 1, NOW - DAY, state="building")
    assert of_customer("acme", operator).failure_rate is None


def test_a_version_that_was_rolled_back_counts_as_failed_until_it_is_live_again(operator: Person) -> None:
    app = create_app("acme")
    good, bad = publish(app, 1, NOW - 9 * DAY), publish(app, 2, NOW - 2 * DAY)
    activate(app, good, None, NOW - 9 * DAY)
    activate(app, bad, good, NOW - 2 * DAY)
    activate(app, good, bad, NOW - 2 * DAY + timedelta(minutes=4))
    numbers = of_customer("acme", operator)
    assert numbers.rolled_back == 1
    assert numbers.failure_rate == 0.5
    assert (numbers.restores.median_s, numbers.restores.known) == (240, 1)
    activate(app, bad, good, NOW - DAY)
    cache.clear()
    numbers = of_customer("acme", operator)
    assert (numbers.rolled_back, numbers.restores.known) == (0, 0)


def test_a_promotion_is_no_rollback(operator: Person) -> None:
    app = create_app("acme")
    first, second = publish(app, 1, NOW - 9 * DAY), publish(app, 2, NOW - 2 * DAY)
    activate(app, first, None, NOW - 9 * DAY)
    activate(app, second, first, NOW - DAY, was_staged=True)
    assert of_customer("acme", operator).restores == statistics.Durations(None, 0, 0)


def test_it_is_unknown_how_long_a_version_was_live_if_nobody_saw_it_go_live(operator: Person) -> None:
    app = create_app("acme")
    good, bad = publish(app, 1, NOW - 9 * DAY), publish(app, 2, NOW - 8 * DAY)
    activate(app, good, bad, NOW - DAY)
    Version.objects.filter(pk=bad.pk).update(live_from=None)
    assert of_customer("acme", operator).restores == statistics.Durations(None, 0, 1)


def test_builds_of_unknown_duration_are_left_out_and_counted(operator: Person) -> None:
    app = create_app("acme")
    for number, seconds in enumerate((10, 30, 50)):
        publish(app, number, NOW - DAY, finished_at=NOW - DAY + timedelta(seconds=seconds))
    publish(app, 7, NOW - DAY)
    publish(app, 8, NOW - DAY, finished_at=NOW - 2 * DAY)
    publish(app, 9, NOW - DAY, state="building")
    publish(app, 10, NOW - 5 * DAY, finished_at=NOW - DAY)
    found = statistics.get_deployment_insights(by=operator, slug="acme", deployment_id=app.miosa_id, days=7, now=NOW)
    assert found.numbers.builds == statistics.Durations(30, 3, 3)
    assert len(found.builds) == 6


def test_what_was_live_when_from_activations_and_before_them_from_the_versions(operator: Person) -> None:
    app = create_app("acme")
    at = [NOW - 9 * DAY, NOW - 5 * DAY, NOW - DAY]
    publish(app, 1, at[0], live_from=at[0], live_until=at[1])
    second, third = publish(app, 2, at[1], promoted_at=at[1]), publish(app, 3, at[2])
    activate(app, second, None, at[1], is_first=True)
    activate(app, third, second, at[2])
    activate(app, second, third, NOW)
    found = statistics.get_deployment_insights(by=operator, slug="acme", deployment_id=app.miosa_id, days=30, now=NOW)
    assert [(period.number, period.start, period.end, period.was_left) for period in found.periods] == [
        (1, at[0], at[1], False),
        (2, at[1], at[2], False),
        (3, at[2], NOW, True),
        (2, NOW, None, False),
    ]


def test_numbers_are_kept_for_this_scope_and_read_again_when_something_changes(
    operator: Person, person_of: PersonOf
) -> None:
    app = create_app("acme")
    Freshness.objects.create(scope="customer:x", customer=app.customer)
    publish(app, 1, NOW - DAY)
    assert of_customer("acme", operator).publishes == 1
    publish(app, 2, NOW - DAY)
    with CaptureQueriesContext(connection) as seen:
        assert of_customer("acme", operator).publishes == 1
    assert not [query for query in seen if "portal_entry" in query["sql"]]
    assert of_customer("acme", operator, days=7).publishes == 2
    customer_rows.bump_generation({app.customer_id})
    assert of_customer("acme", operator).publishes == 2


def test_a_page_reads_entries_once(operator: Person) -> None:
    app = create_app("acme")
    for number in range(5):
        publish(app, number, NOW - number * DAY)
    with CaptureQueriesContext(connection) as seen:
        statistics.get_numbers(by=operator, days=90, now=NOW)
    counted = [query["sql"] for query in seen if 'FROM "portal_entry"' in query["sql"] and "GROUP BY" in query["sql"]]
    assert len(counted) == 1
    assert len([query for query in seen if "portal_" in query["sql"] and "cache" not in query["sql"]]) <= 3
