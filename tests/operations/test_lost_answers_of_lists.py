"""Lost answers of changes that show only in a list: env vars and domains, on any page of it, readable or not."""

import dataclasses
import json
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal.models import EnvVarDraft, EnvVarUpdate, Operation
from portal.services.operations import status
from tests.domains.app import NAME, DomainsApp
from tests.env_vars.client import EnvVarsClient
from tests.operations.app import App, get_only_operation, get_operation

pytestmark = pytest.mark.django_db(transaction=True)

FIRST_PAGE = json.dumps({"data": [{"id": "dom_1", "domain": "other.example", "name": "OTHER"}], "next_cursor": "more"})
UNREADABLE = json.dumps({"data": [{"id": 5, "name": 5}]})


@pytest.fixture
def env(app: App, settings: Settings) -> EnvVarsClient:
    settings.MIOSA = dataclasses.replace(settings.MIOSA, deletes_env=True)
    return EnvVarsClient(app.deployment_id, app.owner)


@pytest.fixture
def domains(app: App) -> DomainsApp:
    return DomainsApp(app.deployment_id, "Main site", app.owner, timezone.now())


def read_later(app: App, path: str, body: str | None = None) -> None:
    """The worker reads three seconds later; the first page of the list is `body`."""
    app.control.clear_faults()
    if body is not None:
        app.control.fault(path, method="GET", body=body)
    app.pass_time(3)
    app.run_worker()


def names_at(app: App) -> set[str]:
    return {var.name for var in app.simulator.state.store.deployments[app.deployment_id].env}


@pytest.mark.parametrize("seen", [FIRST_PAGE, UNREADABLE])
def test_a_name_missing_from_an_incomplete_list_was_not_deleted(app: App, env: EnvVarsClient, seen: str) -> None:
    env.set_values(name="API_KEY", value="x")
    app.control.fault("*/env/*", method="DELETE", drop_before=True)
    env.delete("API_KEY")
    read_later(app, "*/env", seen)
    operation = Operation.objects.get(kind="delete_env")
    assert (operation.state, operation.attempts) == ("succeeded", 2)
    assert "API_KEY" not in names_at(app)


def test_a_name_on_a_later_page_was_set(app: App, env: EnvVarsClient) -> None:
    app.control.fault("*/env", method="POST", drop_after=True)
    env.set_values(name="API_KEY", value="x")
    read_later(app, "*/env", FIRST_PAGE)
    assert (get_only_operation().state, get_only_operation().attempts) == ("succeeded", 1)


def test_an_unchanged_name_was_not_set_whatever_miosas_clock_says(app: App, env: EnvVarsClient) -> None:
    env.set_values(name="API_KEY", value="old")
    (var,) = (v for v in app.simulator.state.store.deployments[app.deployment_id].env if v.name == "API_KEY")
    var.updated_at = timezone.now() + timedelta(minutes=5)
    app.control.fault("*/env", method="POST", drop_before=True)
    page = env.set_values(name="API_KEY", value="new")
    read_later(app, "*/env")
    assert (get_operation(page).state, get_operation(page).attempts) == ("succeeded", 2)


def test_a_changed_name_was_set(app: App, env: EnvVarsClient) -> None:
    env.set_values(name="API_KEY", value="old")
    app.control.fault("*/env", method="POST", drop_after=True)
    page = env.set_values(name="API_KEY", value="new")
    read_later(app, "*/env")
    assert (get_operation(page).state, get_operation(page).attempts) == ("succeeded", 1)


def test_a_newer_change_hides_the_outcome_of_an_older_one(app: App, env: EnvVarsClient) -> None:
    app.control.fault("*/env", method="POST", drop_before=True)
    lost = env.set_values(name="API_KEY", value="lost")
    app.pass_time(61)
    newer = env.set_values(name="API_KEY", value="newer")
    assert newer.state == "succeeded"
    read_later(app, "*/env")
    assert get_operation(lost).state == "unknown"
    app.settle(8)
    assert status.refresh_operation(by=app.owner, key=lost.key, now=timezone.now()).needs_decision
    status.decide(by=app.owner, key=lost.key, choice="happened", now=timezone.now())
    assert EnvVarUpdate.objects.get(name="API_KEY").operation_key == newer.key


@pytest.mark.parametrize("expires", [False, True])
def test_names_found_to_be_set_are_marked(app: App, env: EnvVarsClient, expires: bool) -> None:
    operation = env.set_values(name="API_KEY", value="x")
    mark = EnvVarUpdate.objects.get(name="API_KEY")
    assert mark.operation_key == operation.key
    EnvVarUpdate.objects.all().delete()
    app.control.fault("*/env", method="POST", drop_after=True)
    page = env.set_values(name="API_KEY", value="x")
    if expires:
        EnvVarDraft.objects.update(expires_at=timezone.now())
    read_later(app, "*/env")
    found = EnvVarUpdate.objects.get(name="API_KEY")
    assert (found.operation_key, found.person_name) == (page.key, app.owner.name)
    assert found.fingerprint == ("" if expires else mark.fingerprint)
    assert env.get_row("API_KEY").is_pending
    assert not EnvVarDraft.objects.exists()


@pytest.mark.parametrize("seen", [FIRST_PAGE, UNREADABLE])
def test_a_domain_missing_from_an_incomplete_list_was_not_detached(app: App, domains: DomainsApp, seen: str) -> None:
    domain = domains.add()
    app.control.fault("*/domains/*", method="DELETE", drop_before=True)
    page = domains.change(domain, "detach_domain", NAME)
    read_later(app, "*/domains", seen)
    assert (get_operation(page).state, get_operation(page).attempts) == ("succeeded", 2)
    assert NAME not in app.simulator.state.store.domain_names


def test_a_domain_on_a_later_page_was_attached(app: App, domains: DomainsApp) -> None:
    app.control.fault("*/domains", method="POST", drop_after=True)
    (page,) = domains.submit()
    read_later(app, "*/domains", FIRST_PAGE)
    assert (get_operation(page).state, get_operation(page).attempts) == ("succeeded", 1)


@pytest.mark.parametrize(("row", "attempts"), [({"status": "removed"}, 2), ({"domain": f"{NAME.upper()}."}, 1)])
def test_a_domain_is_recognised_by_its_name_unless_it_was_removed(
    app: App, domains: DomainsApp, row: dict[str, str], attempts: int
) -> None:
    app.control.fault("*/domains", method="POST", drop_before=True)
    (page,) = domains.submit()
    read_later(app, "*/domains", json.dumps({"data": [{"id": "dom_1", "domain": NAME, "status": "pending"} | row]}))
    assert (get_operation(page).state, get_operation(page).attempts) == ("succeeded", attempts)


def test_names_can_be_set_where_they_may_not_be_listed(app: App, env: EnvVarsClient) -> None:
    key = env.create_draft(name="API_KEY", value="x")
    app.control.fault("*/env", method="GET", times=2, status=403)
    assert env.apply(key).state == "succeeded"
