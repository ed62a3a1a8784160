"""Rule 1 of docs/rules.md: the customer of a version, in each way in which MIOSA may report it or not."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone
from msgspec import UNSET

from portal import miosa
from portal.models import Activation, Deployment, Entry, Freshness, Holding, Version, Workspace
from portal.permissions import Person
from portal.services import connection
from portal.services.errors import NotFound
from portal.services.sync import upstream
from portal.services.sync.upsert import customer_rows, deployment_rows, version_rows
from tests import page_views
from tests.services.conftest import SyncedSimulator, drain
from tests.services.visible_data import collect_visible_text, list_version_ids

OURS, OTHERS = "brightsmile-dental", "pawsome-vets"


@pytest.fixture
def site(world: SyncedSimulator) -> dict[str, Any]:
    """A deployment of the customer OURS."""
    mine = {one["external_workspace_id"]: one for one in world.simulator.state()["customers"]}[OURS]
    found: dict[str, Any] = mine["deployments"][0]
    return found


def get_owner(version_id: str) -> str | None:
    version = Version.objects.select_related("customer").get(miosa_id=version_id)
    return version.customer.external_id if version.customer else None


def list_visible_versions(person: Person, slug: str) -> set[str]:
    return list_version_ids(page_views.open_history(by=person, slug=slug, query={}, now=timezone.now()).page)


def test_a_versions_own_attribution_decides(world: SyncedSimulator, site: dict[str, Any]) -> None:
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=OTHERS)
    world.read_all()
    assert get_owner(published["id"]) == OTHERS
    assert published["id"] in list_visible_versions(world.person_of(OTHERS), OTHERS)
    assert published["id"] not in list_visible_versions(world.person_of(OURS), OURS)


@pytest.mark.parametrize("empty", [None, ""])
def test_without_an_attribution_the_deployments_first_one_stays(
    world: SyncedSimulator, site: dict[str, Any], empty: str | None
) -> None:
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=empty)
    world.read_all()
    assert get_owner(published["id"]) == OURS
    world.act("reattribute", deployment_id=site["id"], external_workspace_id=OTHERS)
    world.read_again()
    assert get_owner(published["id"]) == OURS
    assert published["id"] not in list_visible_versions(world.person_of(OTHERS), OTHERS)


def test_a_version_without_attribution_after_a_move_is_for_staff(
    world: SyncedSimulator, site: dict[str, Any], operator: Person
) -> None:
    world.read_all()
    world.act("reattribute", deployment_id=site["id"], external_workspace_id=OTHERS)
    world.read_again()
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=None)
    world.read_again()
    assert get_owner(published["id"]) is None
    for slug in (OURS, OTHERS):
        assert published["id"] not in collect_visible_text(by=world.person_of(slug), slug=slug, now=timezone.now())
    assert published["id"] in collect_visible_text(by=operator, slug=OTHERS, now=timezone.now())


def test_a_version_without_attribution_after_an_unnoticed_move_is_for_staff(
    world: SyncedSimulator, site: dict[str, Any]
) -> None:
    """Only the versions are fetched again, as the worker does. The deployment had moved before they appeared."""
    world.read_all()
    Deployment.objects.update(requested_at=timezone.now() - timedelta(minutes=5))
    world.act("reattribute", deployment_id=site["id"], external_workspace_id=OTHERS)
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=None)
    Freshness.objects.filter(scope__startswith="versions:").update(wanted_at=timezone.now())
    drain()
    assert get_owner(published["id"]) is None


def test_reduced_rows_are_for_staff_until_fetched_one_by_one(world: SyncedSimulator, site: dict[str, Any]) -> None:
    world.simulator.configure(version_rows="reduced")
    world.simulator.fault("*/versions/*", method="GET", times=1000, body="nothing legible")
    world.read_all()
    assert Version.objects.exists()
    assert not Version.objects.exclude(customer=None).exists()
    assert not list_visible_versions(world.person_of(OURS), OURS)
    world.simulator.clear_faults()
    Freshness.objects.update(wanted_at=None, failed_at=None)
    read_all_versions()
    stored = Version.objects.filter(deployment__miosa_id=site["id"])
    assert stored.count() == site["versions"]
    assert {one.customer.external_id for one in stored.select_related("customer") if one.customer} == {OURS}
    assert not stored.filter(is_doubtful=True).exists()


def read_all_versions() -> None:
    upstream.reset_client()
    Freshness.objects.filter(scope__startswith="versions:").update(wanted_at=timezone.now())
    drain()


def test_frozen_attributions_survive_the_loss_of_refetchable_tables(
    world: SyncedSimulator, site: dict[str, Any]
) -> None:
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=None)
    world.read_all()
    world.act("reattribute", deployment_id=site["id"], external_workspace_id=OTHERS)
    world.read_again()
    activations = Activation.objects.count()
    for table in (Entry, Holding, Version, Deployment, Freshness):
        table.objects.all().delete()
    world.read_all()
    assert get_owner(published["id"]) == OURS
    assert Activation.objects.count() == activations


def test_a_reduced_row_does_not_restore_an_earlier_owner(world: SyncedSimulator, site: dict[str, Any]) -> None:
    """First without attribution (frozen as OURS), then of OTHERS; after a loss of tables, a reduced row has neither."""
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=None)
    world.read_all()
    world.act("reattribute", deployment_id=site["id"], version_id=published["id"], external_workspace_id=OTHERS)
    for table in (Entry, Holding, Version, Deployment, Freshness):
        table.objects.all().delete()
    world.simulator.configure(version_rows="reduced")
    world.simulator.fault("*/versions/*", method="GET", times=1000, body="nothing legible")
    world.read_all()
    assert get_owner(published["id"]) is None


def test_a_reattributed_version_moves_with_its_entries(world: SyncedSimulator, site: dict[str, Any]) -> None:
    older = world.act("publish", deployment_id=site["id"])
    world.act("publish", deployment_id=site["id"])
    world.read_all()
    world.act("rollback", deployment_id=site["id"], version_id=older["id"])
    world.read_again()
    world.act("reattribute", deployment_id=site["id"], version_id=older["id"], external_workspace_id=OTHERS)
    world.read_again()
    assert get_owner(older["id"]) == OTHERS
    assert older["id"] not in collect_visible_text(by=world.person_of(OURS), slug=OURS, now=timezone.now())
    kinds = Entry.objects.filter(customer__external_id=OTHERS, version=Version.objects.get(miosa_id=older["id"]).pk)
    assert set(kinds.values_list("kind", flat=True)) == {Entry.Kind.VERSION, Entry.Kind.ACTIVATION}


def test_an_unattributed_deployment_belongs_to_its_workspaces_customer(
    world: SyncedSimulator, site: dict[str, Any]
) -> None:
    world.act("reattribute", deployment_id=site["id"], external_workspace_id=None)
    world.read_all()
    deployment = Deployment.objects.select_related("customer").get(miosa_id=site["id"])
    assert (deployment.customer.external_id, deployment.external_id) == (OURS, None)
    theirs = {one["external_workspace_id"]: one for one in world.simulator.state()["customers"]}[OTHERS]
    world.act("move", deployment_id=site["id"], workspace_id=theirs["workspace_id"])
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=None)
    world.read_again()
    deployment.refresh_from_db()
    assert deployment.customer.external_id == OTHERS
    assert get_owner(published["id"]) is None
    assert site["active_version_id"] not in list_visible_versions(world.person_of(OTHERS), OTHERS)


def test_a_deployment_without_customer_is_unassigned_and_for_staff(
    world: SyncedSimulator, site: dict[str, Any], operator: Person
) -> None:
    world.read_all()
    unassigned = world.simulator.state()["unassigned"][0]
    deployment = Deployment.objects.select_related("customer").get(miosa_id=unassigned["id"])
    assert deployment.customer.is_unassigned
    assert unassigned["active_version_id"] in list_visible_versions(operator, "_unassigned")
    with pytest.raises(NotFound):
        list_visible_versions(world.person_of(OURS), "_unassigned")


def test_a_version_without_customer_is_listed_in_unassigned(
    world: SyncedSimulator, site: dict[str, Any], operator: Person
) -> None:
    world.read_all()
    world.act("reattribute", deployment_id=site["id"], external_workspace_id=OTHERS)
    world.read_again()
    published = world.act("publish", deployment_id=site["id"], external_workspace_id=None)
    world.read_again()
    assert published["id"] in list_visible_versions(operator, "_unassigned")


def test_an_ignored_filter_shows_no_foreign_versions(world: SyncedSimulator, site: dict[str, Any]) -> None:
    world.simulator.configure(attribution_filter="ignored")
    world.read_all()
    world.read_again()
    foreign = set(Version.objects.exclude(customer__external_id=OURS).values_list("miosa_id", flat=True))
    found = collect_visible_text(by=world.person_of(OURS), slug=OURS, now=timezone.now())
    assert not [miosa_id for miosa_id in foreign if miosa_id in found]


def deployment_row(**facts: Any) -> miosa.Deployment:
    return miosa.Deployment(**({"id": "dep_made", "name": "Made", "active_version_id": None} | facts))


def version_row(**facts: Any) -> miosa.Version:
    made: dict[str, Any] = {"id": "ver_made", "deployment_id": "dep_made", "version_number": 1, "state": "ready"}
    return miosa.Version(**(made | facts))


@pytest.mark.parametrize("stated", [UNSET, "x" * 513])
def test_a_deployment_with_an_unknown_attribution_is_unassigned(db: None, stated: Any) -> None:
    """It does not get its workspace's customer: its own attribution, which was left out, may be another."""
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
        version_row(id="ver_other_tenant", tenant_id="tnt_2", external_workspace_id=OURS),
    ]
    version_rows.upsert_versions(seen.deployment, rows, now=now)
    assert set(Version.objects.values_list("miosa_id", flat=True)) == {"ver_made"}


def test_what_goes_live_while_rows_are_stored_keeps_its_times(db: None) -> None:
    """Only rows that say when they were live set the times of a version."""
    now = timezone.now()
    (seen,) = deployment_rows.upsert_deployments([deployment_row(external_workspace_id=OURS)], now=now)
    facts: dict[str, Any] = {"external_workspace_id": OURS, "created_at": now - timedelta(days=2)}
    rows = [version_row(id="ver_a", state="building", **facts), version_row(id="ver_b", state="ready", **facts)]
    version_rows.upsert_versions(seen.deployment, rows, now=now)
    meanwhile = [Version.objects.filter(miosa_id="ver_a")]

    def go_live(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and "portal_version" in sql and meanwhile:
            meanwhile.pop().update(live_from=now)
        return execute(sql, params, many, context)

    at = now - timedelta(days=1)
    rows = [
        version_row(id="ver_a", state="failed", **facts),
        version_row(id="ver_b", state="archived", promoted_at=at, archived_at=now, **facts),
    ]
    with database.execute_wrapper(go_live):
        version_rows.upsert_versions(seen.deployment, rows, now=now)
    stored = dict(Version.objects.values_list("miosa_id", "live_from"))
    assert not meanwhile
    assert stored == {"ver_a": now, "ver_b": at}


def test_an_older_response_never_overwrites_a_newer_one(db: None) -> None:
    now = timezone.now()
    earlier = now - timedelta(seconds=3)
    deployment_rows.upsert_deployments(
        [deployment_row(external_workspace_id=OURS, active_version_id="ver_new")], now=now
    )
    (late,) = deployment_rows.upsert_deployments(
        [deployment_row(external_workspace_id=OTHERS, active_version_id="ver_old")], now=earlier
    )
    assert not late.pointer_moved
    stored = Deployment.objects.get(miosa_id="dep_made")
    assert (stored.active_version_id, stored.external_id) == ("ver_new", OURS)


def test_search_matches_only_what_the_page_shows(
    world: SyncedSimulator, site: dict[str, Any], operator: Person
) -> None:
    world.read_all()
    row = Version.objects.filter(deployment__miosa_id=site["id"]).latest("number")
    stated = {"version_number": row.number, "external_workspace_id": OURS, "created_at": row.created_at}
    row_of_miosa = version_row(
        id=row.miosa_id,
        deployment_id=site["id"],
        source_sandbox_id="sbx_19secret",
        runtime_command="npm run serve --registry https://npm.miosa.ai/x --host 10.1.2.3",
        **stated,
    )
    version_rows.upsert_versions(row.deployment, [row_of_miosa], now=timezone.now())
    by = world.person_of(OURS)

    def found(text: str, person: Person) -> bool:
        query = {"q": [text], "app": [site["id"]]}
        page = page_views.open_history(by=person, slug=OURS, query=query, now=timezone.now()).page
        return row.miosa_id in list_version_ids(page)

    assert found("npm run serve", by)
    for text in ("sbx_19", "sbx_19secret", "miosa", "10.1.2"):
        assert not found(text, by)
    assert found("sbx_19secret", operator)
