"""Lost answers of what shows in a list only: env vars and domains, on whatever page they stand, legible or not."""

import dataclasses
import json
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal.models import EnvVarDraft, EnvVarUpdate, Operation
from portal.services.operations.kinds import Kind
from portal.services.queries import operations
from tests.domains.attaching import NAME, Attaching
from tests.env_vars.client import EnvVarsClient
from tests.journal.desk import Desk, of, only

pytestmark = pytest.mark.django_db(transaction=True)

FIRST_PAGE = json.dumps({"data": [{"id": "dom_1", "domain": "other.example", "name": "OTHER"}], "next_cursor": "more"})
UNREADABLE = json.dumps({"data": [{"id": 5, "name": 5}]})


@pytest.fixture
def env(desk: Desk, settings: Settings) -> EnvVarsClient:
    settings.MIOSA = dataclasses.replace(settings.MIOSA, deletes_env=True)
    return EnvVarsClient(desk.deployment_id, desk.owner)


@pytest.fixture
def app(desk: Desk) -> Attaching:
    return Attaching(desk.deployment_id, "Main site", desk.owner)


def look(desk: Desk, path: str, body: str | None = None) -> None:
    """The worker's look, three seconds later; it is shown `body` first."""
    desk.playing.heal()
    if body is not None:
        desk.playing.fault(path, method="GET", body=body)
    desk.pass_time(3)
    desk.turn()


def names_at(desk: Desk) -> set[str]:
    return {var.name for var in desk.simulator.platform.world.deployments[desk.deployment_id].env}


@pytest.mark.parametrize("seen", [FIRST_PAGE, UNREADABLE])
def test_a_name_that_was_not_seen_was_not_deleted(desk: Desk, env: EnvVarsClient, seen: str) -> None:
    env.set_values(name="API_KEY", value="x")
    desk.playing.fault("*/env/*", method="DELETE", drop_before=True)
    env.delete("API_KEY")
    look(desk, "*/env", seen)
    operation = Operation.objects.get(kind=Kind.DELETE_ENV)
    assert (operation.state, operation.attempts) == ("succeeded", 2)
    assert "API_KEY" not in names_at(desk)


def test_a_name_on_a_later_page_was_set(desk: Desk, env: EnvVarsClient) -> None:
    desk.playing.fault("*/env", method="POST", drop_after=True)
    env.set_values(name="API_KEY", value="x")
    look(desk, "*/env", FIRST_PAGE)
    assert (only().state, only().attempts) == ("succeeded", 1)


def test_a_name_that_is_there_unchanged_was_not_set_whatever_miosas_clock_says(desk: Desk, env: EnvVarsClient) -> None:
    env.set_values(name="API_KEY", value="old")
    (var,) = (v for v in desk.simulator.platform.world.deployments[desk.deployment_id].env if v.name == "API_KEY")
    var.updated_at = timezone.now() + timedelta(minutes=5)
    desk.playing.fault("*/env", method="POST", drop_before=True)
    page = env.set_values(name="API_KEY", value="new")
    look(desk, "*/env")
    assert (of(page).state, of(page).attempts) == ("succeeded", 2)


def test_a_name_that_is_there_changed_was_set(desk: Desk, env: EnvVarsClient) -> None:
    env.set_values(name="API_KEY", value="old")
    desk.playing.fault("*/env", method="POST", drop_after=True)
    page = env.set_values(name="API_KEY", value="new")
    look(desk, "*/env")
    assert (of(page).state, of(page).attempts) == ("succeeded", 1)


def test_what_a_newer_change_of_ours_set_says_nothing_of_an_older_one(desk: Desk, env: EnvVarsClient) -> None:
    desk.playing.fault("*/env", method="POST", drop_before=True)
    lost = env.set_values(name="API_KEY", value="lost")
    desk.pass_time(61)
    newer = env.set_values(name="API_KEY", value="newer")
    assert newer.state == "succeeded"
    look(desk, "*/env")
    assert of(lost).state == "unknown"
    desk.settle(8)
    assert operations.get_operation(by=desk.owner, key=lost.key, now=timezone.now()).needs_decision
    operations.decide(by=desk.owner, key=lost.key, choice="happened", now=timezone.now())
    assert EnvVarUpdate.objects.get(name="API_KEY").operation_key == newer.key


@pytest.mark.parametrize("expires", [False, True])
def test_what_was_found_to_be_set_is_marked(desk: Desk, env: EnvVarsClient, expires: bool) -> None:
    told = env.set_values(name="API_KEY", value="x")
    mark = EnvVarUpdate.objects.get(name="API_KEY")
    assert mark.operation_key == told.key
    EnvVarUpdate.objects.all().delete()
    desk.playing.fault("*/env", method="POST", drop_after=True)
    page = env.set_values(name="API_KEY", value="x")
    if expires:
        EnvVarDraft.objects.update(expires_at=timezone.now())
    look(desk, "*/env")
    found = EnvVarUpdate.objects.get(name="API_KEY")
    assert (found.operation_key, found.person_name) == (page.key, desk.owner.name)
    assert found.fingerprint == ("" if expires else mark.fingerprint)
    assert env.get_row("API_KEY").is_pending
    assert not EnvVarDraft.objects.exists()


@pytest.mark.parametrize("seen", [FIRST_PAGE, UNREADABLE])
def test_a_domain_that_was_not_seen_was_not_detached(desk: Desk, app: Attaching, seen: str) -> None:
    domain = app.attached()
    desk.playing.fault("*/domains/*", method="DELETE", drop_before=True)
    page = app.change(domain, Kind.DETACH_DOMAIN, typed_name=NAME)
    look(desk, "*/domains", seen)
    assert (of(page).state, of(page).attempts) == ("succeeded", 2)
    assert NAME not in desk.simulator.platform.world.domain_names


def test_a_domain_on_a_later_page_was_attached(desk: Desk, app: Attaching) -> None:
    desk.playing.fault("*/domains", method="POST", drop_after=True)
    (page,) = app.add()
    look(desk, "*/domains", FIRST_PAGE)
    assert (of(page).state, of(page).attempts) == ("succeeded", 1)


@pytest.mark.parametrize(("row", "attempts"), [({"status": "removed"}, 2), ({"domain": f"{NAME.upper()}."}, 1)])
def test_a_domain_is_known_by_its_name_unless_it_was_removed(
    desk: Desk, app: Attaching, row: dict[str, str], attempts: int
) -> None:
    desk.playing.fault("*/domains", method="POST", drop_before=True)
    (page,) = app.add()
    look(desk, "*/domains", json.dumps({"data": [{"id": "dom_1", "domain": NAME, "status": "pending"} | row]}))
    assert (of(page).state, of(page).attempts) == ("succeeded", attempts)


def test_names_that_may_not_be_listed_can_be_set_all_the_same(desk: Desk, env: EnvVarsClient) -> None:
    key = env.create_draft(name="API_KEY", value="x")
    desk.playing.fault("*/env", method="GET", times=2, status=403)
    assert env.apply(key).state == "succeeded"
