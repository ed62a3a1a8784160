"""Rule 1's second paragraph: on a shared deployment a customer sees its name and its own versions, nothing else."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from portal.models import Activation, AuditEvent, Customer, Deployment, Freshness, Operation, Version
from portal.permissions import Person, Role
from portal.services import logs, notes
from portal.services.errors import Forbidden, NotFound
from portal.services.operations import background, releases, undo
from portal.services.operations import deployments as operated
from portal.services.operations.submit import DialogIds
from portal.services.operations.tokens import Confirmation
from portal.services.queries import comparison, operations, search
from portal.services.queries.deployments import DeploymentPage
from portal.services.queries.operation_schemas import OperationPage
from portal.services.queries.retention import Keeping
from portal.services.queries.search_hits import Place
from portal.services.queries.timeline_schemas import ActivationEntry, OperationEntry, VersionEntry
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from portal.services.sync.fetch import version_refresh
from portal.services.sync.upsert import authors, customer_rows
from tests import page_views
from tests.services.conftest import SyncedSimulator
from tests.services.visible_data import collect_visible_text

OURS, THEIRS = "brightsmile-dental", "pawsome-vets"


@pytest.fixture
def shared(world: SyncedSimulator) -> Deployment:
    """A deployment of OURS with versions of THEIRS: one of those is live, after one of OURS was, and one is staged."""
    site = {one["external_workspace_id"]: one for one in world.simulator.state()["customers"]}[OURS]["deployments"][2]
    world.act("publish", deployment_id=site["id"], external_workspace_id=THEIRS, external_user_id="their-person")
    world.read_all()
    ours = world.act("publish", deployment_id=site["id"], external_workspace_id=OURS)
    world.read_again()
    world.simulator.advance(3600)
    older = Version.objects.get(customer__external_id=THEIRS, deployment__miosa_id=site["id"])
    world.act("rollback", deployment_id=site["id"], version_id=older.miosa_id)
    world.act("publish", deployment_id=site["id"], external_workspace_id=THEIRS, promote=False)
    world.read_again()
    found = Deployment.objects.get(miosa_id=site["id"])
    assert found.is_shared
    assert found.active_version_id == older.miosa_id
    assert ours["id"] != older.miosa_id
    return found


def page_of(shared: Deployment, *, by: Person, slug: str) -> DeploymentPage:
    return page_views.open_deployment(by=by, slug=slug, deployment_id=shared.miosa_id, query={}, now=timezone.now())


def foreign(shared: Deployment) -> list[Version]:
    return list(Version.objects.filter(deployment=shared, customer__external_id=THEIRS))


def test_no_service_returns_rows_of_another_customer(world: SyncedSimulator, shared: Deployment) -> None:
    found = collect_visible_text(by=world.person_of(OURS), slug=OURS, now=timezone.now())
    for version in foreign(shared):
        assert version.miosa_id not in found
        assert version.artifact_sha256 not in found
        for moment in (version.created_at, version.promoted_at):
            assert moment is None or str(moment) not in found
    assert "their-person" not in found
    assert shared.public_url not in found


def test_a_foreign_live_version_is_shown_without_details(world: SyncedSimulator, shared: Deployment) -> None:
    Deployment.objects.filter(pk=shared.pk).update(
        state="stopped", on_rollback=True, domains_waiting=2, domains_read_at=timezone.now(), live_by="Ana Ruiz"
    )
    page = page_of(shared, by=world.person_of(OURS), slug=OURS)
    brief = page.deployment
    assert (brief.name, brief.live_is_foreign, brief.is_shared, page.is_cut) == (shared.name, True, True, True)
    assert (brief.live, brief.live_since, brief.staged, brief.url) == (None, None, None, "")
    assert (brief.last_failed, brief.building, brief.state_text) == (None, None, "")
    assert (brief.on_rollback, brief.is_stopped) == (False, False)
    assert (brief.domains_waiting, brief.live_by) == (0, "")
    assert (page.last_good, page.last_good_from, page.builds, page.hosting_urls) == (None, None, (), ())
    assert (page.source, page.created_at) == ("", None)


@pytest.mark.parametrize(
    ("action", "facts"),
    [
        ("publish", {"external_workspace_id": THEIRS}),
        ("publish", {"external_workspace_id": THEIRS, "promote": False}),
        ("publish", {"external_workspace_id": THEIRS, "steps": True}),
        ("publish", {"external_workspace_id": THEIRS, "outcome": "failed_build"}),
        ("stop", {}),
    ],
    ids=["publish", "stage", "build", "failure", "stop"],
)
def test_nothing_of_another_customer_moves_a_counter(
    world: SyncedSimulator, shared: Deployment, operator: Person, action: str, facts: dict[str, Any]
) -> None:
    def read_counters(by: Person) -> tuple[object, ...]:
        now = timezone.now()
        found = page_views.open_history(by=by, slug=OURS, query={}, now=now)
        page, listed = page_of(shared, by=by, slug=OURS), page_views.open_list(by=by, now=now, search=OURS)
        ages = (found.age, page.age, listed.age)
        return (*((age.generation, age.changing) for age in ages), found.last_publish, listed.rows[0].last_published_at)

    ours = world.person_of(OURS)
    before, seen_by_staff = read_counters(ours), read_counters(operator)
    world.act(action, deployment_id=shared.miosa_id, **facts)
    world.read_again()
    assert read_counters(ours) == before
    assert read_counters(operator) != seen_by_staff


def test_what_staff_keep_or_publish_for_another_customer_moves_no_counter(
    shared: Deployment, operator: Person, world: SyncedSimulator
) -> None:
    def read_generations(by: Person) -> tuple[str, str]:
        history = page_views.open_history(by=by, slug=OURS, query={}, now=timezone.now())
        return history.age.generation, page_of(shared, by=by, slug=OURS).age.generation

    ours, theirs = world.person_of(OURS), Customer.objects.get(external_id=THEIRS)
    before, seen_by_staff = read_generations(ours), read_generations(operator)
    ids = DialogIds(OURS, shared.miosa_id)
    releases.keep_rollback(ids, shared.active_version_id, is_kept=True, by=operator, now=timezone.now())
    assert read_generations(ours) == before
    assert read_generations(operator) != seen_by_staff
    result = {"version_id": foreign(shared)[0].miosa_id}
    published = Operation(key=UUID(int=1), customer_id=theirs.pk, person_name="Ana", result=result)
    seen_by_staff = read_generations(operator)
    authors.note_publish(published, shared)
    assert read_generations(ours) == before
    assert read_generations(operator) != seen_by_staff


def test_the_owner_of_the_live_version_sees_it(world: SyncedSimulator, shared: Deployment) -> None:
    page = page_of(shared, by=world.person_of(THEIRS), slug=THEIRS)
    assert page.deployment.live is not None
    assert page.deployment.live.id == shared.active_version_id
    assert not page.deployment.live_is_foreign
    assert page.deployment.url == ""


def test_staff_see_the_whole_deployment(world: SyncedSimulator, shared: Deployment, operator: Person) -> None:
    page = page_of(shared, by=operator, slug=OURS)
    found = collect_visible_text(by=operator, slug=OURS, now=timezone.now())
    assert page.deployment.url == shared.public_url
    assert not page.is_cut
    assert all(version.miosa_id in found for version in foreign(shared))


def test_support_of_one_customer_sees_no_other_customer(world: SyncedSimulator, shared: Deployment) -> None:
    mine = Customer.objects.get(external_id=OURS)
    support = Person(id=7, name="Ana", email="a@b.test", staff=Role.SUPPORT, assigned=frozenset({mine.pk}))
    found = collect_visible_text(by=support, slug=OURS, now=timezone.now())
    assert not [version for version in foreign(shared) if version.miosa_id in found]
    with pytest.raises(NotFound):
        page_views.open_history(by=support, slug=THEIRS, query={}, now=timezone.now())


def test_neighbours_and_comparisons_skip_foreign_versions(world: SyncedSimulator, shared: Deployment) -> None:
    mine = list(Version.objects.filter(deployment=shared, customer__external_id=OURS).order_by("number"))
    by = world.person_of(OURS)
    last = page_views.open_version(
        by=by, slug=OURS, deployment_id=shared.miosa_id, version_id=mine[-1].miosa_id, now=timezone.now()
    )
    assert (last.previous_id, last.next_id) == (mine[-2].miosa_id, "")
    assert "replaced" not in {moment.what for moment in last.moments}
    for other in foreign(shared):
        with pytest.raises(NotFound):
            comparison.compare(
                by=by,
                slug=OURS,
                deployment_id=shared.miosa_id,
                from_id=mine[-1].miosa_id,
                to_id=other.miosa_id,
                now=timezone.now(),
            )
        with pytest.raises(NotFound):
            logs.get_log(by=by, slug=OURS, deployment_id=shared.miosa_id, version_id=other.miosa_id, now=timezone.now())


def test_logs_of_own_versions_can_be_read(world: SyncedSimulator, shared: Deployment) -> None:
    mine = Version.objects.filter(deployment=shared, customer__external_id=OURS).latest("number")
    log = logs.get_log(
        by=world.person_of(OURS),
        slug=OURS,
        deployment_id=shared.miosa_id,
        version_id=mine.miosa_id,
        now=timezone.now(),
    )
    assert log.text.text


def test_search_by_id_hash_or_number_finds_own_versions(world: SyncedSimulator, shared: Deployment) -> None:
    by = world.person_of(OURS)
    for version in foreign(shared):
        for text in (version.miosa_id, version.artifact_sha256, f"{shared.name} #{version.number}"):
            hits = search.find(by=by, text=text).hits
            assert version.miosa_id not in {hit.version_id for hit in hits}


@pytest.mark.parametrize("text", ["#1 paws", "#1 pawsome-vets", "#1 p w"])
def test_search_by_name_finds_nothing_by_the_other_customers_name(
    world: SyncedSimulator, shared: Deployment, operator: Person, text: str
) -> None:
    theirs = Customer.objects.get(external_id=THEIRS)
    assert all(word in theirs.search for word in text.split()[1:])
    by = world.person_of(OURS)
    for hit in search.find(by=by, text=text).hits:
        assert hit.deployment_id != shared.miosa_id
    if len(text) > 10:
        assert search.find(by=operator, text=text).hits


def test_a_search_with_many_words_finds_each_once(world: SyncedSimulator, shared: Deployment, operator: Person) -> None:
    mine = Version.objects.filter(deployment=shared, customer__external_id=OURS).latest("number")
    for words in ("a " * 70, " ".join(chr(code) for code in range(ord("a"), ord("z") + 1)) * 3, "i"):
        hits = search.find(by=operator, text=f"#{mine.number} {words}").hits
        assert len(hits) == len({hit.version_id for hit in hits})


def replaced_by_another(world: SyncedSimulator, shared: Deployment) -> Version:
    """A version of OURS that was live briefly, until one of THEIRS replaced it."""
    mine = Version.objects.filter(deployment=shared, customer__external_id=OURS).latest("number")
    world.act("rollback", deployment_id=shared.miosa_id, version_id=mine.miosa_id)
    world.read_again()
    world.simulator.advance(60)
    world.act("rollback", deployment_id=shared.miosa_id, version_id=foreign(shared)[0].miosa_id)
    world.read_again()
    mine.refresh_from_db()
    assert mine.archived_at is not None
    return mine


def test_retention_does_not_reveal_foreign_activations(
    world: SyncedSimulator, shared: Deployment, operator: Person
) -> None:
    mine = replaced_by_another(world, shared)
    where: dict[str, Any] = {"slug": OURS, "deployment_id": shared.miosa_id, "version_id": mine.miosa_id}
    where["now"] = timezone.now()
    kept = page_views.open_version(by=world.person_of(OURS), **where).retention
    assert (kept.keeping, kept.at) == (Keeping.UNTIL, None)
    assert page_views.open_version(by=operator, **where).retention.at is not None


def test_the_history_does_not_reveal_until_when_a_version_was_live(
    world: SyncedSimulator, shared: Deployment, operator: Person
) -> None:
    mine = replaced_by_another(world, shared)

    def find_end(by: Person) -> datetime | None:
        entries = page_of(shared, by=by, slug=OURS).page.entries
        summaries = [each.version for each in entries if isinstance(each, VersionEntry)]
        return next(each.live_until for each in summaries if each.id == mine.miosa_id)

    assert find_end(world.person_of(OURS)) is None
    assert find_end(operator) is not None


def test_the_last_publish_is_the_customers_own(world: SyncedSimulator, shared: Deployment) -> None:
    mine = world.act("publish", deployment_id=shared.miosa_id, external_workspace_id=OURS)
    world.read_again()
    by = world.person_of(OURS)
    before = page_views.open_history(by=by, slug=OURS, query={}, now=timezone.now()).last_publish
    world.act("publish", deployment_id=shared.miosa_id, external_workspace_id=THEIRS)
    world.read_again()
    after = page_views.open_history(by=by, slug=OURS, query={}, now=timezone.now()).last_publish
    assert before is not None
    assert after is not None
    assert before.id == after.id == mine["id"]


@pytest.mark.parametrize(("query", "most"), [({}, 6), ({"q": ["site"]}, 7)])
def test_a_shared_app_costs_its_customers_history_one_query(
    world: SyncedSimulator,
    shared: Deployment,
    django_assert_max_num_queries: Any,
    query: dict[str, list[str]],
    most: int,
) -> None:
    by = world.person_of(OURS)
    Freshness.objects.exclude(read_at=None).update(read_at=timezone.now())  # nothing is stale
    with django_assert_max_num_queries(most):
        page_views.open_history(by=by, slug=OURS, query=query, now=timezone.now())


@pytest.mark.parametrize("state", ["live", "staged"])
def test_filters_reveal_nothing_about_a_foreign_live_version(
    world: SyncedSimulator, shared: Deployment, state: str
) -> None:
    query = {"state": [state], "app": [shared.miosa_id]}
    found = page_views.open_history(by=world.person_of(OURS), slug=OURS, query=query, now=timezone.now())
    assert found.page.entries == ()


def test_a_rollback_over_a_foreign_version_reveals_neither_it_nor_the_direction(
    world: SyncedSimulator, shared: Deployment
) -> None:
    mine = Version.objects.filter(deployment=shared, customer__external_id=OURS).latest("number")
    world.act("rollback", deployment_id=shared.miosa_id, version_id=mine.miosa_id)
    world.read_again()
    page = page_of(shared, by=world.person_of(OURS), slug=OURS).page
    newest = max((one for one in page.entries if isinstance(one, ActivationEntry)), key=lambda one: one.at)
    assert (newest.version_id, newest.from_version_id, newest.from_number) == (mine.miosa_id, "", None)
    assert newest.kind == "went_live"


def test_filters_do_not_reveal_the_direction_of_a_rollback_over_a_foreign_version(
    world: SyncedSimulator, shared: Deployment, operator: Person
) -> None:
    mine = Version.objects.filter(deployment=shared, customer__external_id=OURS).latest("number")
    world.act("rollback", deployment_id=shared.miosa_id, version_id=mine.miosa_id)
    world.read_again()

    def find(event: str, by: Person) -> set[int]:
        query = {"event": [event], "app": [shared.miosa_id]}
        page = page_views.open_history(by=by, slug=OURS, query=query, now=timezone.now()).page
        return {entry.id for entry in page.entries if isinstance(entry, ActivationEntry)}

    assert find("rolled_back", operator) != find("promoted", operator)
    found = find("rolled_back", world.person_of(OURS))
    assert found == find("promoted", world.person_of(OURS))
    assert found


def test_a_cursor_of_staff_is_invalid_for_others(world: SyncedSimulator, shared: Deployment, operator: Person) -> None:
    world.act("history", deployment_id=shared.miosa_id, count=120)
    world.read_again()
    theirs = page_of(shared, by=operator, slug=OURS).page.next_cursor
    assert theirs
    with pytest.raises(NotFound):
        page_views.open_deployment(
            by=world.person_of(OURS),
            slug=OURS,
            deployment_id=shared.miosa_id,
            query={"cursor": [theirs]},
            now=timezone.now(),
        )


def test_a_deployment_is_shared_once_a_foreign_row_is_stored(world: SyncedSimulator) -> None:
    """Also while the fetch that stored the row continues, or if it never ends."""
    world.read_all()
    site = Deployment.objects.filter(customer__external_id=OURS).first()
    assert site is not None
    assert not site.is_shared
    world.act("history", deployment_id=site.miosa_id, count=150)
    world.act("publish", deployment_id=site.miosa_id, external_workspace_id=THEIRS)

    class Killed(BaseException):
        pass

    requests = []

    def gate(_attempt: object) -> None:
        requests.append(1)
        if len(requests) == 2:
            raise Killed

    client = upstream.client(Purpose.BACKGROUND).bind(gate=gate)
    with pytest.raises(Killed):
        version_refresh.refresh_versions(site, client=client, now=timezone.now())
    assert foreign(site)
    site.refresh_from_db()
    assert site.is_shared


def test_a_deployment_is_no_longer_shared_when_foreign_versions_have_moved(
    world: SyncedSimulator, shared: Deployment
) -> None:
    for version in foreign(shared):
        world.act("reattribute", deployment_id=shared.miosa_id, version_id=version.miosa_id, external_workspace_id=OURS)
    world.read_again()
    shared.refresh_from_db()
    assert not shared.is_shared
    with pytest.raises(NotFound):
        page_of(shared, by=world.person_of(THEIRS), slug=THEIRS)


def test_the_last_good_version_is_the_customers_own_and_was_good(world: SyncedSimulator, operator: Person) -> None:
    world.read_all()
    site = Deployment.objects.filter(customer__external_id=OURS).order_by("pk").first()
    assert site is not None
    bad = world.act("publish", deployment_id=site.miosa_id)
    world.read_again()
    good = Activation.objects.filter(deployment_id=site.miosa_id).exclude(version_id=bad["id"]).latest("pk")
    world.act("publish", deployment_id=site.miosa_id)
    world.read_again()
    Activation.objects.filter(version_id=bad["id"]).update(verdict=Activation.Verdict.BAD)
    page = page_of(site, by=operator, slug=OURS)
    assert page.last_good is not None
    assert page.last_good.id == good.version_id
    kept = timezone.now() + timedelta(days=40)
    late = page_views.open_deployment(by=operator, slug=OURS, deployment_id=site.miosa_id, query={}, now=kept)
    assert late.last_good is None or late.last_good.id != good.version_id


def test_a_change_of_owner_found_by_a_sweep_counts_at_once(world: SyncedSimulator) -> None:
    world.read_all()
    site = Deployment.objects.filter(customer__external_id=OURS).first()
    assert site is not None
    world.act("reattribute", deployment_id=site.miosa_id, external_workspace_id=THEIRS)
    world.read_all()
    page = page_of(site, by=world.person_of(THEIRS), slug=THEIRS)
    assert page.is_cut
    assert page.deployment.live is None
    assert customer_rows.ensure_customer(OURS).holdings.filter(deployment=site, owns=False).exists()


def staff_does(shared: Deployment, kind: str, *, by: Person, slug: str, version_id: str = "") -> OperationPage:
    ids, now = DialogIds(slug, shared.miosa_id, version_id), timezone.now()
    if version_id:
        token = releases.get_dialog(kind, ids, by=by, now=now).token
        return releases.submit(kind, ids, Confirmation(token, reason="their-reason"), by=by, now=now)
    token = operated.get_dialog(kind, ids, by=by, now=now).token
    confirmation = Confirmation(token, reason="their-reason")
    return operated.submit(kind, ids, confirmation, name="Renamed", by=by, now=now)


def operations_of(shared: Deployment, *, by: Person, slug: str) -> tuple[set[UUID], set[UUID]]:
    """In the list, each of which can be opened; and in the timeline."""
    listed = {one.key for one in operations.list_operations(by=by, slug=slug, now=timezone.now()).operations}
    for key in listed:
        assert operations.get_operation(by=by, key=key, now=timezone.now()).key == key
    entries = page_of(shared, by=by, slug=slug).page.entries
    return listed, {one.key for one in entries if isinstance(one, OperationEntry)}


@pytest.mark.parametrize("kind", ["redeploy", "stop", "roll_back"])
def test_operations_on_a_version_are_shown_to_its_customer_only(
    world: SyncedSimulator, shared: Deployment, operator: Person, kind: str
) -> None:
    """Requested on the page of the app's owner; person, time and reason are shown to the customer of the version."""
    target = ""
    if kind == "roll_back":
        target = shared.active_version_id
        world.act("publish", deployment_id=shared.miosa_id, external_workspace_id=OURS)
        world.read_again()
    key = staff_does(shared, kind, by=operator, slug=OURS, version_id=target).key
    background.run_step(Operation.objects.get(key=key))
    ours, theirs = world.person_of(OURS), world.person_of(THEIRS)
    assert operations_of(shared, by=ours, slug=OURS) == (set(), set())
    assert operations_of(shared, by=theirs, slug=THEIRS) == ({key}, {key})
    assert "their-reason" not in collect_visible_text(by=ours, slug=OURS, now=timezone.now())


def test_only_staff_undo_on_a_shared_deployment(world: SyncedSimulator, shared: Deployment, operator: Person) -> None:
    """Staff rolled back from our version to theirs. The undo concerns our version, and is ours to see."""
    theirs_id = shared.active_version_id
    world.act("publish", deployment_id=shared.miosa_id, external_workspace_id=OURS)
    world.read_again()
    key = staff_does(shared, "roll_back", by=operator, slug=OURS, version_id=theirs_id).key
    owner = world.person_of(THEIRS)
    assert operations.get_operation(by=owner, key=key, now=timezone.now()).undo is None
    with pytest.raises(Forbidden):
        undo.get_dialog(key, by=owner, now=timezone.now())
    assert page_of(shared, by=owner, slug=THEIRS).deployment.rollback is None
    found = operations.get_operation(by=operator, key=key, now=timezone.now()).undo
    assert found
    confirmation = Confirmation(undo.create_undo_token(found, operator), reason=undo.explain(found))
    undone = undo.submit(key, confirmation, by=operator, now=timezone.now())
    assert undone.state == "succeeded"
    assert operations_of(shared, by=world.person_of(OURS), slug=OURS)[1] == {undone.key}
    assert undone.key not in operations_of(shared, by=owner, slug=THEIRS)[1]


def test_operations_on_the_whole_deployment_are_shown_to_staff_only(
    world: SyncedSimulator, shared: Deployment, operator: Person
) -> None:
    key = staff_does(shared, "rename", by=operator, slug=OURS).key
    for slug in (OURS, THEIRS):
        assert operations_of(shared, by=world.person_of(slug), slug=slug) == (set(), set())
        with pytest.raises(NotFound):
            operations.get_operation(by=world.person_of(slug), key=key, now=timezone.now())
    assert operations_of(shared, by=operator, slug=OURS)[0] == {key}


def test_what_staff_write_about_a_version_is_in_the_activity_of_its_own_customer(
    shared: Deployment, operator: Person
) -> None:
    """Whichever customer's page it was written on."""
    theirs = foreign(shared)[0]
    where = {"slug": OURS, "deployment_id": shared.miosa_id}
    notes.set_note("their secret", by=operator, now=timezone.now(), version_id=theirs.miosa_id, **where)
    ids = DialogIds(OURS, shared.miosa_id)
    releases.keep_rollback(ids, shared.active_version_id, is_kept=True, by=operator, now=timezone.now())
    events = AuditEvent.objects.filter(kind__in=["version.note_changed", "rollback.kept"])
    assert {event.customer_id for event in events} == {Customer.objects.get(external_id=THEIRS).pk}
    assert len(events) == 2


def test_the_page_that_somebody_searches_from_reveals_nobody_else(world: SyncedSimulator, shared: Deployment) -> None:
    for text in ("", "roll back"):
        found = search.find(by=world.person_of(OURS), text=text, subject="", place=Place(THEIRS))
        assert not found.targets
