"""The audit log: the pages of one customer and of all, their filters, and what is downloaded."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict, StreamingHttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from deployments_ui.labels.activity import NOUNS, SENTENCES
from portal.models import Customer, Membership, User, Version
from portal.permissions import Person
from portal.services import people
from portal.services.audit.record import Origin, Outcome, Way, changes_from, record
from portal.services.operations.kinds import KINDS
from portal.services.queries import activity, activity_search
from tests.accounts.browser import sign_in
from tests.deployments_ui.changes import confirm
from tests.deployments_ui.conftest import HTMX, SLUG, Browse, World
from tests.deployments_ui.page_rules import list_chips, text_of

OWN, ALL = f"/c/{SLUG}/activity/", "/activity/"


def person_of(user: User) -> Person:
    person = people.get_person(user)
    assert person is not None
    return person


def record_change(
    world: World, who: str, target: str, *, slug: str = SLUG, kind: str = "person.invited", **facts: Any
) -> None:
    """Somebody changed something at a customer, in a browser."""
    customer = Customer.objects.get(slug=slug) if slug else None
    with changes_from(Origin(Way.SESSION, address="203.0.113.7", request_id="0123456789abcdef")):
        record(kind, by=person_of(getattr(world.people, who)), customer=customer, target=target, **facts)


def read_download(client: Client, path: str) -> str:
    response = client.get(path)
    assert isinstance(response, StreamingHttpResponse)
    return response.getvalue().decode().removeprefix("\ufeff")


def test_it_tells_who_did_what_with_a_link_to_the_operation(world: World, browse: Browse) -> None:
    version = Version.objects.get(deployment__miosa_id=world.main["id"], number=23)
    answer = confirm(browse(world.people.owner), f"{world.path}versions/{version.miosa_id}/rollback/")
    page = text_of(browse(world.people.support), ALL)
    assert f"Dr Rao rolled back {world.main['name']} to #23" in page
    for shown in (f'href="{answer["Location"]}"', "checkout broken", "Bright Smile Dental", "127.0.0.1", "owner"):
        assert shown in page
    assert answer["X-Request-ID"] in page


def test_a_customer_sees_its_own_events_and_of_staff_only_that_it_was_support(world: World, browse: Browse) -> None:
    record_change(world, "support", "vera@brightsmile.test", before={"role": "viewer"}, after={"role": "owner"})
    record_change(world, "other_owner", "of-pawsome@pawsome.test", slug="pawsome-vets")
    record_change(world, "operator", "platform@portal.test", slug="")
    page = text_of(browse(world.people.owner), OWN)
    assert "Deploy desk support invited vera@brightsmile.test" in page
    assert "viewer" in page
    for hidden in ("Ana Ruiz", "support@portal.test", "203.0.113.7", "0123456789abcdef", "pawsome.test", "platform@"):
        assert hidden not in page
    assert "Ana Ruiz invited" in text_of(browse(world.people.operator), OWN)


def test_a_customer_sees_sign_ins_of_its_own_people(world: World, browse: Browse) -> None:
    """Not those of somebody who belongs to another customer too."""
    Membership.objects.create(user=world.people.other_owner, customer=Customer.objects.get(slug=SLUG), role="owner")
    for who in (world.people.viewer, world.people.other_owner, world.people.support):
        sign_in(who)
    page = text_of(browse(world.people.owner), OWN)
    assert f"{world.people.viewer} signed in" in page
    assert page.count("signed in</") == 1


def test_a_setting_shows_customers_the_names_of_staff(world: World, browse: Browse, settings: Settings) -> None:
    settings.SHOW_STAFF_NAMES = True
    record_change(world, "support", "vera@brightsmile.test")
    assert "Ana Ruiz invited vera@brightsmile.test" in text_of(browse(world.people.owner), OWN)


def test_a_customer_sees_addresses_of_its_own_people(world: World, browse: Browse) -> None:
    record_change(world, "owner", "vera@brightsmile.test")
    page = text_of(browse(world.people.owner), OWN)
    assert "Dr Rao invited vera@brightsmile.test" in page
    assert "203.0.113.7" in page
    assert "0123456789abcdef" not in page


ACCESS = [
    ("viewer", OWN, 403),
    ("viewer", f"{OWN}activity.csv", 403),
    ("other_owner", OWN, 404),
    ("other_owner", f"{OWN}activity.json", 404),
    ("owner", ALL, 404),
    ("owner", f"{ALL}activity.csv", 404),
    ("owner", f"{OWN}activity.xml", 404),
    ("support", ALL, 200),
    ("operator", OWN, 200),
]


def test_who_may_read_it(world: World, browse: Browse) -> None:
    with world.hearing_nothing():
        for who, path, status in ACCESS:
            client = browse(getattr(world.people, who))
            assert (client.get(path).status_code, client.post(path).status_code) == (status, 405), (who, path)


def test_support_of_some_customers_sees_their_events_only(world: World, browse: Browse) -> None:
    limited = User.objects.create_user("limited@portal.test", name="Lim", staff_role="support")
    Membership.objects.create(user=limited, customer=Customer.objects.get(slug=SLUG), role="support")
    record_change(world, "owner", "own@brightsmile.test")
    record_change(world, "other_owner", "other@pawsome.test", slug="pawsome-vets")
    record_change(world, "operator", "platform@portal.test", slug="")
    page = text_of(browse(limited), ALL)
    assert "own@brightsmile.test" in page
    assert "other@pawsome.test" not in page
    assert "platform@portal.test" not in page


@pytest.fixture
def recorded(world: World) -> World:
    record_change(world, "owner", "first", kind="person.invited")
    record_change(world, "support", "second", kind="brand.changed", after={"colour": "Dark Green"})
    record_change(world, "operator", "third", kind="person.removed", outcome=Outcome.REFUSED)
    record_change(world, "other_owner", "fourth", kind="person.invited", slug="pawsome-vets")
    return world


def list_targets(page: str) -> list[str]:
    rows = page.partition("<tbody")[2].replace("\n", "")
    return [target for target in ("first", "second", "third", "fourth") if f"{target}</" in rows]


FILTERS = [
    ("", ["first", "second", "third", "fourth"]),
    ("person=dr+rao", ["first"]),
    ("person=SUPPORT@portal.test", ["second"]),
    ("person=nobody", []),
    ("customer=pawsome", ["fourth"]),
    ("customer=nowhere", []),
    ("kind=person", ["first", "third", "fourth"]),
    ("kind=brand", ["second"]),
    ("outcome=refused", ["third"]),
    ("q=FOURTH", ["fourth"]),
    ("q=dark+green", ["second"]),
    ("q=ana", ["second"]),
    ("q=0123456789abcdef", ["first", "second", "third", "fourth"]),
    ("person=dr+rao&kind=brand", []),
    ("kind=person&outcome=done&q=first", ["first"]),
    ("to=2001-01-01", []),
    ("from=2001-01-01", ["first", "second", "third", "fourth"]),
    ("from=2001-01-01&to=2001-02-30&kind=nonsense", ["first", "second", "third", "fourth"]),
]


def test_filters(recorded: World, browse: Browse) -> None:
    client = browse(recorded.people.operator)
    found = [(query, list_targets(text_of(client, f"{ALL}?{query}"))) for query, _targets in FILTERS]
    assert found == FILTERS


def test_every_filter_in_use_is_taken_away_alone(recorded: World, browse: Browse) -> None:
    client = browse(recorded.people.operator)
    query = "person=rao&kind=person&outcome=done&from=2026-01-02&q=first"
    page = text_of(client, f"{ALL}?{query}")
    chips = list_chips(page)
    assert [text for _url, text in chips] == [
        "Name or e-mail: rao",
        "What was done: People",
        "Result: done",
        "From: 2 January",
        "Search this log: first",
    ]
    for (url, _text), name in zip(chips, ("person", "kind", "outcome", "from", "q"), strict=True):
        left = QueryDict(url.partition("?")[2])
        assert sorted([*left, name]) == ["from", "kind", "outcome", "person", "q"]
    part = text_of(client, chips[0][0], HTTP_HX_TARGET="searched", **HTMX)
    assert part.lstrip().startswith("<section")
    assert "<html" not in part


def test_invalid_filters_are_ignored_with_a_note(recorded: World, browse: Browse) -> None:
    page = text_of(browse(recorded.people.operator), f"{ALL}?kind=nonsense&from=yesterday")
    assert "The filter for an unknown kind was ignored." in page
    assert "This date does not exist, so it was ignored." in page


def test_customers_can_t_find_staff_by_what_they_don_t_see(recorded: World, browse: Browse) -> None:
    client = browse(recorded.people.owner)
    for query in ("q=ana", "q=support%40portal", "q=203.0.113.7", "person=ana", "person=olga"):
        assert list_targets(text_of(client, f"{OWN}?{query}")) == [], query


def test_customers_find_staff_as_support(recorded: World, browse: Browse) -> None:
    page = text_of(browse(recorded.people.owner), f"{OWN}?person=support")
    assert list_targets(page) == ["second", "third"]


def test_somebody_who_was_removed_is_still_found(recorded: World, browse: Browse) -> None:
    User.objects.filter(pk__in=[recorded.people.support.pk, recorded.people.other_owner.pk]).delete()
    operator, owner = browse(recorded.people.operator), browse(recorded.people.owner)
    assert list_targets(text_of(operator, f"{ALL}?person=ana+ruiz")) == ["second"]
    assert list_targets(text_of(operator, f"{ALL}?person=owner@pawsome.test")) == ["fourth"]
    assert list_targets(text_of(owner, f"{OWN}?person=ana+ruiz")) == []


def test_a_name_of_many_people_finds_the_events_of_all(recorded: World, browse: Browse) -> None:
    User.objects.bulk_create(User(email=f"{number}@many.test", name="Dr Rao", password="!") for number in range(60))
    latest = User.objects.create_user("last@many.test", name="Dr Rao")
    Membership.objects.create(user=latest, customer=Customer.objects.get(slug=SLUG), role="owner")
    record("person.invited", by=person_of(latest), customer=Customer.objects.get(slug=SLUG), target="first")
    assert list_targets(text_of(browse(latest), f"{OWN}?person=dr+rao")) == ["first"]


def test_tags_of_a_customer_are_for_staff(world: World, browse: Browse) -> None:
    record_change(world, "operator", "first", kind="customer.changed", after={"tags": ["pays late"]})
    assert "pays late" in text_of(browse(world.people.operator), OWN)
    assert "pays late" not in text_of(browse(world.people.owner), OWN)
    assert "pays late" not in read_download(browse(world.people.owner), f"{OWN}activity.json")


def test_days_are_those_of_the_reader(world: World, browse: Browse) -> None:
    record_change(world, "owner", "first")
    today = timezone.localdate()
    client = browse(world.people.operator)
    assert list_targets(text_of(client, f"{ALL}?from={today}&to={today}")) == ["first"]
    assert list_targets(text_of(client, f"{ALL}?from={today + timedelta(days=1)}")) == []


def test_pages_go_on_to_the_first_event_and_do_not_shift(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_search, "PAGE_SIZE", 2)
    for name in ("first", "second", "third"):
        record_change(world, "owner", name)
    client = browse(world.people.owner)
    first_page = text_of(client, OWN)
    assert list_targets(first_page) == ["second", "third"]
    record_change(world, "owner", "fourth")
    assert list_targets(text_of(client, f"{OWN}?before=2")) == ["first"]
    assert f"{OWN}?before=2" in first_page


def test_a_search_says_how_far_back_it_went_and_goes_on(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_search, "WINDOW", 2)
    for name in ("first", "second", "third"):
        record_change(world, "owner", name)
    client = browse(world.people.owner)
    page = text_of(client, f"{OWN}?q=first")
    assert "Searched back to" in page
    assert list_targets(page) == []
    assert list_targets(text_of(client, f"{OWN}?q=first&before=2")) == ["first"]


def test_htmx_gets_the_list_and_the_address(recorded: World, browse: Browse) -> None:
    response = browse(recorded.people.operator).get(f"{ALL}?q=first", **HTMX)
    assert response.content.decode().strip().startswith('<div id="activity">')
    assert response["HX-Push-Url"] == f"{ALL}?q=first"


def test_downloads_have_the_same_filters_and_hide_the_same(recorded: World, browse: Browse) -> None:
    operator, owner = browse(recorded.people.operator), browse(recorded.people.owner)
    rows = list(csv.DictReader(io.StringIO(read_download(operator, f"{ALL}activity.csv?kind=person"))))
    assert [row["target"] for row in rows] == ["fourth", "third", "first"]
    assert (rows[1]["who"], rows[1]["outcome"], rows[1]["request_id"]) == ("Olga Petrov", "refused", "0123456789abcdef")
    events = json.loads(read_download(owner, f"{OWN}activity.json"))
    assert [event["target"] for event in events] == ["third", "second", "first"]
    assert events[1]["who"] == "Deploy desk support"
    assert (events[1]["address"], events[1]["email"], events[1]["request_id"]) == ("", "", "")
    assert json.loads(read_download(owner, f"{OWN}activity.json?q=nothing")) == []


def test_downloads_are_written_while_they_are_read(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "_EXPORTED_AT_ONCE", 2)
    for number in range(5):
        record_change(world, "owner", f"event {number}")
    response = browse(world.people.owner).get(f"{OWN}activity.csv")
    assert response["Content-Disposition"].startswith(f'attachment; filename="activity-{SLUG}-20')
    text = response.getvalue().decode()
    assert [f"event {number}" in text for number in range(5)] == [True] * 5


def test_no_cell_is_a_formula(world: World, browse: Browse) -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "'=1"]
    for text in texts:
        record_change(world, "owner", text)
    rows = csv.DictReader(io.StringIO(read_download(browse(world.people.owner), f"{OWN}activity.csv")))
    assert [row["target"] for row in rows][::-1] == [*(f"'{text}" for text in texts[:-1]), "'=1"]


def test_an_unknown_kind_is_shown_by_its_words(world: World, browse: Browse) -> None:
    record_change(world, "operator", "Blue", kind="colour_scheme.made_lighter")
    assert "Olga Petrov: colour scheme made lighter Blue" in text_of(browse(world.people.operator), ALL)


def test_every_kind_of_operation_has_a_sentence() -> None:
    assert {f"operation.{name}" for name in KINDS} <= set(SENTENCES)


def test_every_kind_that_services_record_has_a_sentence_and_a_filter() -> None:
    """Those written as a literal; others are shown by their words."""
    sources = [path.read_text() for path in Path("portal").rglob("*.py")]
    literal = r'(?:\b_?record(?:_change)?\(\s*|\bkind = (?:"[a-z_.]+" if \w+ else )?)"([a-z_]+\.[a-z_]+)"'
    kinds = {kind for source in sources for kind in re.findall(literal, source)}
    assert len(kinds) > 20
    assert kinds - set(SENTENCES) == set()
    assert {kind.partition(".")[0] for kind in SENTENCES} <= set(NOUNS)


def test_the_menu_leads_to_activity_and_operations(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.support), "/operations/")
    assert 'href="/activity/"' in page
    assert page.count('aria-current="page"') == 2
    own = text_of(browse(world.people.owner), f"/c/{SLUG}/")
    assert f'href="{OWN}"' in own
    viewers = text_of(browse(world.people.viewer), f"/c/{SLUG}/")
    assert f'href="{OWN}"' not in viewers
    assert f'href="/c/{SLUG}/operations/"' in viewers
