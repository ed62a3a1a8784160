"""Where everybody begins: staff with what needs attention, other people with their customers."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from portal.models import Customer, CustomerTag, Deployment, Domain, Operation, SupportTag, User, Version
from portal.services import failed_logs
from portal.services.failed_logs import FailedLogSource
from tests.deployments_ui.changes import confirm, older
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, check_current_part, text_of


def rows_of(page: str) -> list[str]:
    """What needs somebody, each as plain text."""
    found = re.findall(r'<li class="problem".*?</li>', page, flags=re.DOTALL)
    return [html.unescape(" ".join(re.sub("<[^>]+>", " ", row).split())) for row in found]


def row_of(page: str, words: str) -> str:
    (row,) = [row for row in rows_of(page) if words in row]
    return row


def test_home_is_by_role(world: World, browse: Browse) -> None:
    for user in (world.people.operator, world.people.support):
        assert "<h1>Home</h1>" in text_of(browse(user), "/")
    assert browse(world.people.owner).get("/")["Location"] == f"/c/{SLUG}/"
    assert browse(world.people.other_owner).get("/")["Location"] == "/c/pawsome-vets/"
    assert "belongs to no customer" in text_of(browse(world.people.outsider), "/")
    assert browse(None).get("/")["Location"].startswith("/accounts/login/")
    assert browse(world.people.owner).post("/").status_code == 405


def test_few_queries(world: World, browse: Browse, django_assert_max_num_queries: Any) -> None:
    client = browse(world.people.operator)
    text_of(client, "/")
    with django_assert_max_num_queries(10):
        text_of(client, "/")


def test_a_failed_publish_says_what_is_live_and_leads_to_its_log(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.support), "/")
    row = row_of(page, "Newsletter")
    assert "Bright Smile Dental" in row
    assert "#6 failed" in row
    assert "#5 is live" in row
    failed = Version.objects.get(deployment__name="Newsletter", number=6)
    assert f"/versions/{failed.miosa_id}/log/" in page


def test_why_a_publish_failed_shows_before_somebody_opens_its_log(world: World, browse: Browse) -> None:
    client, source = browse(world.people.operator), FailedLogSource()
    cause = "error TS2339"
    assert cause not in row_of(text_of(client, "/"), "Newsletter")
    due = source.find_due(now=timezone.now()).items
    before = len(world.control.requests())
    for item in due:
        assert source.claim(item, now=timezone.now())
        source.run(item, now=timezone.now())
    assert len(world.control.requests()) - before == len(due) == Deployment.objects.exclude(failed_at=None).count()
    assert cause in row_of(text_of(client, "/"), "Newsletter")
    assert cause in text_of(browse(world.people.owner), f"/c/{SLUG}/")
    assert not source.find_due(now=timezone.now()).items


def test_the_log_of_a_failed_publish_is_requested_once(world: World) -> None:
    """Also if there is none; sooner again only if it could not be read."""
    source, now = FailedLogSource(), timezone.now()
    Version.objects.filter(deployment__name="Appointments").update(customer=None)
    due = source.find_due(now=now).items
    assert "Appointments" not in [row.name for row in due]
    world.control.fault("*", times=50, status=404)
    assert source.claim(due[0], now=now)
    assert not source.claim(due[0], now=now)
    source.run(due[0], now=now)
    world.control.clear_faults()
    assert due[0] not in source.find_due(now=now).items


def test_a_log_that_is_missing_keeps_no_other_from_being_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failed_logs, "_MOST_LISTED", 1)
    source, now = FailedLogSource(), timezone.now()
    (first,) = source.find_due(now=now).items
    assert source.claim(first, now=now)
    (second,) = source.find_due(now=now).items
    assert second != first


def test_a_failed_publish_over_a_broken_version_offers_to_roll_back(world: World, browse: Browse) -> None:
    client = browse(world.people.support)
    assert "Roll back…" not in row_of(text_of(client, "/"), "Newsletter")
    app = Deployment.objects.get(name="Newsletter")
    confirm(client, f"/c/{SLUG}/deployments/{app.miosa_id}/redeploy/", reason="slow")
    Operation.objects.update(verdict=Operation.Verdict.BAD, checked_at=timezone.now())
    row = row_of(text_of(client, "/"), "Newsletter")
    assert "#5 is live and answers with errors" in row
    assert "View log" in row
    assert "Roll back…" in row
    # Of a build that failed; what is live was not looked at.
    Operation.objects.update(result={"build_failed": True})
    assert "answers with errors" not in row_of(text_of(client, "/"), "Newsletter")


def test_a_rollback_is_undone_or_kept_where_it_is_listed(world: World, browse: Browse) -> None:
    client = browse(world.people.support)
    confirm(client, f"{world.path}versions/{older(world)[0]['id']}/rollback/", reason="checkout broken")
    page = text_of(client, "/")
    row = row_of(page, "Main site")
    assert f"Rolled back to #{older(world)[0]['number'] + 1}" not in row
    assert f"by {world.people.support.name} (support)" in row
    assert "checkout broken" in row
    assert "Undo…" in row
    app = Deployment.objects.get(miosa_id=world.main["id"])
    kept = client.post(f"{world.path}rollback/keep/", {"live": app.active_version_id, "back": "home"})
    assert (kept.status_code, kept["Location"]) == (303, "/")
    assert "Main site" not in " ".join(rows_of(text_of(client, "/")))


def copy_operations(count: int, **changes: Any) -> None:
    """As many as `count` of the only one there is."""
    only = Operation.objects.get()
    values = {field.attname: getattr(only, field.attname) for field in Operation._meta.concrete_fields}
    copies = [Operation(**values | {"id": None, "key": uuid4()} | changes) for _copy in range(count)]
    Operation.objects.bulk_create(copies)


def test_checks_of_domains_do_not_fill_what_happened_last(world: World, browse: Browse) -> None:
    client = browse(world.people.support)
    confirm(client, f"{world.path}versions/{older(world)[0]['id']}/rollback/", reason="checkout broken")
    copy_operations(30, kind="verify_domain", person_id=0, person_name="", moves_pointer=False, result={})
    page = text_of(client, "/")
    assert "domain checked" not in page
    assert "rolled back" in page.partition('id="recent')[2]


def test_undecided_operations_are_on_their_page_alone(world: World, browse: Browse) -> None:
    client = browse(world.people.support)
    confirm(client, f"{world.path}versions/{older(world)[0]['id']}/rollback/", reason="checkout broken")
    copy_operations(55, state="unknown", next_read_at=None)
    pages = [rows_of(text_of(client, f"/?state=unknown&page={page}")) for page in (1, 2)]
    assert list(map(len, pages)) == [50, 5]


def test_what_was_staged_and_forgotten_can_be_promoted(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    assert not [row for row in rows_of(text_of(client, "/")) if "staged" in row]
    Deployment.objects.filter(name="Booking").update(staged_since=timezone.now() - timedelta(days=9))
    row = row_of(text_of(client, "/"), "Booking")
    assert "#12 staged 9 days ago" in row
    assert "#11 is live" in row
    assert "Promote…" in row


def test_a_failing_domain_comes_before_a_waiting_one(world: World, browse: Browse) -> None:
    app = Deployment.objects.get(miosa_id=world.main["id"])
    owned: dict[str, Any] = {"deployment": app, "customer": app.customer}
    Domain.objects.create(miosa_id="dom_a", name="new.example", status="pending", **owned)
    Domain.objects.create(miosa_id="dom_b", name="www.example", status="active", drifted_at=timezone.now(), **owned)
    Deployment.objects.filter(pk=app.pk).update(domains_waiting=2)
    page = text_of(browse(world.people.operator), "/")
    rows = [row for row in rows_of(page) if ".example" in row]
    assert ["www.example" in rows[0], "new.example" in rows[1]] == [True, True]
    assert rows_of(page)[0] == rows[0]
    assert f"{world.path}domains/dom_b/" in page


def test_each_count_filters_the_page(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    counts = re.findall(r'href="(/\?state=[a-z_]+)"[^>]*hx-get', text_of(client, "/"))
    assert "/?state=failed" in counts
    page = text_of(client, "/?state=failed")
    assert "State: Publish failed" in page
    assert len(rows_of(page)) == Deployment.objects.exclude(failed_at=None).count()
    assert all("failed" in row for row in rows_of(page))
    # It gets shorter while somebody looks at its last page.
    assert rows_of(text_of(client, "/?state=failed&page=2")) == rows_of(page)
    text_of(client, "/?state=failed&page=0", status=404)


def test_the_filters_stand_below_the_counts_and_keep_what_is_being_typed(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    page = text_of(client, "/")
    assert page.index('id="counts"') < page.index('id="filters"') < page.index('id="home"')
    for path in ("/", "/customers/"):
        assert re.findall(r"<summary>\s*<span>(State|Tag|Person)</span>", text_of(client, path)) == ["State", "Person"]
    part = text_of(client, "/?state=failed", **HTMX, headers={"HX-Trigger": "filters"})
    assert 'id="counts" hx-swap-oob="true"' in " ".join(part.split())
    assert 'id="count-failed" href="/" aria-current="true"' in " ".join(part.split())
    assert 'id="filters"' not in part


def test_without_apps_there_is_nothing_to_filter(world: World, browse: Browse) -> None:
    Deployment.objects.update(gone_at=timezone.now())
    page = " ".join(text_of(browse(world.people.operator), "/").split())
    assert re.search(r'id="filters" hidden', page)


def test_filters_are_alternatives_within_and_narrow_each_other(world: World, browse: Browse) -> None:
    for slug, tag in ((SLUG, "dental"), ("pawsome-vets", "vets"), ("taco-loco", "food")):
        customer = Customer.objects.get(external_id=slug)
        CustomerTag.objects.create(customer=customer, tag=tag)
    client = browse(world.people.operator)
    for path in ("/", "/customers/"):
        page = text_of(client, f"{path}?tag=dental&tag=vets&state=failed")
        shown = page.split('id="home"' if path == "/" else 'id="customers"')[1].split("Recent activity")[0]
        assert "Bright Smile Dental" in shown
        assert "Pawsome Vets" in shown
        assert "Taco Loco" not in shown
        assert "Tag: dental" in shown
    page = text_of(client, "/customers/?tag=dental&state=stopped")
    assert "No results" in page
    person = Version.objects.get(deployment__name="Appointments", number=9).external_user_id
    assert [row for row in rows_of(text_of(client, f"/?person={person}")) if "Appointments" not in row] == []


def test_limited_support_sees_only_its_customers(world: World, browse: Browse) -> None:
    customer = Customer.objects.get(external_id="pawsome-vets")
    SupportTag.objects.create(user=world.people.support, tag="vets")
    CustomerTag.objects.create(customer=customer, tag="vets")
    User.objects.filter(pk=world.people.support.pk).update(sees_all_customers=False)
    page = text_of(browse(world.people.support), "/")
    assert "Pawsome Vets" in page
    assert "Bright Smile" not in page


def test_limited_support_learns_nothing_of_who_changed_a_shared_app(world: World, browse: Browse) -> None:
    """Letter by letter, by what the filter leaves."""
    customer = Customer.objects.get(external_id=SLUG)
    SupportTag.objects.create(user=world.people.support, tag="mine")
    CustomerTag.objects.create(customer=customer, tag="mine")
    User.objects.filter(pk=world.people.support.pk).update(sees_all_customers=False)
    app = Deployment.objects.get(name="Booking")
    app.domains.create(customer=customer, miosa_id="dom_x", name="shared.example", status="pending")
    Deployment.objects.filter(pk=app.pk).update(domains_waiting=1, live_by="Somebody Else")
    for is_shared in (False, True):
        Deployment.objects.filter(pk=app.pk).update(is_shared=is_shared)
        shown = " ".join(rows_of(text_of(browse(world.people.support), "/?person=somebody+else")))
        assert ("shared.example" in shown) != is_shared


def test_with_nothing_wrong_it_says_so(world: World, browse: Browse) -> None:
    Deployment.objects.update(failed_at=None, on_rollback=False, domains_waiting=0, staged_since=None)
    Deployment.objects.filter(state="stopped").update(state="running")
    page = text_of(browse(world.people.operator), "/")
    assert "Everything is live and healthy" in page
    assert not rows_of(page)


def test_a_poll_gets_nothing_until_something_changes(world: World, browse: Browse) -> None:
    check_current_part(browse(world.people.operator), "/")


def test_customers_never_filter_by_the_names_of_staff(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.owner), "/customers/?person=nobody&state=failed&tag=x")
    assert "Bright Smile Dental" in page
    assert "Person:" not in page


def test_somebody_with_several_customers_begins_with_their_apps(world: World, browse: Browse) -> None:
    for slug in ("fjord-yoga", "pawsome-vets"):
        customer = Customer.objects.filter(external_id__startswith=slug[:5]).first() or Customer.objects.get(slug=slug)
        world.people.other_owner.memberships.get_or_create(customer=customer, defaults={"role": "owner"})
    page = text_of(browse(world.people.other_owner), "/")
    assert "Your customers" in page
    assert page.index("Pawsome Vets</a>") < page.index("Fjord Yoga</a>")
    assert "#9 failed" in page
    assert "Roll back…" in page


def test_limited_support_is_offered_the_tags_of_its_customers(world: World, browse: Browse) -> None:
    for slug, tag in (("pawsome-vets", "vets"), (SLUG, "acquired-by-rival")):
        CustomerTag.objects.create(customer=Customer.objects.get(external_id=slug), tag=tag)
    SupportTag.objects.create(user=world.people.support, tag="vets")
    User.objects.filter(pk=world.people.support.pk).update(sees_all_customers=False)
    for path in ("/", "/customers/"):
        assert "acquired-by-rival" not in text_of(browse(world.people.support), path)
        assert "acquired-by-rival" in text_of(browse(world.people.operator), path)
