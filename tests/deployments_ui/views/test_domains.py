"""Pages of domains: status, records to copy, and the forms that change them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import Deployment, Domain, User
from portal.services.domains import reports
from tests.deployments_ui.changes import confirm, get_token, list_changes_sent, token_of
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, check_hidden, check_page, text_of

NAME = "shop.brightsmile-new.example"


def domains(world: World) -> str:
    return f"{world.path}domains/"


def added(client: Client, world: World, name: str = NAME, **fields: str) -> str:
    """Adds a domain; returns the address of its page."""
    answer = confirm(client, f"{domains(world)}add/", htmx=False, domain=name, **fields)
    assert answer.status_code == 303
    return answer["Location"]


def foreign_domain(world: World, browse: Browse) -> str:
    """The address of another customer's domain."""
    path = world.foreign_path
    answer = confirm(browse(world.people.operator), f"{path}domains/add/", domain="clinic.pawsome-new.example")
    return str(answer["Location"])


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_list(world: World, browse: Browse) -> None:
    check_page(world, browse, domains(world), foreign=f"{world.foreign_path}domains/", root="domains", says="Domains")


def test_page(world: World, browse: Browse) -> None:
    path = added(browse(world.people.owner), world)
    foreign = foreign_domain(world, browse)
    check_page(world, browse, path, foreign=foreign, root="domain", says=NAME.rpartition(".")[0].rpartition(".")[2])


@pytest.mark.parametrize(("form", "part"), [("detach/", "detachment"), ("redirect/", "redirection")])
def test_forms_need_permission(world: World, browse: Browse, form: str, part: str) -> None:
    path = added(browse(world.people.owner), world)
    for user in (world.people.viewer, world.people.support):
        assert "Who can:" in text_of(browse(user), path + form, status=403)
    check_hidden(world, browse, foreign=foreign_domain(world, browse) + form)
    client = browse(world.people.owner)
    assert client.put(path + form).status_code == 405
    html = text_of(client, path + form, **HTMX)
    assert "<html" not in html
    assert f'id="{part}"' in html


def test_adding_needs_permission(world: World, browse: Browse) -> None:
    for user in (world.people.viewer, world.people.support):
        client = browse(user)
        with world.hearing_nothing():
            text_of(client, f"{domains(world)}add/", status=403)
            assert client.post(f"{domains(world)}add/", {"domain": NAME}).status_code == 403
    check_hidden(world, browse, foreign=f"{world.foreign_path}domains/add/")


def test_a_new_domain_shows_its_records_to_copy(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    page = text_of(client, added(client, world, f"https://{NAME}/path"))
    target = Domain.objects.get(name=NAME).required_records[0]["value"]
    for copied in ("CNAME", "shop", NAME, target, "300"):
        assert f'data-copy="{copied}"' in page
    assert "Checking…" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_preview_explains_what_was_typed(world: World, browse: Browse) -> None:
    path = f"{domains(world)}add/?domain=HTTPS://Newsite.Example:443/x"
    page = text_of(browse(world.people.owner), path, HTTP_HX_TARGET="preview", **HTMX)
    assert "removed the port" in page
    assert "Add www.newsite.example too" in page
    assert 'id="preview"' in page
    assert 'id="addition"' not in page


def test_an_invalid_name_stays_in_its_field(world: World, browse: Browse) -> None:
    answer = confirm(browse(world.people.owner), f"{domains(world)}add/", htmx=True, domain="192.0.2.1")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "IP address" in page
    assert 'value="192.0.2.1"' in page
    assert not list_changes_sent(world)


def test_the_portals_own_name_is_refused(world: World, browse: Browse) -> None:
    answer = confirm(browse(world.people.owner), f"{domains(world)}add/", htmx=True, domain="testserver")
    assert answer.status_code == 422


def test_both_names_are_added_at_once(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    path = added(client, world, "newsite.example", with_twin="1", policy="www_to_apex")
    assert path == domains(world)
    page = text_of(client, path)
    assert "www.<wbr>newsite.<wbr>example" in page


def test_international_names_are_shown_with_their_letters(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    assert "Add www.bücher.example too" in plain(text_of(client, f"{domains(world)}add/?domain=bücher.example"))
    page = plain(text_of(client, added(client, world, name="bücher.example")))
    assert "Not added www.bücher.example" in page
    deletion = plain(text_of(browse(world.people.operator), f"{world.path}delete/"))
    assert "bücher.example" in deletion
    assert "xn--" not in deletion
    # The list names the domain, not the app alone.
    assert "domain added bücher.example" in plain(text_of(client, f"/c/{SLUG}/operations/"))


def test_a_taken_domain_does_not_reveal_its_owner(world: World, browse: Browse) -> None:
    foreign_domain(world, browse)
    answer = confirm(browse(world.people.owner), f"{domains(world)}add/", domain="clinic.pawsome-new.example")
    page = text_of(browse(world.people.owner), answer["Location"])
    assert "attached already" in page
    assert "Pawsome" not in page
    assert world.foreign["id"] not in page


def test_the_page_begins_with_the_answer(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    path = added(client, world)
    page = text_of(client, path)
    assert page.index("Checking DNS…") < page.index('class="statuses"') < page.index('class="record')
    assert "Certificate waiting" in plain(page)


def test_owners_add_a_domain_on_the_list_and_staff_in_the_dialog(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    page = text_of(client, domains(world))
    form = re.search(r'<form class="line domain-new"[^>]*method="post".*?</form>', page, re.DOTALL)
    assert form
    fields = {"domain": NAME, "token": token_of(form[0])}
    answer = client.post(f"{domains(world)}add/", fields, HTTP_X_DIALOG="1", **HTMX)
    assert answer["HX-Redirect"] == f"{domains(world)}{Domain.objects.get(name=NAME).miosa_id}/"
    # They have to give a reason, which the dialog asks for.
    page = text_of(browse(world.people.operator), domains(world))
    assert re.search(r'<form class="line domain-new"[^>]*method="get"', page)
    assert 'value="new.example"' in text_of(browse(world.people.operator), f"{domains(world)}add/?domain=new.example")
    for user in (world.people.viewer, world.people.support):
        assert "domain-new" not in text_of(browse(user), domains(world))


def test_domains_that_do_not_work_are_listed_first(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    added(client, world, "zebra.brightsmile-new.example")
    page = text_of(client, domains(world))
    assert page.index("zebra") < page.index("Certificate active")


def test_the_list_shows_the_status_and_the_tab_counts(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    added(client, world)
    page = text_of(client, domains(world))
    for name in ("Ownership", "DNS", "Certificate"):
        assert name in page
    count = Domain.objects.filter(deployment__miosa_id=world.main["id"], gone_at=None).count()
    assert f'<span class="count">{count}</span>' in page


def test_an_unknown_status_is_not_a_failure(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    path = added(client, world)
    page = text_of(client, path)
    statuses = page[page.index('class="statuses"') : page.index("</dl>")]
    assert "is-failed" not in statuses
    assert "is-unknown" in statuses


def test_drift_is_shown_to_the_customer_and_to_operators(world: World, browse: Browse) -> None:
    path = added(browse(world.people.owner), world)
    Domain.objects.filter(name=NAME).update(status="active", drifted_at=timezone.now())
    for user in (world.people.owner, world.people.viewer, world.people.operator):
        assert "no longer points here" in text_of(browse(user), path)
        assert "no longer points here" in text_of(browse(user), domains(world))


def poll_of(page: str) -> tuple[str, str]:
    found = re.search(r'<span data-poll[^>]* hx-get="([^"]+)"[^>]* hx-trigger="([^"]+)"', page)
    assert found
    return found[1].replace("&amp;", "&"), found[2]


def test_the_page_polls_and_stops(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    path = added(client, world)
    _url, trigger = poll_of(text_of(client, path))
    assert trigger == "every 2s, poll"
    Domain.objects.filter(name=NAME).update(
        checked_at=timezone.now(), next_check_at=timezone.now() + timedelta(minutes=5), checks=1
    )
    now = int(timezone.now().timestamp())
    triggers = {0: "every 20s, poll", 700: "every 60s, poll", 5000: "every 300s, poll", 20_000: "poll"}
    for age, expected in triggers.items():
        assert poll_of(text_of(client, f"{path}?since={now - age}"))[1] == expected
    for odd in ("x", "-1", "9" * 30, ""):
        text_of(client, f"{path}?since={odd}")
    url, _trigger = poll_of(text_of(client, path))
    assert client.get(url, **HTMX).status_code == 204
    assert client.get(url).status_code == 200


def test_check_now(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    path = added(client, world)
    token = get_token(client, path)
    part = client.post(f"{path}verify/", {"token": token}, **HTMX).content.decode()
    assert 'id="domain"' in part
    assert "<html" not in part
    assert client.post(f"{path}verify/", {"token": token})["Location"] == path
    assert browse(world.people.viewer).post(f"{path}verify/", {"token": token}).status_code == 403
    assert browse(world.people.outsider).post(f"{path}verify/").status_code == 404
    assert client.get(f"{path}verify/").status_code == 405


def test_the_end_of_a_requested_check_is_shown_once(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    path = added(client, world)
    part = client.post(f"{path}verify/", {"token": get_token(client, path)}, **HTMX).content.decode()
    url, _trigger = poll_of(part)
    assert "Domain checked." not in part
    Domain.objects.filter(name=NAME).update(
        checks=1, checked_at=timezone.now(), next_check_at=timezone.now() + timedelta(hours=1)
    )
    ended = client.get(url, **HTMX).content.decode()
    assert "Domain checked." in ended
    assert "Domain checked." not in text_of(client, url)
    # Checks that nobody waits for are not shown like that.
    assert "awaited" not in poll_of(ended)[0]


def test_detaching_explains_and_needs_the_name(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    path = added(client, world)
    form = plain(text_of(client, f"{path}detach/"))
    assert "stops showing" in form
    wrong = confirm(client, f"{path}detach/", htmx=True, name="x")
    assert wrong.status_code == 422
    assert 'id="name-error"' in wrong.content.decode()
    answer = confirm(client, f"{path}detach/", name=NAME)
    assert answer.status_code == 303
    text_of(client, path, status=404)


def test_changing_the_redirect(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    path = added(client, world)
    assert confirm(client, f"{path}redirect/", policy="apex_to_www").status_code == 303
    assert "without www to www" in text_of(client, path)


@pytest.mark.parametrize("form", ["addition", "redirection"])
def test_forms_offer_only_redirects_that_can_be_requested(world: World, browse: Browse, form: str) -> None:
    client = browse(world.people.owner)
    redirection, addition = f"{added(client, world)}redirect/", f"{domains(world)}add/?domain=newsite.example"
    path = redirection if form == "redirection" else addition
    offered = re.findall(r'name="policy"\s+value="(\w*)"', text_of(client, path))
    assert offered == ["none", "www_to_apex", "apex_to_www"]


@pytest.mark.parametrize("who", ["owner", "viewer"])
def test_customers_see_no_vendor_name(world: World, browse: Browse, who: str) -> None:
    added(browse(world.people.owner), world)
    user: User = getattr(world.people, who)
    path = f"{domains(world)}{Domain.objects.get(name=NAME).miosa_id}/"
    for page in (text_of(browse(user), domains(world)), text_of(browse(user), path)):
        assert "miosa" not in page.replace(world.control.url, "").lower()
        assert "issues the certificate as soon" not in page


def test_unknown_states_and_missing_data(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    path = added(client, world)
    odds: list[dict[str, Any]] = [
        {"status": "quantum"},
        {"required_records": []},
        {"lookup": "no json"},
        {"redirect_policy": "up"},
    ]
    for odd in odds:
        Domain.objects.filter(name=NAME).update(**odd)
        text_of(client, path)
        text_of(client, domains(world))
    assert reports.get_display_name("xn--zzzz--bad") == "xn--zzzz--bad"


def test_a_domain_is_shown_with_its_own_letters_unless_they_mix_scripts(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    mixed = "xn--pple-43d.example"  # a Cyrillic "а" before Latin letters
    for name, shown in (("xn--bcher-kva.example", "bücher.example"), (mixed, mixed)):
        Deployment.objects.filter(miosa_id=world.main["id"]).update(own_domain=name)
        for path in (world.path, f"/c/{SLUG}/"):
            page = text_of(client, path)
            assert f">{shown}<" in page
            assert f'title="https://{name}/"' in page
