"""A customer's history."""

import re

from django.test import Client
from django.utils import timezone

from portal.models import Customer, Deployment, Entry, Operation, User, Version
from portal.services.sync.upsert import customer_rows
from tests.deployments_ui.changes import confirm, make_checks_due, older, sandbox_of, work
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, check_current_part, check_page, list_chips, poll_path, text_of

PATH = f"/c/{SLUG}/"


def test_page_rules(world: World, browse: Browse) -> None:
    check_page(world, browse, PATH, foreign="/c/pawsome-vets/", root="history", says="Bright Smile Dental")


def test_one_row_of_each_app_is_live(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.owner), PATH)
    rows = re.findall(r'<li class="entry.*?</li>', page, flags=re.DOTALL)
    live = [row for row in rows if '<span class="word">Live</span>' in row]
    assert len(live) == len({re.search(r'<span class="name">(.*?)</span>', row)[1] for row in live}) == 3  # type: ignore[index]  # found


def test_waiting_domains_are_shown_with_a_link(world: World, browse: Browse) -> None:
    client = browse(world.people.viewer)
    assert "attention" not in text_of(client, PATH)
    Deployment.objects.filter(miosa_id=world.main["id"]).update(domains_waiting=2, domains_read_at=timezone.now())
    page = text_of(client, PATH)
    assert re.search(rf'href="{world.path}domains/">.*?2 domain problems\s*</a>', page, flags=re.DOTALL)
    Deployment.objects.filter(miosa_id=world.main["id"]).update(is_shared=True)
    assert "attention" not in text_of(client, PATH)


def test_the_page_is_the_whole_timeline_without_a_script(world: World, browse: Browse) -> None:
    client, path, seen = browse(world.people.owner), PATH, []
    for _page in range(10):
        page = text_of(client, path)
        seen += re.findall(r'id="(v\d+)"', page)
        older = re.search(r'href="([^"]*cursor=[^"]*)"[^>]*>\s*Older', page)
        if older is None:
            break
        path = older[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 24 + 12 + 6
    assert "Older" not in page


def test_a_filter_narrows_the_list_and_is_in_the_address(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    page = text_of(client, f"{PATH}?state=failed&q=&from=&to=")
    assert set(re.findall(r'<span class="word">(.*?)</span>', page)) == {"Failed"}
    assert "State: Failed" in page
    answer = client.get(f"{PATH}?state=failed&q=&from=&to=", **HTMX)
    assert answer["HX-Push-Url"] == f"{PATH}?state=failed"


def test_a_filter_for_another_customers_app_is_ignored_with_a_note(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.owner), f"{PATH}?app={world.foreign['id']}")
    assert "A filter for an unknown app was ignored." in page
    assert world.foreign["name"] not in page


def test_a_kind_that_is_not_offered_shows_as_chosen(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.owner), f"{PATH}?kind=other")
    assert re.search(r'name="kind"\s+value="other"\s+checked', page)
    assert "unknown kind" not in page
    assert "Kind: other" in page


def test_many_apps_are_shortened_to_the_newest(world: World, browse: Browse) -> None:
    known = Deployment.objects.get(miosa_id=world.main["id"])
    for n in range(203):
        one = Deployment.objects.get(pk=known.pk)
        one.pk, one.miosa_id = None, f"dep_many_{n}"
        one.save()
        one.holdings.create(customer=known.customer)
    customer_rows.count_deployments([known.customer_id])
    page = text_of(browse(world.people.owner), PATH)
    assert page.count('<li class="app"') == 200
    assert "206 apps" in page
    assert "6 older apps are not shown." in page


def test_no_results(world: World, browse: Browse) -> None:
    assert "No results" in text_of(browse(world.people.owner), f"{PATH}?q=zzzzzz")


def test_a_forged_cursor_is_not_found(world: World, browse: Browse) -> None:
    assert "Page not found" in text_of(browse(world.people.owner), f"{PATH}?cursor=1-2.forged", status=404)


def test_a_current_part_gets_no_content(world: World, browse: Browse) -> None:
    check_current_part(browse(world.people.owner), PATH)


def test_a_part_that_shows_something_older_gets_what_changed(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    path = poll_path(text_of(client, PATH))
    Customer.objects.filter(slug=SLUG).update(generation=10_000)
    answer = client.get(path, **HTMX)
    part = answer.content.decode()
    assert answer.status_code == 200
    for root in ("history", "freshness", "banner", "summary", "actions", "apps"):
        assert part.count(f'id="{root}"') == 1
    assert "HX-Push-Url" not in answer


def test_a_part_with_only_a_newer_age_gets_the_age(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    path = re.sub(r"age=\w+", "age=00000", poll_path(text_of(client, PATH)))
    answer = client.get(path, **HTMX)
    part = answer.content.decode()
    assert (answer.status_code, answer["HX-Reswap"]) == (200, "none")
    assert part.count('hx-swap-oob="true"') == 2
    assert 'id="freshness"' in part
    assert 'id="history"' not in part


def test_caches_keep_part_and_page_apart(world: World, browse: Browse) -> None:
    answer = browse(world.people.owner).get(PATH)
    assert "HX-Request" in answer["Vary"]
    assert answer["Cache-Control"] == "no-store"
    restored = browse(world.people.owner).get(PATH, HTTP_HX_REQUEST="true", HTTP_HX_HISTORY_RESTORE_REQUEST="true")
    assert b"<html" in restored.content


def test_a_refresh_reads_again_and_comes_back(world: World, browse: Browse) -> None:
    client = browse(world.people.viewer)
    world.control.run_action("publish", deployment_id=world.main["id"], promote=True)
    back = client.post(f"{PATH}refresh/?state=live")
    assert (back.status_code, back["Location"]) == (302, f"{PATH}?state=live")
    part = client.post(f"{PATH}refresh/", **HTMX)
    assert b'id="history"' in part.content
    assert client.get(f"{PATH}refresh/").status_code == 405


def test_a_refresh_needs_a_form_of_ours(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people.owner)
    answer = client.post(f"{PATH}refresh/")
    assert answer.status_code == 403
    assert "not sent from this portal" in answer.content.decode()


def test_an_outage_is_shown_and_stored_data_stays(world: World, browse: Browse) -> None:
    world.control.fault(times=1000, status=503)
    client = browse(world.people.owner)
    assert client.post(f"{PATH}refresh/", **HTMX).status_code == 503
    page = text_of(client, PATH)
    assert '<span class="word">Live</span>' in page
    world.control.clear_faults()


def test_a_customer_without_apps_gets_an_explanation(world: World, browse: Browse) -> None:
    empty = next(row for row in world.control.state()["customers"] if not row["deployments"])
    customer = Customer.objects.get(external_id=empty["external_workspace_id"])
    assert "No apps yet" in text_of(browse(world.people.operator), f"/c/{customer.slug}/")


def test_times_are_in_the_readers_time_zone(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    utc = re.findall(r'<time datetime="([^"]+)" title="[^"]+">', text_of(client, PATH))
    client.cookies["tz"] = "Asia/Tokyo"
    page = text_of(client, PATH)
    assert re.findall(r'<time datetime="([^"]+)" title="[^"]+">', page) == utc
    assert "JST" in page


def test_hostile_names_are_only_text(world: World, browse: Browse) -> None:
    hostile = next(row for row in world.control.state()["customers"] if "<script>" in row["name"])
    customer = Customer.objects.get(external_id=hostile["external_workspace_id"])
    page = text_of(browse(world.people.operator), f"/c/{customer.slug}/")
    assert "<script>window" not in page
    assert "&lt;script&gt;window" in page


def test_few_queries(world: World, browse: Browse, django_assert_max_num_queries: object) -> None:
    user: User = world.people.owner
    client = browse(user)
    text_of(client, PATH)
    with django_assert_max_num_queries(3 + 7):  # type: ignore[operator]  # a fixture of pytest-django
        text_of(client, PATH)


def test_the_person_filter_finds_operations_and_publishes_of_this_portal(world: World, browse: Browse) -> None:
    support, owner = world.people.support, world.people.owner
    confirm(browse(support), f"{world.path}versions/{older(world)[0]['id']}/rollback/", reason="checkout broken")
    sandbox = sandbox_of(world)
    confirm(browse(owner), f"{world.path}publish/", sandbox_id=sandbox, then="stage", kind="auto", reason="new prices")
    work()
    client = browse(world.people.operator)
    page = text_of(client, PATH)
    for person, found in ((support, "rolled back"), (owner, "new prices")):
        key = re.search(rf'name="person"\s+value="(\d+)"[^>]*>\s*<span class="name">{person.name}<', page)
        assert key, person.name
        rows = re.findall(r'<li class="entry.*?</li>', text_of(client, f"{PATH}?person={key[1]}"), flags=re.DOTALL)
        assert len(rows) == 1
        assert found in rows[0]
        assert person.name in rows[0]


def test_a_publish_of_this_portal_is_of_who_requested_it(world: World, browse: Browse) -> None:
    """MIOSA names the sandbox's user; the person who published it comes first, with the reason."""
    path = f"{world.path}publish/"
    client = browse(world.people.operator)
    confirm(client, path, sandbox_id=sandbox_of(world), then="live", kind="auto", reason="new prices")
    work()
    world.control.advance(60)
    make_checks_due()
    work()
    version = Version.objects.get(deployment__miosa_id=world.main["id"], published_by__gt="")
    assert version.external_user_id not in ("", world.people.operator.name)
    client, name = browse(world.people.viewer), "Deploy desk support"
    row = next(
        r
        for r in re.findall(r'<li class="entry.*?</li>', text_of(client, PATH), re.DOTALL)
        if f"#{version.number}<" in r
    )
    assert name in row
    assert "new prices" in row
    for page in (world.path, f"{world.path}versions/{version.miosa_id}/"):
        text = text_of(client, page)
        assert f"by {name}" in text
        assert '<q class="name">new prices</q>' in text
    found = text_of(client, f"{PATH}?q=new+prices")
    assert f"#{version.number}" in found
    data = client.get(f"/api/v1/customers/{SLUG}/deployments/{world.main['id']}/").json()
    assert (data["deployment"]["live_by"], data["deployment"]["live_reason"]) == (name, "new prices")
    assert data["deployment"]["live"]["who"] == name


def rows_of(page: str) -> list[str]:
    return re.findall(r'<li class="entry.*?</li>', page, flags=re.DOTALL)


def test_a_publish_is_one_row_from_its_request_on(world: World, browse: Browse) -> None:
    client = browse(world.people.support)
    before = len(rows_of(text_of(client, world.path)))
    confirm(
        browse(world.people.owner),
        f"{world.path}publish/",
        sandbox_id=sandbox_of(world),
        then="live",
        kind="auto",
        reason="new prices",
    )
    work()
    for said in ("Building", "Live"):
        rows = rows_of(text_of(client, world.path))
        assert len(rows) == before + 1
        assert said in rows[0]
        assert "new prices" in rows[0]
        world.control.advance(60)
        make_checks_due()
        work()
    assert "built in" in rows[0]
    version = Version.objects.get(publish_reason="new prices")
    menu = text_of(client, f"{world.path}versions/{version.miosa_id}/menu/", **HTMX)
    assert f"/operations/{version.publish_operation_id}/" in menu
    assert Entry.objects.filter(kind=Entry.Kind.OPERATION).count() == 0


def test_a_version_that_was_replaced_shows_how_long_it_was_live(world: World, browse: Browse) -> None:
    rows = rows_of(text_of(browse(world.people.viewer), world.path))
    assert "was live" in rows[1]
    assert rows[1].startswith('<li class="entry of-archived"')
    assert sum("of-live" in row for row in rows) == 1


def test_what_can_be_undone_is_undone_from_its_row(world: World, browse: Browse) -> None:
    support = browse(world.people.support)
    confirm(support, f"{world.path}versions/{older(world)[0]['id']}/rollback/", reason="checkout broken")
    key = Operation.objects.get().key
    for client, offers in ((support, True), (browse(world.people.owner), True), (browse(world.people.viewer), False)):
        row = next(row for row in rows_of(text_of(client, PATH)) if "rolled back" in row)
        assert (f'/operations/{key}/undo/"' in row) is offers
    confirm(support, f"/operations/{key}/undo/")
    assert not any(f"{key}/undo/" in row for row in rows_of(text_of(support, PATH)))


def test_days_are_lists_with_names(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.viewer), PATH)
    days = re.findall(r'<h3 class="day-label" id="(day-[\d-]+)">', page)
    assert len(days) == len(set(days)) > 1
    assert re.findall(r'<ol class="timeline" aria-labelledby="(day-[\d-]+)">', page) == days


def test_every_filter_in_use_is_taken_away_alone(world: World, browse: Browse) -> None:
    for path in (PATH, world.path):
        page = text_of(browse(world.people.owner), f"{path}?state=failed&state=live&event=failed&q=a&from=2026-01-02")
        chips = list_chips(page)
        assert [text for _url, text in chips] == [
            "Event: Failed",
            "State: Live",
            "State: Failed",
            "From: 2 January",
            "Search: a",
        ]
        without = {text: url for url, text in chips}["State: Failed"]
        assert without == f"{path}?event=failed&state=live&from=2026-01-02&q=a"
        assert re.search(r'id="filter-state-value"\s*>: <span class="name">Live \+1</span>', page)
        assert re.search(rf'<a class="chip-clear"\s+href="{path}"', page)


def test_a_removed_filter_is_unchecked_in_the_form(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    part = text_of(client, f"{PATH}?event=failed", **HTMX, HTTP_HX_TARGET="searched")
    assert part.count('id="searched"') == part.count('id="history"') == 1
    assert re.search(r'name="event"\s+value="failed"\s+checked', part)
    assert not re.search(r'name="state"\s+value="failed"\s+checked', part)


def test_the_menus_follow_what_is_chosen_while_they_are_open(world: World, browse: Browse) -> None:
    part = text_of(browse(world.people.owner), f"{PATH}?state=failed", **HTMX)
    assert 'id="filter-state-value" hx-swap-oob="true">: <span class="name">Failed</span>' in part
    assert 'class="filters"' not in part


def test_the_only_app_is_taken_out_of_its_menu(world: World, browse: Browse) -> None:
    """Each menu's place is in the page, also of those that are left out there, and each list comes with all of them."""
    Deployment.objects.filter(customer__slug=SLUG).exclude(miosa_id=world.main["id"]).delete()
    client, values = browse(world.people.owner), r'id="(filter-\w+-value)"'
    chosen = text_of(client, f"{PATH}?app={world.main['id']}")
    assert re.search(r'id="filter-app-value"\s*>: <span class="name">', chosen)
    part = text_of(client, PATH, **HTMX)
    assert re.search(r'id="filter-app-value" hx-swap-oob="true">\s*</span>', part)
    plain = text_of(client, PATH)
    assert 'name="app"' not in plain
    assert sorted(re.findall(values, part)) == sorted(re.findall(values, plain)) == sorted(re.findall(values, chosen))


def test_events_of_every_kind_are_found(world: World, browse: Browse) -> None:
    support, operator = browse(world.people.support), browse(world.people.operator)
    confirm(support, f"{world.path}versions/{older(world)[0]['id']}/rollback/", reason="checkout broken")
    confirm(operator, f"{world.path}rename/", name="Front page", reason="new name")
    for event, said in (("rolled_back", "rolled back"), ("settings_changed", "renamed"), ("failed", "Failed")):
        for path in (f"{PATH}?app={world.main['id']}&", f"{world.path}?"):
            rows = rows_of(text_of(support, f"{path}event={event}"))
            assert rows, (path, event)
            assert all(said in row for row in rows)
    assert "No results" in text_of(support, f"{world.path}?event=stopped")


def test_ready_dates_keep_the_other_filters(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.owner), f"{PATH}?state=live&from=2026-01-02")
    today = timezone.localdate()
    expected = f"{PATH}?state=live&amp;from={today.replace(day=1)}&amp;to={today}"
    assert re.search(rf'href="{re.escape(expected)}"[^>]*>This month<', page)


def test_only_staff_find_staff_by_name(world: World, browse: Browse) -> None:
    support = world.people.support
    confirm(browse(support), f"{world.path}versions/{older(world)[0]['id']}/rollback/", reason="checkout broken")
    for path in (PATH, world.path):
        assert f">{support.name}<" in text_of(browse(world.people.operator), path)
        page = text_of(browse(world.people.owner), path)
        assert support.name not in page
        assert re.search(r'name="person"\s+value="staff"', page)


def test_the_name_of_a_sandbox_is_shown_once_the_portal_has_read_it(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    assert "from “" not in text_of(client, PATH)
    text_of(client, f"{world.path}publish/")
    rows = rows_of(text_of(client, PATH))
    names = set(Version.objects.exclude(source_sandbox_name="").values_list("source_sandbox_name", flat=True))
    assert names
    assert any(f"from “{name}”" in row for row in rows for name in names)
    ids = set(Version.objects.exclude(source_sandbox_id="").values_list("source_sandbox_id", flat=True))
    assert not any(sandbox_id in row for row in rows for sandbox_id in ids)
