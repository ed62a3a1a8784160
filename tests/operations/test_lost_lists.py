"""Lost answers of what shows in a list only: env vars and domains, on whatever page they stand, legible or not."""

import dataclasses
import json
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal.models import EnvMark, Operation, SealedValues
from portal.services.env_vars import deleting
from portal.services.operations import status
from portal.services.operations.submit import Confirmation
from tests.domains.attaching import NAME, Attaching
from tests.env.booking import Booking
from tests.operations.app import App, get_only_operation, get_operation

pytestmark = pytest.mark.django_db(transaction=True)

FIRST_PAGE = json.dumps({"data": [{"id": "dom_1", "domain": "other.example", "name": "OTHER"}], "next_cursor": "more"})
UNREADABLE = json.dumps({"data": [{"id": 5, "name": 5}]})


@pytest.fixture
def env(app: App, settings: Settings) -> Booking:
    settings.MIOSA = dataclasses.replace(settings.MIOSA, deletes_env=True)
    return Booking(app.deployment_id, app.owner)


@pytest.fixture
def domains(app: App) -> Attaching:
    return Attaching(app.deployment_id, "Main site", app.owner)


def delete(env: Booking, name: str) -> None:
    form = deleting.draw(**env.where(), name=name)
    deleting.delete(**env.where(), name=name, confirmation=Confirmation(token=form.token))


def look(app: App, path: str, body: str | None = None) -> None:
    """The worker's look, three seconds later; it is shown `body` first."""
    app.control.clear_faults()
    if body is not None:
        app.control.fault(path, method="GET", body=body)
    app.pass_time(3)
    app.run_worker()


def names_at(app: App) -> set[str]:
    return {var.name for var in app.simulator.state.store.deployments[app.deployment_id].env}


@pytest.mark.parametrize("seen", [FIRST_PAGE, UNREADABLE])
def test_a_name_that_was_not_seen_was_not_deleted(app: App, env: Booking, seen: str) -> None:
    env.set(name="API_KEY", value="x")
    app.control.fault("*/env/*", method="DELETE", drop_before=True)
    delete(env, "API_KEY")
    look(app, "*/env", seen)
    operation = Operation.objects.get(kind="delete_env")
    assert (operation.state, operation.attempts) == ("succeeded", 2)
    assert "API_KEY" not in names_at(app)


def test_a_name_on_a_later_page_was_set(app: App, env: Booking) -> None:
    app.control.fault("*/env", method="POST", drop_after=True)
    env.set(name="API_KEY", value="x")
    look(app, "*/env", FIRST_PAGE)
    assert (get_only_operation().state, get_only_operation().attempts) == ("succeeded", 1)


def test_a_name_that_is_there_unchanged_was_not_set_whatever_miosas_clock_says(app: App, env: Booking) -> None:
    env.set(name="API_KEY", value="old")
    (var,) = (v for v in app.simulator.state.store.deployments[app.deployment_id].env if v.name == "API_KEY")
    var.updated_at = timezone.now() + timedelta(minutes=5)
    app.control.fault("*/env", method="POST", drop_before=True)
    page = env.set(name="API_KEY", value="new")
    look(app, "*/env")
    assert (get_operation(page).state, get_operation(page).attempts) == ("succeeded", 2)


def test_a_name_that_is_there_changed_was_set(app: App, env: Booking) -> None:
    env.set(name="API_KEY", value="old")
    app.control.fault("*/env", method="POST", drop_after=True)
    page = env.set(name="API_KEY", value="new")
    look(app, "*/env")
    assert (get_operation(page).state, get_operation(page).attempts) == ("succeeded", 1)


def test_what_a_newer_change_of_ours_set_says_nothing_of_an_older_one(app: App, env: Booking) -> None:
    app.control.fault("*/env", method="POST", drop_before=True)
    lost = env.set(name="API_KEY", value="lost")
    app.pass_time(61)
    newer = env.set(name="API_KEY", value="newer")
    assert newer.state == "succeeded"
    look(app, "*/env")
    assert get_operation(lost).state == "unknown"
    app.settle(8)
    assert status.refresh_operation(by=app.owner, key=lost.key, now=timezone.now()).needs_decision
    status.decide(by=app.owner, key=lost.key, choice="happened", now=timezone.now())
    assert EnvMark.objects.get(name="API_KEY").operation_key == newer.key


@pytest.mark.parametrize("expires", [False, True])
def test_what_was_found_to_be_set_is_marked(app: App, env: Booking, expires: bool) -> None:
    told = env.set(name="API_KEY", value="x")
    mark = EnvMark.objects.get(name="API_KEY")
    assert mark.operation_key == told.key
    EnvMark.objects.all().delete()
    app.control.fault("*/env", method="POST", drop_after=True)
    page = env.set(name="API_KEY", value="x")
    if expires:
        SealedValues.objects.update(expires_at=timezone.now())
    look(app, "*/env")
    found = EnvMark.objects.get(name="API_KEY")
    assert (found.operation_key, found.person_name) == (page.key, app.owner.name)
    assert found.fingerprint == ("" if expires else mark.fingerprint)
    assert env.row("API_KEY").waits
    assert not SealedValues.objects.exists()


@pytest.mark.parametrize("seen", [FIRST_PAGE, UNREADABLE])
def test_a_domain_that_was_not_seen_was_not_detached(app: App, domains: Attaching, seen: str) -> None:
    domain = domains.attached()
    app.control.fault("*/domains/*", method="DELETE", drop_before=True)
    page = domains.change(domain, "detach_domain", typed_name=NAME)
    look(app, "*/domains", seen)
    assert (get_operation(page).state, get_operation(page).attempts) == ("succeeded", 2)
    assert NAME not in app.simulator.state.store.domain_names


def test_a_domain_on_a_later_page_was_attached(app: App, domains: Attaching) -> None:
    app.control.fault("*/domains", method="POST", drop_after=True)
    (page,) = domains.add()
    look(app, "*/domains", FIRST_PAGE)
    assert (get_operation(page).state, get_operation(page).attempts) == ("succeeded", 1)


@pytest.mark.parametrize(("row", "attempts"), [({"status": "removed"}, 2), ({"domain": f"{NAME.upper()}."}, 1)])
def test_a_domain_is_known_by_its_name_unless_it_was_removed(
    app: App, domains: Attaching, row: dict[str, str], attempts: int
) -> None:
    app.control.fault("*/domains", method="POST", drop_before=True)
    (page,) = domains.add()
    look(app, "*/domains", json.dumps({"data": [{"id": "dom_1", "domain": NAME, "status": "pending"} | row]}))
    assert (get_operation(page).state, get_operation(page).attempts) == ("succeeded", attempts)


def test_names_that_may_not_be_listed_can_be_set_all_the_same(app: App, env: Booking) -> None:
    key = env.draft(by=None, name="API_KEY", value="x")
    app.control.fault("*/env", method="GET", times=2, status=403)
    assert env.apply(key).state == "succeeded"
