"""A clock that was set back by an hour: what was due is still due, and what was to be forgotten is forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import EnvVarDraft
from portal.services.env_vars import encryption
from portal.services.operations.kinds import Kind
from tests.env_vars.client import EnvVarsClient
from tests.journal.desk import Desk, of

pytestmark = pytest.mark.django_db(transaction=True)
BACK = -3600


def test_an_unknown_one_is_looked_into_at_once(desk: Desk) -> None:
    desk.playing.fault("*/rollback", drop_after=True)
    page = desk.roll_back(23)
    desk.pass_time(BACK)
    desk.turn()
    assert of(page).state == "succeeded"


def test_and_ends_without_being_sent_again(desk: Desk) -> None:
    desk.playing.fault("*/rollback", drop_before=True)
    page = desk.roll_back(23)
    desk.pass_time(BACK)
    since = desk.mark()
    desk.turn()
    assert (of(page).state, of(page).error_code) == ("refused", "did_not_happen")
    assert desk.heard(since) == []


def test_a_person_is_asked_where_nobody_can_know(desk: Desk) -> None:
    desk.playing.fault("*/publish", drop_before=True)
    page = desk.do(Kind.PUBLISH)
    desk.pass_time(BACK)
    desk.turn()
    assert (of(page).state, of(page).error_code) == ("unknown", "not_seen")


@pytest.mark.parametrize(("status", "verdict"), [(200, "ok"), (502, "bad")])
def test_what_is_live_is_checked_once_more(desk: Desk, status: int, verdict: str) -> None:
    page = desk.roll_back(23)
    if status != 200:
        desk.playing.fault("/sites/*", times=50, status=status)
    desk.pass_time(BACK)
    desk.turn()
    assert (of(page).verdict, of(page).check_due_at) == (verdict, None)


def test_sealed_values_are_out_of_date(desk: Desk) -> None:
    EnvVarsClient(desk.deployment_id, desk.owner).create_draft(name="API_KEY", value="x")
    row = EnvVarDraft.objects.get()
    now = timezone.now() - timedelta(hours=1)
    with pytest.raises(encryption.ValuesUnavailable):
        encryption.decrypt(row, now=now)
    assert encryption.delete_expired_drafts(now=now) == 1
