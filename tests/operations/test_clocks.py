"""A clock that was set back by an hour: what was due is still due, and what was to be forgotten is forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import SealedValues
from portal.services.env_vars import sealing
from tests.env.booking import Booking
from tests.operations.app import App, get_operation

pytestmark = pytest.mark.django_db(transaction=True)
BACK = -3600


def test_an_unknown_one_is_looked_into_at_once(app: App) -> None:
    app.control.fault("*/rollback", drop_after=True)
    page = app.roll_back(23)
    app.pass_time(BACK)
    app.run_worker()
    assert get_operation(page).state == "succeeded"


def test_and_ends_without_being_sent_again(app: App) -> None:
    app.control.fault("*/rollback", drop_before=True)
    page = app.roll_back(23)
    app.pass_time(BACK)
    since = app.log_position()
    app.run_worker()
    assert (get_operation(page).state, get_operation(page).error_code) == ("refused", "did_not_happen")
    assert app.changes_received(since) == []


def test_a_person_is_asked_where_nobody_can_know(app: App) -> None:
    app.control.fault("*/publish", drop_before=True)
    page = app.change("publish")
    app.pass_time(BACK)
    app.run_worker()
    assert (get_operation(page).state, get_operation(page).error_code) == ("unknown", "not_seen")


@pytest.mark.parametrize(("status", "verdict"), [(200, "ok"), (502, "bad")])
def test_what_is_live_is_checked_once_more(app: App, status: int, verdict: str) -> None:
    page = app.roll_back(23)
    if status != 200:
        app.control.fault("/sites/*", times=50, status=status)
    app.pass_time(BACK)
    app.run_worker()
    assert (get_operation(page).verdict, get_operation(page).check_due_at) == (verdict, None)


def test_sealed_values_are_out_of_date(app: App) -> None:
    Booking(app.deployment_id, app.owner).draft(name="API_KEY", value="x")
    row = SealedValues.objects.get()
    now = timezone.now() - timedelta(hours=1)
    with pytest.raises(sealing.Unsealable):
        sealing.unseal(row, now=now)
    assert sealing.purge(now=now) == 1
