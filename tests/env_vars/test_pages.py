"""The page with the names: who sees what, what is pending or has vanished, and how the names are refreshed."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import EnvVar, Freshness, Operation
from portal.permissions import Person, Role
from portal.services.env_vars import names, pages
from portal.services.errors import NotFound
from portal.services.sync import leases
from tests.databases import dump_database
from tests.env_vars.client import SLUG, EnvVarsClient, count_lists
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "s3cr3t-value-that-nobody-may-see"
SCOPES = Freshness.objects.filter(scope__startswith="env:")


def expire() -> None:
    """The next view of the page fetches the names again."""
    SCOPES.all().update(read_at=None)


def test_masks_are_shown_to_people_who_may_set_env_vars(
    env_vars: EnvVarsClient, person_of: Callable[..., Person]
) -> None:
    env_vars.set_values(name="PLAIN", value="long-enough-to-have-a-mask")
    assert env_vars.get_row("PLAIN").mask != pages.DOTS
    support = Person(id=9, name="Sue", email="s@portal.test", staff=Role.SUPPORT)
    for person in (person_of(SLUG, Role.VIEWER), support):
        page = env_vars.get_page(by=person)
        assert {row.mask for row in page.rows} == {pages.DOTS}
        assert not page.may_set


def test_values_that_miosa_lists_are_neither_shown_nor_stored(
    simulator: SimulatorControl, env_vars: EnvVarsClient
) -> None:
    simulator.configure(env_rows="key_value")
    env_vars.set_values(name="API_KEY", value=SECRET)
    expire()
    page = env_vars.get_page()
    assert "API_KEY" in {row.name for row in page.rows}
    assert {row.mask for row in page.rows} == {pages.DOTS}
    assert SECRET not in dump_database()


MASKS = ["•", "••••••••", "htt...com", "htt…com", "ab****yz", "****", "sk_l••••••••"]
NO_MASKS = [
    "postgres://u:pw@db/x",
    "hunter2",
    "hunter2•••",
    "a.b.c",
    "x..y",
    "••• or not •••",
    "passw•••word",
    "\x1b[1m•••",
]


@pytest.mark.parametrize("preview", MASKS)
def test_a_mask_is_kept(preview: str) -> None:
    assert names.clean_mask(preview) == preview


@pytest.mark.parametrize("preview", NO_MASKS)
def test_a_preview_that_is_no_mask_is_not_kept(preview: str) -> None:
    assert names.clean_mask(preview) == ""


def test_a_value_sent_as_a_preview_is_neither_shown_nor_stored(
    simulator: SimulatorControl, env_vars: EnvVarsClient
) -> None:
    rows = [{"name": "API_KEY", "preview": SECRET, "environment": "production"}]
    simulator.fault("*/env", method="GET", status=200, body=json.dumps({"data": rows}), times=9)
    expire()
    assert {row.name: row.mask for row in env_vars.get_page().rows} == {"API_KEY": pages.DOTS}
    assert SECRET not in dump_database()


def test_a_value_stored_as_a_mask_is_not_shown(env_vars: EnvVarsClient) -> None:
    env_vars.get_page()
    EnvVar.objects.filter(deployment__miosa_id=env_vars.deployment_id).update(mask=SECRET)
    assert {row.mask for row in env_vars.get_page().rows} == {pages.DOTS}


def test_customers_do_not_see_names_that_the_hosting_service_sets_for_itself(
    simulator: SimulatorControl, env_vars: EnvVarsClient, operator: Person
) -> None:
    rows = [{"name": name, "environment": "production"} for name in ("API_KEY", "MIOSA_API_URL")]
    simulator.fault("*/env", method="GET", status=200, body=json.dumps({"data": rows}), times=9)
    expire()
    assert env_vars.list_names() == {"API_KEY"}
    with pytest.raises(NotFound):
        env_vars.delete("MIOSA_API_URL")
    assert {row.name for row in env_vars.get_page(by=operator).rows} == {"API_KEY", "MIOSA_API_URL"}


def test_a_new_value_is_pending_until_a_redeploy(env_vars: EnvVarsClient) -> None:
    env_vars.set_values(name="API_KEY", value="x")
    page = env_vars.get_page()
    assert page.pending == 1
    assert page.redeploy.may
    assert env_vars.get_row("API_KEY").is_pending
    Operation.objects.create(
        key=uuid.uuid4(),
        kind="redeploy",
        lane="pointer",
        person_id=1,
        customer_id=1,
        deployment_id=env_vars.deployment_id,
        state=Operation.State.SUCCEEDED,
        requested_at=timezone.now(),
        settled_at=timezone.now(),
    )
    assert env_vars.get_page().pending == 0


def test_vanished_names_are_shown_until_they_exist_again(simulator: SimulatorControl, env_vars: EnvVarsClient) -> None:
    existing = env_vars.list_names()
    simulator.configure(env_mode="replace")
    operation = env_vars.set_values(name="NEW", value="x")
    assert operation.state == "succeeded"
    assert set(operation.vanished) == existing
    vanished = env_vars.get_page().vanished
    assert vanished is not None
    assert set(vanished.names) == existing
    simulator.configure(env_mode="merge")
    first, *rest = sorted(existing)
    env_vars.set_values(name=first, value="y")
    vanished = env_vars.get_page().vanished
    assert vanished is not None
    assert list(vanished.names) == rest


class TestRefresh:
    def test_after_a_failure_names_are_fetched_again_ten_seconds_later(
        self, simulator: SimulatorControl, env_vars: EnvVarsClient
    ) -> None:
        existing = env_vars.list_names()
        expire()
        simulator.fault("*/env", times=50, status=501)
        before = count_lists(simulator)
        views = [env_vars.get_page() for _view in range(5)]
        assert all({row.name for row in page.rows} == existing for page in views)
        assert count_lists(simulator) - before == 1
        assert views[-1].age.reach != "ok"
        simulator.clear_faults()
        SCOPES.all().update(failed_at=timezone.now() - timedelta(seconds=11))
        assert env_vars.get_page().age.reach == "ok"

    def test_names_that_were_fetched_before_our_change_are_not_stored_after_it(self, env_vars: EnvVarsClient) -> None:
        env_vars.get_page()
        with leases.take_lease(SCOPES.get().scope) as held:
            assert held is not None
            env_vars.set_values(name="NEW", value="x")
            with pytest.raises(leases.LeaseLost), held.writing():
                pass
        assert "NEW" in env_vars.list_names()

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param('{"data": [{"name": 5}]}', id="a row that can't be read"),
            pytest.param('{"data": [{"name": "ONE"}], "next_cursor": "again"}', id="pages in a circle"),
        ],
    )
    def test_an_incomplete_list_removes_no_name(
        self, simulator: SimulatorControl, env_vars: EnvVarsClient, body: str
    ) -> None:
        env_vars.set_values(pasted="ONE=1\nTWO=2")
        existing = env_vars.list_names()
        expire()
        simulator.fault("*/env", method="GET", times=50, status=200, body=body, content_type="application/json")
        assert env_vars.list_names() == existing
        assert env_vars.set_values(name="ONE", value="x").vanished == ()
        assert env_vars.list_names() == existing
