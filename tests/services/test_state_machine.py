"""Random changes at MIOSA, response formats and faults: in the end, the stored data equals MIOSA's.

And at no moment is a customer found of a row that is not its own.
"""

import json
import os
import urllib.request
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from portal import models
from portal.config import DEMO_KEY
from portal.permissions import Person, Role
from portal.services.errors import NotFound
from portal.services.queries import search
from portal.services.sync import refresh, upstream
from portal.services.sync.upsert import customer_rows
from tests import page_views
from tests.services.conftest import Read, expire_leases
from tests.services.visible_data import as_text
from tests.simulator_control import SimulatorControl

OURS, THEIRS = "brightsmile-dental", "pawsome-vets"
CUSTOMERS = (OURS, THEIRS)
DISPOSABLE = (models.Entry, models.Holding, models.Version, models.Deployment, models.Freshness, models.Workspace)
LASTING = (models.Activation, models.VersionAttribution, models.DeploymentAttribution, models.Facet, models.Bucket)
DIALECTS: dict[str, list[Any]] = {
    "envelope": ["data", "bare", "items", "named", "nested"],
    "list_order": ["newest", "oldest", "random"],
    "paging": ["cursor", "next", "page", "meta", "none", "loop"],
    "limit_param": ["known", "refused"],
    "limit_over": ["clamp", "refuse"],
    "version_rows": ["full", "reduced"],
    "attribution_filter": ["applied", "ignored"],
    "time_keys": ["created_at", "inserted_at"],
    "metadata": ["object", "null"],
    "archive_outgoing": [True, False],
    "reactivated_state": ["kept", "ready"],
    "version_touches_deployment": [False, True],
    "error_shape": ["canonical", "flat", "html", "marker"],
}
DEFAULTS = {name: values[0] for name, values in DIALECTS.items()}
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "7"))
BREAKAGES: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 503},
    {"status": 404},
    {"status": 403},
    {"status": 429, "retry_after": 0},
    {"drop_before": True},
    {"drop_after": True},
    {"body": "<html>busy</html>"},
    {"body": '{"data": [{"id": "dep_'},
    {"body": '{"data": []}'},
    {"cut_after": 50},
]


class SyncMachine(RuleBasedStateMachine):
    simulator: SimulatorControl
    read_again: Read

    def __init__(self) -> None:
        super().__init__()
        for table in (*DISPOSABLE, *LASTING):
            table.objects.all().delete()
        models.Connection.objects.update(
            alarm="", unreachable_since=None, refused_since=None, tenant_id="", bucket=None
        )
        upstream.reset_client()
        self.simulator.reset(customers=2)
        self.may_delete = True
        # Results change only when something was fetched, so they are compared only then.
        self.has_read = False
        self.ever: dict[str, set[str]] = {}

    @initialize()
    def begin(self) -> None:
        for one in self.truth().values():
            self.ever[one["id"]] = {one["external_workspace_id"] or ""}
        self.read()

    def read(self) -> None:
        self.has_read = True
        self.read_again()

    # -- outsiders

    def pick(self, data: st.DataObject) -> dict[str, Any]:
        world = self.truth()
        return world[data.draw(st.sampled_from(sorted(world)))]

    def pick_version(self, deployment: dict[str, Any], data: st.DataObject) -> dict[str, Any] | None:
        listed = self.versions_of(deployment["id"])
        return listed[data.draw(st.integers(0, len(listed) - 1))] if listed else None

    @rule(data=st.data(), owner=st.sampled_from([OURS, THEIRS, None]), promote=st.booleans(), fails=st.booleans())
    def publish(self, data: st.DataObject, owner: str | None, promote: bool, fails: bool) -> None:
        outcome = "failed_build" if fails else "ready"
        one = self.pick(data)
        self.simulator.run_action(
            "publish", deployment_id=one["id"], external_workspace_id=owner, promote=promote, outcome=outcome
        )

    @rule(data=st.data())
    def move_pointer(self, data: st.DataObject) -> None:
        one = self.pick(data)
        version = self.pick_version(one, data)
        if version is not None and version["state"] in {"ready", "archived"}:
            self.simulator.run_action("rollback", deployment_id=one["id"], version_id=version["id"])

    @rule(data=st.data(), owner=st.sampled_from([OURS, THEIRS, None]))
    def reattribute_deployment(self, data: st.DataObject, owner: str | None) -> None:
        one = self.pick(data)
        self.simulator.run_action("reattribute", deployment_id=one["id"], external_workspace_id=owner)
        self.ever[one["id"]].add(owner or "")

    @rule(data=st.data(), owner=st.sampled_from([OURS, THEIRS, None]))
    def reattribute_version(self, data: st.DataObject, owner: str | None) -> None:
        one = self.pick(data)
        version = self.pick_version(one, data)
        if version is not None:
            self.simulator.run_action(
                "reattribute", deployment_id=one["id"], version_id=version["id"], external_workspace_id=owner
            )

    @rule(data=st.data())
    def delete_deployment(self, data: st.DataObject) -> None:
        if self.may_delete and len(self.truth()) > 2:
            self.simulator.run_action("delete_deployment", deployment_id=self.pick(data)["id"])
            self.may_delete = False

    @rule(data=st.data())
    def delete_version(self, data: st.DataObject) -> None:
        one = self.pick(data)
        version = self.pick_version(one, data)
        if version is not None and version["id"] != one["active_version_id"]:
            self.simulator.run_action("delete_version", deployment_id=one["id"], version_id=version["id"])

    # -- MIOSA

    @rule(data=st.data(), name=st.sampled_from(sorted(DIALECTS)))
    def change_response_format(self, data: st.DataObject, name: str) -> None:
        self.simulator.configure(**{name: data.draw(st.sampled_from(DIALECTS[name]))})

    @rule(seconds=st.sampled_from([1, 70, 3600, 40 * 86400]))
    def advance_time(self, seconds: int) -> None:
        self.simulator.advance(seconds)

    @rule(
        do=st.sampled_from(BREAKAGES),
        path=st.sampled_from(["*", "*/deployments", "*/versions", "*/versions/*"]),
        times=st.integers(1, 6),
    )
    def read_during_faults(self, do: dict[str, Any], path: str, times: int) -> None:
        self.simulator.fault(path, times=times, **do)
        try:
            self.read()
        except Exception as error:
            if not isinstance(error, refresh.READ_ERRORS):
                raise
        finally:
            self.simulator.clear_faults()
            upstream.reset_client()
            models.Bucket.objects.all().delete()

    @rule()
    def lose_refetchable_tables(self) -> None:
        for table in DISPOSABLE:
            table.objects.all().delete()

    # -- what must hold

    @rule()
    def stored_data_equals_miosas(self) -> None:
        expire_leases()
        models.Freshness.objects.update(failed_at=None)
        models.Connection.objects.update(alarm="")
        self.read()
        truth = self.truth()
        there = {one.miosa_id: one for one in models.Deployment.objects.filter(gone_at=None)}
        assert set(there) == set(truth)
        for miosa_id, one in truth.items():
            assert there[miosa_id].active_version_id == (one["active_version_id"] or "")
            assert there[miosa_id].is_filled
            self.compare_versions(there[miosa_id], one)
        self.may_delete = True

    def compare_versions(self, stored: models.Deployment, one: dict[str, Any]) -> None:
        known = models.Version.objects.filter(deployment=stored, gone_at=None).select_related("customer")
        found = {version["id"]: version for version in self.versions_of(one["id"])}
        assert {version.miosa_id for version in known} == set(found)
        for version in known:
            said = found[version.miosa_id]
            assert (version.number, version.state) == (said["version_number"], said["state"])
            owner = version.customer.external_id if version.customer else None
            stated = said["external_workspace_id"]
            assert owner == stated if stated else (owner or "") in {"", *self.ever[one["id"]]}
        live = models.Version.objects.filter(deployment=stored, miosa_id=one["active_version_id"] or "").first()
        stored.refresh_from_db()
        assert stored.live_version == live
        last = models.Activation.objects.filter(deployment_id=one["id"]).order_by("-pk").first()
        assert (last.version_id if last else "") == (one["active_version_id"] or "")
        holders = {version.customer_id for version in known if version.customer_id} | {stored.customer_id}
        assert stored.is_shared or len(holders) == 1

    @invariant()
    def nobody_sees_foreign_rows(self) -> None:
        if not self.has_read:
            return
        self.has_read = False
        for slug in CUSTOMERS:
            mine = customer_rows.ensure_customer(slug)
            by = Person(id=mine.pk, name="P", email="p@p.test", roles={mine.pk: Role.OWNER})
            foreign = set(self.foreign_to(slug))
            found = open_pages(by=by, slug=slug, foreign=sorted(foreign)[:3])
            assert not [miosa_id for miosa_id in foreign if miosa_id in found]

    def foreign_to(self, slug: str) -> list[str]:
        """Stored versions that, by their last fetched row, are not this customer's."""
        frozen = dict(models.VersionAttribution.objects.values_list("version_id", "external_id"))
        return [
            version.miosa_id
            for version in models.Version.objects.select_related("customer")
            if version.customer is None
            or (version.attribution == "own" and version.customer.slug != slug)
            or (version.attribution == "frozen" and frozen.get(version.miosa_id) != slug)
        ]

    # -- MIOSA's own data, without the services

    def truth(self) -> dict[str, dict[str, Any]]:
        return {one["id"]: one for one in self.ask("deployments?limit=100")}

    def versions_of(self, deployment_id: str) -> list[dict[str, Any]]:
        return self.ask(f"deployments/{deployment_id}/versions?limit=100")

    def ask(self, path: str) -> list[dict[str, Any]]:
        spoken = {name: knob["value"] for name, knob in self.simulator.call("GET", "settings")["settings"].items()}
        self.simulator.configure(**DEFAULTS)
        request = urllib.request.Request(  # noqa: S310 - the simulator's own address
            f"{self.simulator.url}/api/v1/{path}", headers={"Authorization": f"Bearer {DEMO_KEY}"}
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            found: list[dict[str, Any]] = json.loads(answer.read())["data"]
        self.simulator.configure(**{name: spoken[name] for name in DIALECTS})
        return found


def open_pages(*, by: Person, slug: str, foreign: list[str]) -> str:
    """Less than `collect_visible_text`, since it runs after each step; foreign versions are requested by id."""
    now = timezone.now() - timedelta(seconds=1)
    models.Freshness.objects.update(read_at=timezone.now())  # so that pages send no requests
    found = [
        as_text(page_views.open_history(by=by, slug=slug, query=q, now=now))
        for q in ({}, {"state": ["live", "staged"]})
    ]
    for deployment in models.Deployment.objects.filter(holdings__customer__slug=slug)[:4]:
        where: dict[str, Any] = {"by": by, "slug": slug, "deployment_id": deployment.miosa_id, "now": now}
        found.append(as_text(page_views.open_deployment(query={}, **where)))
        for version_id in foreign:
            with pytest.raises(NotFound):
                page_views.open_version(version_id=version_id, **where)
    found += [as_text(hit) for text in foreign for hit in search.find(by=by, text=text).hits]
    return "\n".join(found)


@pytest.mark.django_db
def test_the_model(simulator: SimulatorControl, read_again: Read) -> None:
    customer_rows.ensure_customer(OURS)
    SyncMachine.simulator, SyncMachine.read_again = simulator, staticmethod(read_again)
    run_state_machine_as_test(
        SyncMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=12,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            derandomize="MODEL_EXAMPLES" not in os.environ,
        ),
    )
