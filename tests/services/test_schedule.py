"""What the worker reads again in the background: in which order, how often, and never more than the budget allows."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal import miosa, worker
from portal.config import Upstream
from portal.models import Deployment, Freshness
from portal.models.freshness import SWEEP, WATCHED_FOR, WORKSPACES, versions_scope
from portal.services import rates
from portal.services.sync import budget, scopes
from portal.services.sync.budget import Purpose
from portal.services.sync.schedule import SyncSource, get_purpose
from portal.services.sync.upsert import customer_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plenty(settings: Settings) -> None:
    settings.MIOSA = Upstream("http://127.0.0.1:1/api/v1", "msk_test", None, 6000, is_demo=True)


def due_scopes() -> list[str]:
    return [row.scope for row in SyncSource().find_due(now=timezone.now()).items]


def mark_all_read(age: timedelta = timedelta(0)) -> None:
    for scope in (WORKSPACES, SWEEP):
        scopes.get_freshness(scope)
        Freshness.objects.filter(scope=scope).update(read_at=timezone.now() - age)


def test_workspaces_come_before_the_first_sweep() -> None:
    assert due_scopes() == [WORKSPACES]
    Freshness.objects.filter(scope=WORKSPACES).update(read_at=timezone.now(), wanted_at=None)
    assert due_scopes() == [SWEEP]


def test_the_sweep_is_due_even_if_workspaces_cannot_be_read() -> None:
    scopes.get_freshness(WORKSPACES)
    scopes.note_failure(WORKSPACES, code="forbidden", retry_at=None, now=timezone.now())
    assert due_scopes() == [SWEEP]


def test_a_claimed_scope_is_due_again_only_after_its_worker_must_have_died() -> None:
    mark_all_read()
    now, source = timezone.now(), SyncSource()
    scopes.request_refresh("versions:1", at=now)
    (row,) = source.find_due(now=now).items
    assert source.claim(row, now=now)
    assert not source.claim(row, now=now)
    due = source.find_due(now=now + timedelta(seconds=1))
    assert not due.items
    assert due.next_at == now + timedelta(seconds=45)
    assert "versions:1" in [row.scope for row in source.find_due(now=now + timedelta(seconds=50)).items]


def test_a_planned_sweep_is_claimed_once() -> None:
    mark_all_read(age=timedelta(seconds=61))
    now, source = timezone.now(), SyncSource()
    (row,) = source.find_due(now=now).items
    assert (source.claim(row, now=now), source.claim(row, now=now)) == (True, False)


def test_opened_pages_go_before_background_histories() -> None:
    mark_all_read()
    long_ago = timezone.now() - timedelta(hours=1)
    scopes.request_refreshes((f"versions:{number}" for number in range(50)), at=long_ago)
    scopes.request_refresh("deployment:7", at=timezone.now())
    assert due_scopes()[0] == "deployment:7"


def test_what_an_open_page_shows_goes_before_everything_else() -> None:
    mark_all_read(age=timedelta(minutes=5))
    now = timezone.now()
    scopes.request_refreshes((f"versions:{number}" for number in range(50)), at=now - timedelta(hours=1))
    scopes.watch(["versions:44", "versions:41"], now=now)
    assert due_scopes()[:3] == ["versions:41", "versions:44", SWEEP]
    assert get_purpose(Freshness.objects.get(scope="versions:44"), now=now) is Purpose.READ
    assert get_purpose(Freshness.objects.get(scope="versions:44"), now=now + WATCHED_FOR) is Purpose.FILL


def test_what_nobody_waits_for_takes_no_thread_from_what_people_wait_for() -> None:
    mark_all_read(age=timedelta(minutes=5))
    now = timezone.now()
    scopes.request_refreshes(["versions:1", "versions:2"], at=now)
    scopes.watch(["versions:2"], now=now)
    rows = scopes.list_freshness([SWEEP, "versions:1", "versions:2"])
    groups = {scope: SyncSource().group(row, now=now) for scope, row in rows.items()}
    assert groups == {SWEEP: "fill", "versions:1": "fill", "versions:2": "sync"}
    # A sweep that is long overdue is urgent, too: everything that is shown ages with it.
    assert SyncSource().group(rows[SWEEP], now=now + timedelta(minutes=30)) == "sync"


def test_a_history_that_changed_goes_before_those_never_read() -> None:
    mark_all_read()
    now = timezone.now()
    scopes.request_refreshes((f"versions:{number}" for number in range(50)), at=now - timedelta(hours=1))
    Freshness.objects.filter(scope="versions:44").update(read_at=now - timedelta(days=1), wanted_at=now)
    assert due_scopes()[0] == "versions:44"


def test_the_first_fill_takes_what_is_free_of_the_budget(settings: Settings) -> None:
    """750 apps within 15 minutes at 60 requests a minute, sweeps included; here a fifth of them, on a quick clock."""
    settings.MIOSA = Upstream("http://127.0.0.1:1/api/v1", "msk_test", None, 60, is_demo=True)
    began_at = timezone.now()
    add_unread_apps(150, at=began_at)
    scopes.list_freshness([WORKSPACES, SWEEP])
    Freshness.objects.filter(scope=SWEEP).update(rows_read=750)
    now = began_at
    while Deployment.objects.unread().exists():
        now = run_next(now)
    assert now - began_at <= timedelta(minutes=15) / 5


def add_unread_apps(count: int, *, at: datetime) -> None:
    customer = customer_rows.ensure_customer("many")
    for number in range(count):
        Deployment.objects.create(
            miosa_id=f"dep_{number}", customer=customer, name="App", first_seen_at=at, requested_at=at
        )
    pks = Deployment.objects.values_list("pk", flat=True)
    scopes.request_refreshes((versions_scope(pk) for pk in pks), at=at)


def run_next(now: datetime) -> datetime:
    """What the worker does with the most urgent scope, at its cost in requests. Returns when it is done with that."""
    due = SyncSource().find_due(now=now)
    if not due.items:
        return due.next_at or now + timedelta(seconds=worker.POLL_S)
    row = due.items[0]
    purpose = get_purpose(row, now=now)
    for _request in range({WORKSPACES: 5, SWEEP: 8}.get(row.scope, 1)):
        while wait_s := wait_for_token(purpose, now=now):
            now += timedelta(seconds=wait_s)
    Freshness.objects.filter(pk=row.pk).update(read_at=now, wanted_at=None)
    Deployment.objects.filter(pk=row.scope.removeprefix("versions:") if ":" in row.scope else 0).update(is_filled=True)
    return now + timedelta(seconds=0.1)


def wait_for_token(purpose: Purpose, *, now: datetime) -> float:
    """Takes one, or returns the seconds until there may be one."""
    try:
        budget.take(purpose, now=now.timestamp())
    except miosa.BudgetSpent as spent:
        return max(spent.retry_after_s or 0, 0.05)
    return 0


def test_few_due_scopes_are_listed_at_once() -> None:
    mark_all_read()
    scopes.request_refreshes((f"versions:{number}" for number in range(100)), at=timezone.now() - timedelta(minutes=1))
    assert len(due_scopes()) == 8


def test_nothing_is_due_while_the_background_share_is_spent(settings: Settings) -> None:
    settings.MIOSA = Upstream("http://127.0.0.1:1/api/v1", "msk_test", None, 60, is_demo=True)
    while not budget.wait_s(Purpose.BACKGROUND):
        budget.take(Purpose.BACKGROUND)
    now = timezone.now()
    due = SyncSource().find_due(now=now)
    assert not due.items
    assert due.next_at is not None
    assert due.next_at > now


def test_a_sweep_is_due_a_minute_after_the_last_one() -> None:
    mark_all_read(age=timedelta(seconds=30))
    assert due_scopes() == []
    mark_all_read(age=timedelta(seconds=61))
    assert due_scopes() == [SWEEP]


def test_the_next_sweep_is_what_the_worker_waits_for() -> None:
    mark_all_read(age=timedelta(seconds=30))
    now = timezone.now()
    next_at = SyncSource().find_due(now=now).next_at
    assert next_at is not None
    assert timedelta(seconds=29) < next_at - now < timedelta(seconds=31)


def test_many_deployments_are_swept_at_half_the_background_pace(settings: Settings) -> None:
    settings.MIOSA = Upstream("http://127.0.0.1:1/api/v1", "msk_test", None, 60, is_demo=True)
    mark_all_read()
    now = timezone.now()
    Freshness.objects.filter(scope=SWEEP).update(rows_read=10_000, read_at=now)
    pages = 100
    assert SyncSource().find_due(now=now).next_at == now + timedelta(seconds=pages / (rates.background_rate() / 2))


def test_a_history_that_nobody_opened_for_hours_is_read_again() -> None:
    mark_all_read()
    scopes.get_freshness("versions:3")
    Freshness.objects.filter(scope="versions:3").update(read_at=timezone.now() - timedelta(hours=7))
    assert due_scopes() == ["versions:3"]


def test_a_scope_that_no_longer_exists_is_not_requested_any_more() -> None:
    mark_all_read()
    scopes.request_refresh("versions:99", at=timezone.now())
    row = Freshness.objects.get(scope="versions:99")
    SyncSource().run(row, now=timezone.now())
    row.refresh_from_db()
    assert row.wanted_at is None
