"""A clock that was set back by an hour: due steps stay due, and encrypted values still expire."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import EnvVarDraft
from portal.services.env_vars import encryption
from tests.env_vars.client import EnvVarsClient
from tests.operations.app import App, get_operation

pytestmark = pytest.mark.django_db(transaction=True)
BACK = -3600


def test_an_unknown_operation_is_read_at_once(app: App) -> None:
    app.control.fault("*/rollback", drop_after=True)
    page = app.roll_back(23)
    app.pass_time(BACK)
    app.run_worker()
    assert get_operation(page).state == "succeeded"


def test_an_unknown_operation_is_not_sent_again(app: App) -> None:
    app.control.fault("*/rollback", drop_before=True)
    page = app.roll_back(23)
    app.pass_time(BACK)
    since = app.log_position()
    app.run_worker()
    assert (get_operation(page).state, get_operation(page).error_code) == ("refused", "did_not_happen")
    assert app.changes_received(since) == []


def test_a_person_decides_if_reading_is_inconclusive(app: App) -> None:
    app.control.fault("*/publish", drop_before=True)
    page = app.change("publish")
    app.pass_time(BACK)
    app.run_worker()
    assert (get_operation(page).state, get_operation(page).error_code) == ("unknown", "not_seen")


@pytest.mark.parametrize(("status", "verdict"), [(200, "ok"), (502, "bad")])
def test_the_live_version_is_checked_once_more(app: App, status: int, verdict: str) -> None:
    page = app.roll_back(23)
    if status != 200:
        app.control.fault("/sites/*", times=50, status=status)
    app.pass_time(BACK)
    app.run_worker()
    assert (get_operation(page).verdict, get_operation(page).check_due_at) == (verdict, None)


def test_values_of_a_draft_have_expired(app: App) -> None:
    EnvVarsClient(app.deployment_id, app.owner).create_draft(name="API_KEY", value="x")
    row = EnvVarDraft.objects.get()
    now = timezone.now() - timedelta(hours=1)
    with pytest.raises(encryption.ValuesUnavailable):
        encryption.decrypt(row, now=now)
    assert encryption.delete_expired_drafts(now=now) == 1
