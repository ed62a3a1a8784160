"""What owners may do, for all customers and for one."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client

from deployments_ui.labels.people import PERMISSIONS
from portal.models import AuditEvent, Customer, OwnerPermission
from portal.permissions import OWNER_PERMISSIONS, Permission, Role, who_can
from tests.deployments_ui.conftest import HTMX, SLUG, Browse, World
from tests.deployments_ui.page_rules import text_of
from tests.people import People

ALL, ONE = "/settings/permissions/", f"/c/{SLUG}/permissions/"


def read(client: Client, path: str, *, status: int = 200, **headers: Any) -> str:
    return html.unescape(text_of(client, path, status=status, **headers))


def test_the_pages_are_for_operators(people: People, browse: Browse) -> None:
    operator = browse(people.operator)
    for path in (ALL, ONE):
        assert "<html" in read(operator, path)
        assert 'id="permissions"' in read(operator, path, **HTMX)
        assert operator.put(path).status_code == 405
    for user in (people.support, people.owner, people.viewer):
        read(browse(user), ALL, status=404)
        assert "Who can: the platform's operators." in read(browse(user), ONE, status=403)
        assert browse(user).post(ONE, {"publish": "allow"}).status_code == 403
    read(browse(people.other_owner), ONE, status=404)


def test_the_matrix_shows_what_the_rules_say(people: People, browse: Browse) -> None:
    page = read(browse(people.operator), ALL)
    for permission in Permission:
        row = page.partition(f">{PERMISSIONS[permission]}</th>")[2].partition("</tr>")[0]
        cells = row.split("<td")[1:]
        for role, cell in zip((Role.OPERATOR, Role.OWNER, Role.SUPPORT, Role.VIEWER), cells, strict=True):
            assert ("Yes" in cell) is (role in who_can(permission)), (permission, role)


def test_what_can_be_chosen_comes_first_with_the_button_that_saves_it(people: People, browse: Browse) -> None:
    for path in (ALL, ONE):
        page = read(browse(people.operator), path)
        form = page[
            page.index('class="row-list permissions"') : page.index("</form>", page.index("row-list permissions"))
        ]
        assert form.count("<select") == len(OWNER_PERMISSIONS)
        assert 'class="save"' in form
    # What can't be chosen is shown for all customers only.
    assert "What each role can do" not in page


def test_what_is_denied_to_all_can_be_allowed_to_one(world: World, browse: Browse) -> None:
    operator, owner, other = (
        browse(each) for each in (world.people.operator, world.people.owner, world.people.other_owner)
    )
    operator.post(ALL, {"publish": "deny"})
    for client, slug in ((owner, SLUG), (other, "pawsome-vets")):
        assert "Who can: the platform's operators." in read(client, f"/c/{slug}/publish/", status=403)
    operator.post(ONE, {"publish": "allow"})
    assert owner.get(f"/c/{SLUG}/publish/").status_code == 200
    assert other.get("/c/pawsome-vets/publish/").status_code == 403
    assert f'href="{ONE}"' in read(operator, ALL)
    operator.post(ONE, {"publish": "inherit"})
    assert owner.get(f"/c/{SLUG}/publish/").status_code == 403
    operator.post(ALL, {"publish": "allow"})
    assert owner.get(f"/c/{SLUG}/publish/").status_code == 200
    assert not OwnerPermission.objects.exists()


def test_what_is_allowed_to_all_can_be_denied_to_one(people: People, browse: Browse) -> None:
    operator = browse(people.operator)
    operator.post(ONE, {"manage_people": "deny"})
    page = read(operator, ONE)
    chosen = page.partition('name="manage_people"')[2].partition("</select>")[0]
    assert "selected" in chosen.partition('value="deny"')[2]
    assert browse(people.owner).get(f"/c/{SLUG}/people/").status_code == 403
    assert browse(people.other_owner).get("/c/pawsome-vets/people/").status_code == 200


def test_at_one_customer_the_answer_for_all_comes_first(people: People, browse: Browse) -> None:
    """A narrow list of answers cuts the end of them."""
    operator = browse(people.operator)
    operator.post(ALL, {"publish": "deny"})
    page = read(operator, ONE)
    assert (page.count("No, as everywhere"), page.count("Yes, as everywhere")) == (1, len(OWNER_PERMISSIONS) - 1)


def test_a_change_is_recorded_with_before_and_after(people: People, browse: Browse) -> None:
    operator = browse(people.operator)
    operator.post(ONE, {"publish": "deny", "roll_back": "allow"})
    operator.post(ONE, {"publish": "inherit"})
    first, second = AuditEvent.objects.filter(kind="permissions.changed").order_by("number")
    assert (first.before, first.after) == ({}, {"publish": "deny", "roll_back": "allow"})
    assert (second.before, second.after) == (first.after, {"roll_back": "allow"})
    assert first.customer_id == Customer.objects.get(slug=SLUG).pk


@pytest.mark.parametrize("sent", [{"publish": "maybe"}, {"publish": "inherit"}])
def test_other_choices_are_refused(people: People, browse: Browse, sent: dict[str, str]) -> None:
    answer = browse(people.operator).post(ALL, sent)
    assert answer.status_code == 422
    assert "Choose one of the options" in html.unescape(answer.content.decode())
    assert not OwnerPermission.objects.exists()


def test_only_permissions_of_owners_can_be_chosen(people: People, browse: Browse) -> None:
    browse(people.operator).post(ALL, {"read_history": "deny", "delete_deployment": "allow", "roll_back": "deny"})
    assert [row.permission for row in OwnerPermission.objects.all()] == ["roll_back"]
    assert browse(people.owner).get(f"/c/{SLUG}/create/").status_code == 403
