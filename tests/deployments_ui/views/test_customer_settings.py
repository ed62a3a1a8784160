"""What operators set for one customer: its name, logo and tags."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.models import AuditEvent, Customer, CustomerTag, Image
from portal.services import customer_names, people
from portal.services.sync.upsert import customer_rows
from tests.brands.conftest import draw, upload
from tests.deployments_ui.conftest import SLUG, Browse, World

PAGE = f"/c/{SLUG}/settings/"
LOGO = f"/c/{SLUG}/logo.png"


def save(client: Client, **fields: Any) -> Any:
    return client.post(PAGE, {"display_name": "Bright Smiles Ltd", "tags": "Gold, europe", **fields})


def text_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def get_customer() -> Customer:
    return Customer.objects.get(slug=SLUG)


def test_everybody_sees_the_name_that_an_operator_chose(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    with world.hearing_nothing():
        assert save(client).status_code == 303
        for path in (f"/c/{SLUG}/", world.path, world.live_path, "/customers/", "/find/?q=bright"):
            page = text_of(client, path)
            assert "Bright Smiles Ltd" in page
            assert "Bright Smile Dental" not in page
        assert "Bright Smiles Ltd" in text_of(browse(world.people.owner), f"/c/{SLUG}/")


@pytest.mark.parametrize("query", ["smiles ltd", "dental", SLUG])
def test_both_names_are_found(world: World, browse: Browse, query: str) -> None:
    client = browse(world.people.operator)
    save(client)
    assert f'href="/c/{SLUG}/"' in text_of(client, f"/customers/?q={query}")


def test_people_can_be_invited_to_a_customer_by_both_names(world: World, browse: Browse) -> None:
    save(browse(world.people.operator))
    found = customer_names.find_customers("bright smiles ltd\nBright Smile Dental")
    assert {each.slug for each in found} == {SLUG}


def test_miosa_never_replaces_a_chosen_name(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    save(client)
    customer_rows.set_name(SLUG, name="Renamed at MIOSA")
    assert (get_customer().name, get_customer().stated_name) == ("Bright Smiles Ltd", "Renamed at MIOSA")
    assert f'href="/c/{SLUG}/"' in text_of(client, "/customers/?q=renamed")
    save(client, display_name="")
    assert get_customer().name == "Renamed at MIOSA"
    customer_rows.set_name(SLUG, name="Renamed again")
    assert get_customer().name == "Renamed again"


def test_a_logo_is_for_the_customers_own_people(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    save(client, logo=upload(draw()))
    owner = browse(world.people.owner)
    assert f'src="{LOGO}?' in text_of(owner, f"/c/{SLUG}/")
    assert f'src="{LOGO}?' in text_of(owner, world.path)
    picture = owner.get(LOGO)
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
    assert (picture["Cache-Control"], picture["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert browse(world.people.other_owner).get(LOGO).status_code == 404
    assert owner.get("/c/pawsome-vets/logo.png").status_code == 404
    assert Client().get(LOGO).status_code == 302
    digest = Image.objects.get().digest
    assert Client().get(f"/brand/logo/{digest}.png").status_code == 404
    save(client, remove_logo="on")
    assert owner.get(LOGO).status_code == 404
    assert not Image.objects.exists()


def test_tags_are_words_each_once(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    save(client, tags=" Gold,, gold ,new\nplan, europe")
    assert [*get_customer().tags.values_list("tag", flat=True).order_by("tag")] == ["europe", "gold", "new", "plan"]
    save(client, tags="")
    assert not CustomerTag.objects.exists()


def test_a_tag_decides_at_once_what_support_sees(world: World, browse: Browse) -> None:
    support = world.people.support
    support.sees_all_customers = False
    support.save()
    support.memberships.all().delete()
    support.support_tags.create(tag="gold")
    assert browse(support).get(f"/c/{SLUG}/").status_code == 404
    save(browse(world.people.operator))
    assert browse(support).get(f"/c/{SLUG}/").status_code == 200
    person = people.get_person(support)
    assert person is not None
    assert person.assigned == frozenset({get_customer().pk})


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("display_name", "x" * 301, "at most 300 characters"),
        ("tags", "x" * 61, "at most 60 characters for a tag"),
        ("tags", ",".join(f"tag{number}" for number in range(21)), "at most 20 tags"),
        ("logo", b"<svg/>", "PNG, JPEG or WebP"),
    ],
)
def test_what_is_wrong_is_shown_beside_the_field(
    world: World, browse: Browse, field: str, value: Any, text: str
) -> None:
    sent = {field: upload(value) if isinstance(value, bytes) else value}
    response = save(browse(world.people.operator), **sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert text in page.partition(f'id="{field}-error">')[2].partition("</p>")[0]
    assert "Gold, europe" in page or field == "tags"
    assert get_customer().display_name == ""


def test_a_change_is_in_the_audit_log(world: World, browse: Browse) -> None:
    save(browse(world.people.operator))
    event = AuditEvent.objects.get(kind="customer.changed")
    assert (event.customer_id, event.customer_name) == (get_customer().pk, "Bright Smiles Ltd")
    assert event.before == {"display_name": "", "logo": "", "tags": []}
    assert event.after == {"display_name": "Bright Smiles Ltd", "logo": "", "tags": ["europe", "gold"]}


def test_only_operators_have_the_page(world: World, browse: Browse) -> None:
    for user in (world.people.support, world.people.owner, world.people.viewer):
        client = browse(user)
        assert client.get(PAGE).status_code == 404
        assert save(client).status_code == 404
        assert PAGE not in text_of(client, f"/c/{SLUG}/")
    assert PAGE in text_of(browse(world.people.operator), f"/c/{SLUG}/")
    assert browse(world.people.operator).get("/c/_unassigned/settings/").status_code == 404
    assert browse(world.people.operator).get("/c/nobody-at-all/settings/").status_code == 404


def test_a_name_is_shown_as_text(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    save(client, display_name='<img src=x onerror="alert(1)">\u202e')
    page = text_of(client, f"/c/{SLUG}/")
    assert "<img src=x" not in page
