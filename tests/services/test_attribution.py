"""Rule 1 of docs/rules.md: whose a version is. Each way in which MIOSA may state it, or not."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from msgspec import UNSET

from portal import miosa
from portal.models import Activation, Deployment, Entry, Freshness, Holding, Version, Workspace
from portal.permissions import Person
from portal.services import connection
from portal.services.errors import NotFound
from portal.services.sync import upstream
from portal.services.sync.upsert import customer_rows, deployment_rows, version_rows
from tests import pages
from tests.services.answers import collect_answers, ids_of
from tests.services.conftest import SeededWorld, drain

OURS, THEIRS = "brightsmile-dental", "pawsome-vets"


@pytest.fixture
def site(world: SeededWorld) -> dict[str, Any]:
    """A deployment of ours."""
    mine = {one["external_workspace_id"]: one for one in world.simulator.state()["customers"]}[OURS]
    found: dict[str, Any] = mine["deployments"][0]
    return found


def whose(version_id: str) -> str | None:
    version = Version.objects.select_related("customer").get(miosa_id=version_id)
    return version.customer.external_id if version.customer else None


def seen_by(person: Person, slug: str) -> set[str]:
    return ids_of(pages.open_history(by=person, slug=slug, query={}, now=timezone.now()).page)


def test_its_own_attribution_decides(world: SeededWorld, site: dict[str, Any]) -> None:
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=THEIRS)
    world.read_all()
    assert whose(published["id"]) == THEIRS
    assert published["id"] in seen_by(world.person_of(THEIRS), THEIRS)
    assert published["id"] not in seen_by(world.person_of(OURS), OURS)


@pytest.mark.parametrize("silence", [None, ""])
def test_null_or_empty_means_the_deployments_at_first_sight_and_stays(
    world: SeededWorld, site: dict[str, Any], silence: str | None
) -> None:
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=silence)
    world.read_all()
    assert whose(published["id"]) == OURS
    world.act("reattribute", deployment_id=site["id"], external_workspace_id=THEIRS)
    world.read_again()
    assert whose(published["id"]) == OURS
    assert published["id"] not in seen_by(world.person_of(THEIRS), THEIRS)


def test_null_after_the_deployment_has_moved_is_for_staff(
    world: SeededWorld, site: dict[str, Any], operator: Person
) -> None:
    world.read_all()
    world.act("reattribute", deployment_id=site["id"], external_workspace_id=THEIRS)
    world.read_again()
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=None)
    world.read_again()
    assert whose(published["id"]) is None
    for slug in (OURS, THEIRS):
        assert published["id"] not in collect_answers(by=world.person_of(slug), slug=slug, now=timezone.now())
    assert published["id"] in collect_answers(by=operator, slug=THEIRS, now=timezone.now())


def test_null_published_behind_a_move_that_nobody_has_noticed_is_for_staff(
    world: SeededWorld, site: dict[str, Any]
) -> None:
    """Only the versions are read again, as the worker does; the deployment changed hands before they appeared."""
    world.read_all()
    Deployment.objects.update(requested_at=timezone.now() - timedelta(minutes=5))
    world.act("reattribute", deployment_id=site["id"], external_workspace_id=THEIRS)
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=None)
    Freshness.objects.filter(scope__startswith="versions:").update(wanted_at=timezone.now())
    drain()
    assert whose(published["id"]) is None


def test_reduced_rows_are_read_singly_and_until_then_for_staff(world: SeededWorld, site: dict[str, Any]) -> None:
    world.simulator.configure(version_rows="reduced")
    world.simulator.fault("*/versions/*", method="GET", times=1000, body="nothing legible")
    world.read_all()
    assert Version.objects.exists()
    assert not Version.objects.exclude(customer=None).exists()
    assert not seen_by(world.person_of(OURS), OURS)
    world.simulator.clear_faults()
    Freshness.objects.update(wanted_at=None, failed_at=None)
    read_all_versions()
    remembered = Version.objects.filter(deployment__miosa_id=site["id"])
    assert remembered.count() == site["versions"]
    assert {one.customer.external_id for one in remembered.select_related("customer") if one.customer} == {OURS}
    assert not remembered.filter(is_doubtful=True).exists()


def read_all_versions() -> None:
    upstream.reset_client()
    Freshness.objects.filter(scope__startswith="versions:").update(wanted_at=timezone.now())
    drain()


def test_frozen_attribution_outlives_the_disposable_tables(world: SeededWorld, site: dict[str, Any]) -> None:
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=None)
    world.read_all()
    world.act("reattribute", deployment_id=site["id"], external_workspace_id=THEIRS)
    world.read_again()
    activations = Activation.objects.count()
    for table in (Entry, Holding, Version, Deployment, Freshness):
        table.objects.all().delete()
    world.read_all()
    assert whose(published["id"]) == OURS
    assert Activation.objects.count() == activations


def test_what_stated_another_owner_later_is_not_given_back_by_a_reduced_row(
    world: SeededWorld, site: dict[str, Any]
) -> None:
    """First silent (frozen to us), then theirs by its own word; with the tables lost, a reduced row says neither."""
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=None)
    world.read_all()
    world.act("reattribute", deployment_id=site["id"], version_id=published["id"], external_workspace_id=THEIRS)
    for table in (Entry, Holding, Version, Deployment, Freshness):
        table.objects.all().delete()
    world.simulator.configure(version_rows="reduced")
    world.simulator.fault("*/versions/*", method="GET", times=1000, body="nothing legible")
    world.read_all()
    assert whose(published["id"]) is None


def test_a_reattributed_version_moves_with_all_that_is_told_of_it(world: SeededWorld, site: dict[str, Any]) -> None:
    older = world.act("publish", deployment_id=site["id"])
    world.act("publish", deployment_id=site["id"])
    world.read_all()
    world.act("rollback", deployment_id=site["id"], version_id=older["id"])
    world.read_again()
    world.act("reattribute", deployment_id=site["id"], version_id=older["id"], external_workspace_id=THEIRS)
    world.read_again()
    assert whose(older["id"]) == THEIRS
    assert older["id"] not in collect_answers(by=world.person_of(OURS), slug=OURS, now=timezone.now())
    kinds = Entry.objects.filter(customer__external_id=THEIRS, version=Version.objects.get(miosa_id=older["id"]).pk)
    assert set(kinds.values_list("kind", flat=True)) == {Entry.Kind.VERSION, Entry.Kind.ACTIVATION}


def test_an_unattributed_deployment_belongs_to_its_workspaces_customer(
    world: SeededWorld, site: dict[str, Any]
) -> None:
    world.act("reattribute", deployment_id=site["id"], external_workspace_id=None)
    world.read_all()
    deployment = Deployment.objects.select_related("customer").get(miosa_id=site["id"])
    assert (deployment.customer.external_id, deployment.external_id) == (OURS, None)
    theirs = {one["external_workspace_id"]: one for one in world.simulator.state()["customers"]}[THEIRS]
    world.act("move", deployment_id=site["id"], workspace_id=theirs["workspace_id"])
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=None)
    world.read_again()
    deployment.refresh_from_db()
    assert deployment.customer.external_id == THEIRS
    assert whose(published["id"]) is None
    assert site["active_version_id"] not in seen_by(world.person_of(THEIRS), THEIRS)


def test_what_belongs_to_nobody_is_unassigned_and_for_staff(
    world: SeededWorld, site: dict[str, Any], operator: Person
) -> None:
    world.read_all()
    lonely = world.simulator.state()["unassigned"][0]
    deployment = Deployment.objects.select_related("customer").get(miosa_id=lonely["id"])
    assert deployment.customer.is_unassigned
    assert lonely["active_version_id"] in seen_by(operator, "_unassigned")
    with pytest.raises(NotFound):
        seen_by(world.person_of(OURS), "_unassigned")


def test_a_row_of_nobody_on_a_customers_deployment_stands_in_unassigned(
    world: SeededWorld, site: dict[str, Any], operator: Person
) -> None:
    world.read_all()
    world.act("reattribute", deployment_id=site["id"], external_workspace_id=THEIRS)
    world.read_again()
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=None)
    world.read_again()
    assert published["id"] in seen_by(operator, "_unassigned")


def test_an_ignored_filter_widens_nothing(world: SeededWorld, site: dict[str, Any]) -> None:
    world.simulator.configure(attribution_filter="ignored")
    world.read_all()
    world.read_again()
    foreign = set(Version.objects.exclude(customer__external_id=OURS).values_list("miosa_id", flat=True))
    told = collect_answers(by=world.person_of(OURS), slug=OURS, now=timezone.now())
    assert not [miosa_id for miosa_id in foreign if miosa_id in told]


def deployment_row(**facts: Any) -> miosa.Deployment:
    return miosa.Deployment(**({"id": "dep_made", "name": "Made", "active_version_id": None} | facts))


def version_row(**facts: Any) -> miosa.Version:
    made: dict[str, Any] = {"id": "ver_made", "deployment_id": "dep_made", "version_number": 1, "state": "ready"}
    return miosa.Version(**(made | facts))


@pytest.mark.parametrize("stated", [UNSET, "x" * 513])
def test_a_deployment_that_never_stated_whose_it_is_is_nobodys(db: None, stated: Any) -> None:
    """Not its workspace's: its own attribution, which was left out, may say another."""
    now = timezone.now()
    Workspace.objects.create(miosa_id="ws_1", external_id=OURS)
    (seen,) = deployment_rows.upsert_deployments(
        [deployment_row(workspace_id="ws_1", external_workspace_id=stated)], now=now
    )
    assert seen.deployment.customer.is_unassigned
    assert seen.is_uncertain
    (seen,) = deployment_rows.upsert_deployments(
        [deployment_row(workspace_id="ws_1", external_workspace_id=None)], now=now
    )
    seen.deployment.refresh_from_db()
    assert seen.deployment.customer.external_id == OURS
    (seen,) = deployment_rows.upsert_deployments([deployment_row(external_workspace_id=UNSET)], now=now)
    seen.deployment.refresh_from_db()
    assert seen.deployment.customer.external_id == OURS


def test_ids_are_compared_byte_for_byte(db: None) -> None:
    now = timezone.now()
    names = ["acme", "Acme", "acme ", "ACME", "a\u0301cme", "\u00e1cme"]
    rows = [deployment_row(id=f"dep_{n}", external_workspace_id=name) for n, name in enumerate(names)]
    seen = deployment_rows.upsert_deployments(rows, now=now)
    assert len({one.deployment.customer_id for one in seen}) == len(names)
    assert len({customer_rows.ensure_customer(name).slug for name in names}) == len(names)


def test_a_version_row_of_another_deployment_or_tenant_is_refused(db: None) -> None:
    connection.require_same_tenant({"tnt_1"})
    now = timezone.now()
    (seen,) = deployment_rows.upsert_deployments(
        [deployment_row(external_workspace_id=OURS, tenant_id="tnt_1")], now=now
    )
    rows = [
        version_row(external_workspace_id=OURS, tenant_id="tnt_1"),
        version_row(id="ver_other", deployment_id="dep_other", external_workspace_id=OURS),
        version_row(id="ver_stranger", tenant_id="tnt_2", external_workspace_id=OURS),
    ]
    version_rows.upsert_versions(seen.deployment, rows, now=now)
    assert set(Version.objects.values_list("miosa_id", flat=True)) == {"ver_made"}


def test_an_older_answer_never_overwrites_a_newer_one(db: None) -> None:
    now = timezone.now()
    earlier = now - timedelta(seconds=3)
    deployment_rows.upsert_deployments(
        [deployment_row(external_workspace_id=OURS, active_version_id="ver_new")], now=now
    )
    (late,) = deployment_rows.upsert_deployments(
        [deployment_row(external_workspace_id=THEIRS, active_version_id="ver_old")], now=earlier
    )
    assert not late.pointer_moved
    remembered = Deployment.objects.get(miosa_id="dep_made")
    assert (remembered.active_version_id, remembered.external_id) == ("ver_new", OURS)


def test_searching_confirms_nothing_that_the_page_does_not_show(
    world: SeededWorld, site: dict[str, Any], operator: Person
) -> None:
    world.read_all()
    row = Version.objects.filter(deployment__miosa_id=site["id"]).latest("number")
    stated = {"version_number": row.number, "external_workspace_id": OURS, "created_at": row.created_at}
    told = version_row(
        id=row.miosa_id,
        deployment_id=site["id"],
        source_sandbox_id="sbx_19secret",
        runtime_command="npm run serve --registry https://npm.miosa.ai/x --host 10.1.2.3",
        **stated,
    )
    version_rows.upsert_versions(row.deployment, [told], now=timezone.now())
    by = world.person_of(OURS)

    def found(text: str, person: Person) -> bool:
        query = {"q": [text], "app": [site["id"]]}
        page = pages.open_history(by=person, slug=OURS, query=query, now=timezone.now()).page
        return row.miosa_id in ids_of(page)

    assert found("npm run serve", by)
    for text in ("sbx_19", "sbx_19secret", "miosa", "10.1.2"):
        assert not found(text, by)
    assert found("sbx_19secret", operator)
