"""Pages of env vars: names for everybody with access, values for nobody."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from portal.models import Deployment, EnvVarDraft, EnvVarUpdate, Freshness, Operation
from tests.deployments_ui.changes import list_changes_sent, token_of
from tests.deployments_ui.conftest import HTMX, World
from tests.deployments_ui.page_rules import Browse, check_hidden, check_page, text_of

SECRET = "s3cr3t-value-that-nobody-may-see"


def path_of(world: World) -> str:
    return f"{world.path}env/"


def submit(client: Client, world: World, *, status: int = 200, htmx: bool = True, **fields: str) -> str:
    """The response to the form to set env vars: the review, or the form with what is wrong."""
    answer = client.post(f"{path_of(world)}set/", fields, **(HTMX if htmx else {}))
    assert answer.status_code == status
    return answer.content.decode()


def review_of(page: str) -> str:
    found = re.search(r'action="([^"]+/review/[^"]+/)apply/"', page)
    assert found
    return found[1]


def apply(client: Client, world: World, **values: str) -> None:
    """Set env vars to these values, and confirm the review."""
    review = submit(client, world, many="1", pasted="\n".join(f"{name}={value}" for name, value in values.items()))
    client.post(f"{review_of(review)}apply/", {"token": token_of(review)})


def row_of(page: str, name: str) -> str:
    found = re.search(rf'<tr id="env-{name}".*?</tr>', page, re.DOTALL)
    assert found
    return found[0]


def test_list(world: World, browse: Browse) -> None:
    check_page(world, browse, path_of(world), foreign=f"{world.foreign_path}env/", root="env_vars", says="Env vars")


@pytest.mark.parametrize("form", ["set/", "delete/ANY/"])
def test_forms_need_permission(world: World, browse: Browse, form: str, settings: Settings) -> None:
    settings.MIOSA = replace(settings.MIOSA, deletes_env=True)
    submit(browse(world.people.owner), world, name="ANY", value="x")
    for user in (world.people.viewer, world.people.support):
        client = browse(user)
        with world.hearing_nothing():
            assert "Who can:" in text_of(client, path_of(world) + form, status=403)
            assert client.post(path_of(world) + form, {"name": "A", "value": SECRET}).status_code == 403
    check_hidden(world, browse, foreign=f"{world.foreign_path}env/{form}")
    assert browse(world.people.owner).put(path_of(world) + form).status_code == 405
    assert browse(None).post(path_of(world) + form).status_code == 302
    assert not EnvVarDraft.objects.exclude(person_id=world.people.owner.pk).exists()


def test_the_form_is_a_page_and_a_part(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    page = text_of(client, f"{path_of(world)}set/")
    assert "<html" in page
    assert re.search(r'<textarea[^>]*name="value"[^>]*autocomplete="off"[^>]*></textarea>', page)
    assert re.search(r'<textarea[^>]*name="pasted"[^>]*autocomplete="off"[^>]*></textarea>', page)
    part = text_of(client, f"{path_of(world)}set/", **HTMX)
    assert "<html" not in part
    assert 'id="setting"' in part


def test_setting_a_pasted_file(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    review = submit(client, world, htmx=False, many="1", pasted=f"API_KEY='{SECRET}'\nVITE_X=1\nEMPTY=\n\nwhat")
    assert SECRET not in review
    for text in (
        "API_KEY",
        "Added",
        "quotes around it",
        "every visitor",
        "Unchanged",
        "Set 2 env vars",
        "Line 5 skipped: expected NAME=value",
    ):
        assert text in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", review))
    answer = client.post(f"{review_of(review)}apply/", {"token": token_of(review)})
    assert answer.status_code == 303
    done = text_of(client, answer["Location"])
    assert "API_KEY" in done
    assert f'href="{path_of(world)}"' in done
    page = text_of(client, path_of(world))
    assert "API_KEY" in page
    assert "by Dr Rao" in page
    assert "new, not live yet" in page
    assert "2 env vars are not in effect yet" in page
    assert "Redeploy now" in page
    assert [row["body"]["env"] for row in list_changes_sent(world)] == [{"API_KEY": len(SECRET), "VITE_X": 1}]


def test_the_review_does_not_claim_that_something_is_live(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    assert "with a redeploy or the next publish" in submit(client, world, name="A", value="x")
    Deployment.objects.update(active_version_id="", live_version=None)
    review = submit(client, world, name="A", value="x")
    assert "with a redeploy or the next publish" not in review
    assert "nothing is live" in review


def test_an_old_value_is_only_claimed_of_names_that_the_live_version_has(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    assert "gets the new env vars" in submit(client, world, name="BOOKING_URL", value="x")
    apply(client, world, BOOKING_URL="x")
    # The live version started with it.
    EnvVarUpdate.objects.update(set_at=timezone.now() - timedelta(days=30))
    Operation.objects.update(requested_at=timezone.now() - timedelta(days=30))
    assert "uses the old values until" in submit(client, world, name="BOOKING_URL", value="y")
    apply(client, world, BOOKING_URL="y")
    apply(client, world, SMTP_HOST="first")
    apply(client, world, SMTP_HOST="second")
    page = text_of(client, path_of(world))
    assert "live uses the old value" in row_of(page, "BOOKING_URL")
    assert "new, not live yet" in row_of(page, "SMTP_HOST")
    assert "2 env vars are not in effect yet" in page


def test_each_name_can_be_changed_from_its_row(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    apply(client, world, BOOKING_URL="x")
    link = re.search(
        r'href="([^"]+/env/set/[^"]+)"[^>]*>\s*Change…', row_of(text_of(client, path_of(world)), "BOOKING_URL")
    )
    assert link
    form = text_of(client, html.unescape(link[1]))
    assert "Change BOOKING_URL of" in form
    assert re.search(r'name="name"[^>]*value="BOOKING_URL"', form)
    assert re.search(r'name="value"[^>]*autofocus', form)
    assert "Change…" not in text_of(browse(world.people.viewer), path_of(world))


def test_the_form_on_the_list_opens_the_review_and_is_emptied(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    assert '<form class="env-new"' in text_of(client, path_of(world))
    fields = {"name": "API_KEY", "value": SECRET, "environment": "production"}
    answer = client.post(f"{path_of(world)}set/", fields, HTTP_HX_TRIGGER="env-set", **HTMX).content.decode()
    assert 'id="review"' in answer
    assert re.search(r'id="new_env_var"[^>]*hx-swap-oob="true"', answer)
    assert SECRET not in answer
    wrong = client.post(f"{path_of(world)}set/", {**fields, "name": "1A"}, HTTP_HX_TRIGGER="env-set", **HTMX)
    assert 'hx-swap-oob="true"' in wrong.content.decode()
    for user in (world.people.viewer, world.people.support):
        assert "env-new" not in text_of(browse(user), path_of(world))


def test_many_names_can_be_searched(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    apply(client, world, ONLY_ONE="x")
    assert 'id="env-search"' not in text_of(client, path_of(world))
    apply(client, world, **{f"FLAG_{number}": "on" for number in range(60)})
    page = text_of(client, path_of(world))
    assert page.count("data-row") == 61
    assert 'id="env-search"' in page
    found = text_of(client, f"{path_of(world)}?search=flag_5", **HTMX)
    assert re.findall(r"data-row", found) == ["data-row"] * 11
    assert "No results" in text_of(client, f"{path_of(world)}?search=nothing", **HTMX)


def test_with_htmx_the_operation_takes_the_place_of_the_form(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    review = submit(client, world, name="API_KEY", value=SECRET)
    assert "<html" not in review
    answer = client.post(f"{review_of(review)}apply/", {"token": token_of(review)}, **HTMX)
    assert answer["HX-Push-Url"].startswith("/operations/")
    assert 'id="operation"' in answer.content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "1A", "value": SECRET},
        {"name": SECRET, "value": "x"},
        {"name": "A", "value": SECRET * 2000},
        {"name": "", "value": SECRET},
        {"many": "1", "pasted": SECRET},
        {"many": "1", "pasted": SECRET, "name": SECRET, "value": SECRET},
        {"name": "A", "value": SECRET, "environment": SECRET},
    ],
)
@pytest.mark.parametrize("htmx", [True, False])
def test_values_are_never_shown_again(world: World, browse: Browse, fields: dict[str, str], htmx: bool) -> None:
    answer = browse(world.people.owner).post(f"{path_of(world)}set/", fields, **(HTMX if htmx else {}))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert SECRET not in page
    assert "not kept" in page
    assert answer["Cache-Control"] == "no-store"
    assert SECRET not in str(answer.headers)
    assert not EnvVarDraft.objects.exists()


def test_names_can_be_changed_in_the_review(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    review = submit(client, world, many="1", pasted=f"MY-KEY='{SECRET}'\nhunter2&x={SECRET}\nA=1")
    assert "hunter2" not in review
    assert "line 2" in review
    path = review_of(review)
    fields = {"rename-MY-KEY": "MY_KEY", "rename-line 2": "", "rename-A": "A", "token": token_of(review)}
    again = client.post(f"{path}apply/", fields, **HTMX).content.decode()
    assert "MY_KEY" in again
    assert 'id="review"' in again
    assert not list_changes_sent(world)
    answer = client.post(path, {"rename-A": "", "rename-MY_KEY": "", "rename-line 2": "SECOND"}, **HTMX)
    assert answer.status_code == 200
    assert "SECOND" in answer.content.decode()
    nothing = client.post(path, {"rename-SECOND": ""}, **HTMX)
    assert nothing.status_code == 422
    assert "needs at least one env var" in nothing.content.decode()


@pytest.mark.parametrize("htmx", [True, False])
def test_a_missing_quote_has_to_be_confirmed(world: World, browse: Browse, htmx: bool) -> None:
    client, headers = browse(world.people.owner), HTMX if htmx else {}
    review = submit(client, world, htmx=htmx, many="1", pasted=f'LOG_LEVEL="{SECRET}\nA=1\nSITE="x"\nPORT=80')
    assert SECRET not in review
    for text in ("LOG_LEVEL", "isn't closed", "line 2", "SITE", "PORT", "A quote may be missing"):
        assert text in html.unescape(review)
    path = review_of(review)
    without = client.post(f"{path}apply/", {"token": token_of(review)}, **headers)
    assert without.status_code == 422
    assert 'id="lines_confirmed-error"' in without.content.decode()
    assert not list_changes_sent(world)
    client.post(f"{path}apply/", {"token": token_of(review), "lines_confirmed": "on"}, **headers)
    assert [row["body"]["env"] for row in list_changes_sent(world)] == [{"A": 1, "SITE": 1, "PORT": 2}]


def test_a_name_that_resembles_a_secret_can_be_confirmed(world: World, browse: Browse) -> None:
    client, name = browse(world.people.owner), "x7f3a9c2e8b1d4a6f0c5e9b2d7"
    assert "is_name" not in text_of(client, f"{path_of(world)}set/")
    form = submit(client, world, name=name, value="x", status=422)
    assert 'name="is_name"' in form
    assert name not in form
    assert name in submit(client, world, name=name, value="x", is_name="on")


def test_only_the_person_who_typed_it_sees_the_review(world: World, browse: Browse) -> None:
    path = review_of(submit(browse(world.people.owner), world, name="A", value=SECRET))
    text_of(browse(world.people.owner), path)
    text_of(browse(world.people.operator), path, status=404)
    text_of(browse(world.people.viewer), path, status=403)
    assert browse(world.people.owner).get(f"{path}apply/").status_code == 405
    assert browse(world.people.operator).post(f"{path}discard/").status_code == 404
    assert browse(world.people.owner).post(f"{path}discard/")["Location"] == path_of(world)
    text_of(browse(world.people.owner), path, status=404)


def test_staff_must_give_a_reason(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    review = submit(client, world, name="A", value=SECRET)
    path, token = review_of(review), token_of(review)
    without = client.post(f"{path}apply/", {"token": token}, **HTMX)
    assert without.status_code == 422
    assert 'id="reason-error"' in without.content.decode()
    assert SECRET not in without.content.decode()
    answer = client.post(f"{path}apply/", {"token": token_of(without.content.decode()), "reason": "asked"}, **HTMX)
    assert 'id="operation"' in answer.content.decode()


def test_vanished_names_are_reported(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    for name in ("FIRST", "SECOND"):
        review = submit(client, world, name=name, value="x")
        client.post(f"{review_of(review)}apply/", {"token": token_of(review)})
    world.control.configure(env_mode="replace")
    review = submit(client, world, name="THIRD", value="x")
    answer = client.post(f"{review_of(review)}apply/", {"token": token_of(review)})
    assert "were removed" in text_of(client, answer["Location"])
    page = text_of(client, path_of(world))
    assert 'role="alert"' in page
    assert "<code>FIRST</code>" in page
    assert "To restore them" in page


def test_deleting(world: World, browse: Browse, settings: Settings) -> None:
    client = browse(world.people.owner)
    review = submit(client, world, name="API_KEY", value="x")
    client.post(f"{review_of(review)}apply/", {"token": token_of(review)})
    assert "Delete" not in text_of(client, path_of(world))
    text_of(client, f"{path_of(world)}delete/API_KEY/", status=404)
    settings.MIOSA = replace(settings.MIOSA, deletes_env=True)
    assert f"{path_of(world)}delete/API_KEY/" in text_of(client, path_of(world))
    form = text_of(client, f"{path_of(world)}delete/API_KEY/")
    answer = client.post(f"{path_of(world)}delete/API_KEY/", {"token": token_of(form)})
    assert answer.status_code == 303
    assert "API_KEY" not in text_of(client, path_of(world))


def test_masks_need_permission(world: World, browse: Browse) -> None:
    review = submit(browse(world.people.owner), world, name="PLAIN", value="abc-and-something-xyz")
    browse(world.people.owner).post(f"{review_of(review)}apply/", {"token": token_of(review)})
    assert "abc...xyz" in text_of(browse(world.people.owner), path_of(world))
    for user in (world.people.viewer, world.people.support):
        page = text_of(browse(user), path_of(world))
        assert "abc...xyz" not in page
        assert "••••" in page
        assert "Set env var" not in page


def test_nothing_can_be_set_while_the_hosting_service_is_unreachable(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    text_of(client, path_of(world))
    Freshness.objects.filter(scope__startswith="env:").update(read_at=timezone.now() - timedelta(hours=1))
    world.control.fault("*", times=100, status=503)
    for _request in range(4):
        page = text_of(client, path_of(world))
    assert "can't be reached" in html.unescape(page)
    assert 'aria-disabled="true"' in page


def test_environments(world: World, browse: Browse, settings: Settings) -> None:
    settings.MIOSA = replace(settings.MIOSA, environments=("production", "staging"))
    client = browse(world.people.owner)
    review = submit(client, world, name="ONLY_HERE", value="x", environment="staging")
    assert "staging" in review
    client.post(f"{review_of(review)}apply/", {"token": token_of(review)})
    assert "ONLY_HERE" not in text_of(client, path_of(world))
    assert "ONLY_HERE" in text_of(client, f"{path_of(world)}?environment=staging")
    text_of(client, f"{path_of(world)}?environment=moon", status=404)


def test_no_vendor_name(world: World, browse: Browse) -> None:
    client = browse(world.people.owner)
    for path in ("", "set/"):
        assert "miosa" not in text_of(client, path_of(world) + path).replace(world.control.url, "").lower()
