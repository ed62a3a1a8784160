"""Deleting an env var, where MIOSA supports it and the setting allows it."""

from dataclasses import replace

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal.models import Deployment, EnvVarUpdate
from portal.services.env_vars import changes, pages
from portal.services.errors import NotFound
from portal.services.operations.tokens import BadToken
from tests.env_vars.client import EnvVarsClient, count_deletions
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def allow_deletion(settings: Settings, simulator: SimulatorControl) -> None:
    """After the simulator, whose fixture replaces the settings of MIOSA."""
    settings.MIOSA = replace(settings.MIOSA, deletes_env=True)


def test_it_is_deleted_with_the_record_of_who_set_it(env_vars: EnvVarsClient) -> None:
    env_vars.set_values(name="API_KEY", value="x")
    assert env_vars.get_page().may_delete
    page = env_vars.delete("API_KEY")
    assert (page.state, page.names) == ("succeeded", ("API_KEY",))
    assert "API_KEY" not in env_vars.list_names()
    assert not EnvVarUpdate.objects.exists()


@pytest.mark.parametrize("status", ["404", "405"])
def test_it_is_refused_where_miosa_does_not_support_it(
    simulator: SimulatorControl, env_vars: EnvVarsClient, status: str
) -> None:
    env_vars.set_values(name="API_KEY", value="x")
    simulator.configure(env_delete=status)
    page = env_vars.delete("API_KEY")
    assert page.state == "refused"
    assert "not supported" in page.error
    assert "API_KEY" in env_vars.list_names()


def test_submitting_twice_deletes_once(simulator: SimulatorControl, env_vars: EnvVarsClient) -> None:
    env_vars.set_values(name="API_KEY", value="x")
    token = pages.get_delete_form(**env_vars.arguments(), name="API_KEY").token
    first = env_vars.delete("API_KEY", token=token)
    assert env_vars.delete("API_KEY", token=token).key == first.key
    assert count_deletions(simulator) == 1


def test_a_form_deletes_no_other_name(env_vars: EnvVarsClient) -> None:
    env_vars.set_values(pasted="A=1\nB=2")
    token = pages.get_delete_form(**env_vars.arguments(), name="A").token
    with pytest.raises(BadToken):
        env_vars.delete("B", token=token)


def test_without_the_setting_there_is_no_form(env_vars: EnvVarsClient, settings: Settings) -> None:
    env_vars.set_values(name="A", value="x")
    settings.MIOSA = replace(settings.MIOSA, deletes_env=False)
    assert not env_vars.get_page().may_delete
    with pytest.raises(NotFound):
        pages.get_delete_form(**env_vars.arguments(), name="A")


def test_an_unknown_name_is_not_found(env_vars: EnvVarsClient) -> None:
    env_vars.get_page()
    with pytest.raises(NotFound):
        pages.get_delete_form(**env_vars.arguments(), name="NOWHERE")


def test_deleted_names_count_as_changed_and_those_of_other_environments_do_not(
    env_vars: EnvVarsClient, settings: Settings
) -> None:
    settings.MIOSA = replace(settings.MIOSA, environments=("production", "staging"))
    deployment = Deployment.objects.get(miosa_id=env_vars.deployment_id)
    env_vars.set_values(pasted="KEPT=1\nGONE=2")
    since = timezone.now()
    assert changes.count_changed_names(deployment, since=since) == 0
    env_vars.set_values(name="KEPT", value="3")
    env_vars.delete("GONE")
    assert changes.count_changed_names(deployment, since=since) == 2
    env_vars.set_values(name="ELSEWHERE", value="4", environment="staging")
    assert changes.count_changed_names(deployment, since=since) == 2
