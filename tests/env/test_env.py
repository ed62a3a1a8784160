"""Env vars: typed, reviewed, applied, and never read back."""

import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from portal.access import Person, Role
from portal.models import EnvMark, Operation, SealedValues
from portal.services.env import drafts, names, sealing
from portal.services.errors import Forbidden, Invalid, NotFound
from portal.services.journal.kinds import Kind
from portal.services.releases import Confirmed
from tests.playing import Playing

pytestmark = pytest.mark.django_db(transaction=True)

SLUG = "brightsmile-dental"
SECRET = "s3cr3t-value-that-nobody-may-see"


@pytest.fixture
def owner(person_of: Callable[..., Person]) -> Person:
    return person_of(SLUG)


@pytest.fixture
def booking(simulator: Playing, read_all: Callable[[], object]) -> str:
    read_all()
    return next(
        app["id"]
        for customer in simulator.world()["customers"]
        if customer["external_workspace_id"] == SLUG
        for app in customer["deployments"]
        if app["name"] == "Booking"
    )


def draft(owner: Person, booking: str, **typed: str) -> uuid.UUID:
    return drafts.draft(by=owner, slug=SLUG, deployment_id=booking, now=timezone.now(), **typed)


def review(owner: Person, booking: str, key: uuid.UUID) -> drafts.Review:
    return drafts.get_review(by=owner, slug=SLUG, deployment_id=booking, key=key, now=timezone.now())


def apply(owner: Person, booking: str, key: uuid.UUID) -> object:
    token = review(owner, booking, key).token
    return drafts.apply(
        by=owner, slug=SLUG, deployment_id=booking, key=key, confirmed=Confirmed(token=token), now=timezone.now()
    )


def test_a_value_goes_out_once_and_stays_nowhere(simulator: Playing, owner: Person, booking: str) -> None:
    key = draft(owner, booking, pasted=f"API_KEY={SECRET}\nexport EMPTY=\n# a comment\nbad line")
    lines = review(owner, booking, key).lines
    assert [(line.name, line.effect) for line in lines] == [("API_KEY", "added"), ("EMPTY", "kept")]
    before = simulator.heard()[-1]["n"]
    page = apply(owner, booking, key)
    assert page.state == "succeeded"
    sent = [row for row in simulator.heard(before) if row["method"] == "POST"]
    assert [row["body"]["env"] for row in sent] == [{"API_KEY": len(SECRET)}]
    assert not SealedValues.objects.exists()
    rows = names.get_env(by=owner, slug=SLUG, deployment_id=booking, now=timezone.now()).rows
    mine = next(row for row in rows if row.name == "API_KEY")
    assert mine.who == "Somebody"
    assert mine.fingerprint == EnvMark.objects.get(name="API_KEY").fingerprint
    assert SECRET not in whole_database()


def test_the_same_press_twice_sends_once(simulator: Playing, owner: Person, booking: str) -> None:
    key = draft(owner, booking, name="API_KEY", value=SECRET)
    token = review(owner, booking, key).token
    confirmed = Confirmed(token=token)
    first = drafts.apply(by=owner, slug=SLUG, deployment_id=booking, key=key, confirmed=confirmed, now=timezone.now())
    before = simulator.heard()[-1]["n"]
    again = drafts.apply(by=owner, slug=SLUG, deployment_id=booking, key=key, confirmed=confirmed, now=timezone.now())
    assert again.key == first.key
    assert not [row for row in simulator.heard(before) if row["method"] == "POST"]


def whole_database() -> str:
    with connection.cursor() as cursor:
        text = []
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of our own tables
            text += [str(row) for row in cursor.fetchall()]
    return "\n".join(text)
