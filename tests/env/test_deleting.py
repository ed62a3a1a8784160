"""Deleting a name, where that can be done."""

from dataclasses import replace

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal.models import Deployment, EnvMark
from portal.services.env_vars import deleting, names
from portal.services.errors import NotFound
from portal.services.operations.submit import Confirmation
from portal.services.operations.tokens import BadToken
from portal.services.queries.operations import OperationPage
from tests.env.booking import Booking
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def deletes(settings: Settings, simulator: SimulatorControl) -> None:
    settings.MIOSA = replace(settings.MIOSA, deletes_env=True)


def delete(booking: Booking, name: str) -> OperationPage:
    form = deleting.draw(**booking.where(), name=name)
    return deleting.delete(**booking.where(), name=name, confirmation=Confirmation(token=form.token))


def test_a_name_goes_with_its_mark(booking: Booking) -> None:
    booking.set(name="API_KEY", value="x")
    assert booking.page().may_delete
    page = delete(booking, "API_KEY")
    assert (page.state, page.names) == ("succeeded", ("API_KEY",))
    assert "API_KEY" not in {row.name for row in booking.page().rows}
    assert not EnvMark.objects.exists()


@pytest.mark.parametrize("status", ["404", "405"])
def test_a_platform_that_can_not_says_so(simulator: SimulatorControl, booking: Booking, status: str) -> None:
    booking.set(name="API_KEY", value="x")
    simulator.configure(env_delete=status)
    page = delete(booking, "API_KEY")
    assert page.state == "refused"
    assert "not supported" in page.error
    assert "API_KEY" in {row.name for row in booking.page().rows}


def test_pressing_twice_deletes_once(simulator: SimulatorControl, booking: Booking) -> None:
    booking.set(name="API_KEY", value="x")
    form = deleting.draw(**booking.where(), name="API_KEY")
    confirmation = Confirmation(token=form.token)
    first = deleting.delete(**booking.where(), name="API_KEY", confirmation=confirmation)
    again = deleting.delete(**booking.where(), name="API_KEY", confirmation=confirmation)
    assert first.key == again.key
    assert len([row for row in simulator.requests() if row["method"] == "DELETE"]) == 1


def test_a_form_is_good_for_its_name_alone(booking: Booking) -> None:
    booking.set(pasted="A=1\nB=2")
    form = deleting.draw(**booking.where(), name="A")
    with pytest.raises(BadToken):
        deleting.delete(**booking.where(), name="B", confirmation=Confirmation(token=form.token))


def test_it_is_off_unless_it_was_switched_on(booking: Booking, settings: Settings) -> None:
    booking.set(name="A", value="x")
    settings.MIOSA = replace(settings.MIOSA, deletes_env=False)
    assert not booking.page().may_delete
    with pytest.raises(NotFound):
        deleting.draw(**booking.where(), name="A")


def test_what_is_not_there_can_not_be_deleted(booking: Booking) -> None:
    booking.page()
    with pytest.raises(NotFound):
        deleting.draw(**booking.where(), name="NOWHERE")


def test_a_name_deleted_since_counts_as_changed_and_other_environments_do_not(
    booking: Booking, settings: Settings
) -> None:
    settings.MIOSA = replace(settings.MIOSA, environments=("production", "staging"))
    deployment = Deployment.objects.get(miosa_id=booking.id)
    booking.set(pasted="KEPT=1\nGONE=2")
    since = timezone.now()
    assert names.count_changed(deployment, since=since) == 0
    booking.set(name="KEPT", value="3")
    delete(booking, "GONE")
    assert names.count_changed(deployment, since=since) == 2
    booking.set(name="ELSEWHERE", value="4", environment="staging")
    assert names.count_changed(deployment, since=since) == 2
