"""The pages of brands, and how every page looks with one."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image as Pillow
from pytest_django import Settings

from portal.models import AuditEvent, Brand, Image
from portal.services.brands import current
from portal.services.mails import compose
from tests.brands.conftest import SignIn, draw, upload
from tests.deployments_ui.conftest import HTMX
from tests.mails import ReceivingServer, list_texts, send_due
from tests.people import People

pytestmark = pytest.mark.django_db

KEPT = "Kept as typed"
DEFAULT = "/settings/brand/0/"
ACME: dict[str, Any] = {
    "name": "Acme Deploys",
    "accent": "#C2410C",
    "support_contact": "help@acme.test",
    "links": "Help https://help.acme.test/\nTerms of use https://acme.test/terms",
    "footer": "Acme Ltd, Springfield",
    "sender_name": "Acme",
    "sender_address": "desk@acme.test",
}


def save(client: Client, path: str = DEFAULT, **fields: Any) -> Any:
    return client.post(path, {**ACME, **fields})


def test_an_operator_sets_the_brand_and_every_page_has_it(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.operator)
    assert save(client, logo=upload(draw()), icon=upload(draw())).status_code == 303
    for path in ("/accounts/login/", "/nowhere/"):
        page = Client().get(path, follow=True).content.decode()
        assert "<span>Acme Deploys</span>" in page
        assert 'href="mailto:help@acme.test"' in page
        assert 'href="https://acme.test/terms"' in page
        assert "Acme Ltd, Springfield" in page
        assert "Deploy desk" not in page
        assert re.search(r'href="/brand/[0-9a-f]{20}\.css"', page)
        assert re.search(r'src="/brand/logo/[0-9a-f]{64}\.png"', page)
        assert re.search(r'rel="apple-touch-icon" href="/brand/icon/[0-9a-f]{64}/180\.png"', page)


def test_what_browsers_fetch_of_it_is_public_and_never_changes(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.operator)
    save(client, logo=upload(draw()), icon=upload(draw()))
    page = client.get(DEFAULT).content.decode()
    found = {*re.findall(r'"(/brand/[^"]+)"', page)}
    assert {path.rsplit(".")[-1] for path in found} == {"css", "png"}
    for path in found:
        response = client.get(path)
        assert response.status_code == 200
        assert response["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Type"] in {"text/css; charset=utf-8", "image/png"}
        assert "Cookie" not in response.get("Vary", "")
        assert not response.cookies
    css = client.get(next(path for path in found if path.endswith("css"))).content.decode()
    assert "--accent-fill: light-dark(#c2410c, " in css


@pytest.mark.parametrize(
    "path", ["/brand/0123.css", "/brand/logo/0123.png", "/brand/icon/0123/32.png", "/brand/icon/0123/33.png"]
)
def test_files_that_no_brand_has_do_not_exist(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_without_the_permission_none_of_it_exists(people: People, sign_in: SignIn) -> None:
    for user in (people.support, people.owner, people.viewer, people.outsider):
        client = sign_in(user)
        for path in ("/settings/brand/", "/settings/brand/new/", DEFAULT, "/settings/brand/colors/c2410c.css"):
            assert client.get(path).status_code == 404
        assert save(client).status_code == 404
        assert client.post(f"{DEFAULT}preview/", ACME).status_code == 404
    assert not Brand.objects.exists()


def test_a_change_is_in_the_audit_log(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.operator)
    save(client)
    save(client, name="Acme 2")
    first, second = AuditEvent.objects.filter(kind__startswith="brand.").order_by("number")
    assert (first.kind, first.person_email, first.target) == ("brand.added", people.operator.email, "Acme Deploys")
    assert second.kind == "brand.changed"
    assert (second.before or {})["name"] == "Acme Deploys"
    assert (second.after or {})["name"] == "Acme 2"


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("name", " ", "Enter a name."),
        ("name", "x" * 61, "at most 60 characters"),
        ("name", "\u200b\u2800", "Enter a name."),
        ("accent", "red", "such as #1f4fa3"),
        ("accent", "#fff;}body{display:none", "such as #1f4fa3"),
        ("support_contact", "javascript:alert(1)", "begins with https://"),
        ("links", "https://acme.test/", "text of the link before its URL"),
        ("links", "Help javascript:alert(1)", "begins with https://"),
        ("links", "\n".join(f"Link{number} https://acme.test/" for number in range(6)), "at most 5 links"),
        ("sender_address", "desk", "Enter an e-mail address."),
        ("sender_address", "a@b.test\nBcc: c@d.test", "Enter an e-mail address."),
        ("sender_address", f"{'a' * 250}@b.test", "Enter an e-mail address."),
        ("links", "Help https://acme.test:99999/", "begins with https://"),
        ("links", "Help https://acme.test/\u202egnp", "begins with https://"),
        ("footer", "x" * 301, "at most 300 characters"),
        ("logo", b"<svg/>", "PNG, JPEG or WebP"),
        ("icon", draw(size=(20, 10)), "must be square"),
    ],
)
def test_what_is_wrong_is_shown_beside_the_field(
    people: People, sign_in: SignIn, field: str, value: Any, text: str
) -> None:
    client = sign_in(people.operator)
    sent: dict[str, Any] = {field: upload(value) if isinstance(value, bytes) else value}
    response = save(client, **sent, **({"name": KEPT} if field == "footer" else {"footer": KEPT}))
    page = response.content.decode()
    assert response.status_code == 422
    assert text in re.search(rf'id="{field}-error">(.*?)</p>', page, re.S)[1]  # type: ignore[index]  # it is there
    assert KEPT in page
    assert not Brand.objects.exists()


def test_another_host_name_shows_another_brand(people: People, sign_in: SignIn, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "deploys.acme.test"]
    client = sign_in(people.operator)
    save(client, "/settings/brand/new/", hosts="Deploys.Acme.Test.")
    at_acme = Client().get("/accounts/login/", headers={"host": "deploys.acme.test"}).content.decode()
    elsewhere = Client().get("/accounts/login/").content.decode()
    assert "Acme Deploys" in at_acme
    assert "Acme Deploys" not in elsewhere
    assert "Deploy desk" in elsewhere


def test_an_international_host_name_is_kept_as_browsers_send_it(
    people: People, sign_in: SignIn, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "xn--bcher-kva.test"]
    save(sign_in(people.operator), "/settings/brand/new/", hosts="BÜCHER.test")
    page = Client().get("/accounts/login/", headers={"host": "xn--bcher-kva.test"}).content.decode()
    assert "Acme Deploys" in page


def test_a_name_turns_nothing_around(people: People, sign_in: SignIn) -> None:
    save(sign_in(people.operator), name="\u202eAcme\nDeploys", footer="\u2067Acme Ltd", sender_name="Acme\u202e")
    brand = Brand.objects.get()
    assert (brand.name, brand.footer, brand.mail_sender_name) == ("Acme Deploys", "Acme Ltd", "Acme")


@pytest.mark.parametrize(
    ("hosts", "text"),
    [
        ("", "at least one host name"),
        ("deploys.other.test", "Add it to ALLOWED_HOSTS"),
        ("https://testserver/", "https://testserver/ is not a host name"),
        ("a b{}c", "b{}c is not a host name"),
        ("*.acme.test", "*.acme.test is not a host name"),
        ("bücher.test:8443", "bücher.test:8443 is not a host name"),
        ("localhost", "already shows the brand Taken"),
    ],
)
def test_host_names_that_can_not_have_it(
    people: People, sign_in: SignIn, settings: Settings, hosts: str, text: str
) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "localhost", "a", "c"]
    client = sign_in(people.operator)
    save(client, "/settings/brand/new/", name="Taken", hosts="localhost")
    response = save(client, "/settings/brand/new/", hosts=hosts)
    assert response.status_code == 422
    assert text in response.content.decode()
    assert Brand.objects.count() == 1


def test_a_brand_is_deleted_but_not_the_default_one(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.operator)
    save(client)
    save(client, "/settings/brand/new/", hosts="testserver", name="Other", logo=upload(draw()))
    default, other = Brand.objects.order_by("pk")
    assert "Other" in client.get(f"/settings/brand/{other.pk}/delete/").content.decode()
    assert client.post(f"/settings/brand/{other.pk}/delete/").status_code == 303
    assert client.post(f"/settings/brand/{default.pk}/delete/").status_code == 409
    assert [*Brand.objects.all()] == [default]
    assert not Image.objects.exists()
    assert AuditEvent.objects.filter(kind="brand.deleted", target="Other").exists()


def test_a_logo_is_removed(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.operator)
    save(client, logo=upload(draw()))
    save(client)
    assert Brand.objects.get().logo is not None
    save(client, remove_logo="on")
    assert Brand.objects.get().logo is None
    assert not Image.objects.exists()


def test_the_preview_shows_what_is_typed_and_stores_nothing(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.operator)
    part = client.post(f"{DEFAULT}preview/", {**ACME, "accent": "#ffee00"}, **HTMX).content.decode()
    assert part.lstrip().startswith('<div id="preview"')
    assert "Acme Deploys" in part
    assert "too pale for text" in part
    assert 'href="/settings/brand/colors/ffee00.css"' in part
    assert not Brand.objects.exists()
    css = client.get("/settings/brand/colors/ffee00.css")
    assert ".brand-preview {" in css.content.decode()
    assert client.get("/settings/brand/colors/red.css").status_code == 404


def test_the_preview_works_without_javascript(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.operator)
    response = save(client, preview="1")
    assert response.status_code == 200
    assert 'value="Acme Deploys"' in response.content.decode()
    assert not Brand.objects.exists()


def test_no_other_form_takes_files(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.operator)
    response = client.post("/accounts/logout/", {"file": upload(draw())})
    assert not response.wsgi_request.FILES


def test_the_form_is_checked_against_forgery(people: People) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.operator)
    assert save(client, logo=upload(draw())).status_code == 403


def test_a_stylesheet_that_another_process_has_just_stored_is_there(
    people: People, sign_in: SignIn, client: Client
) -> None:
    operator = sign_in(people.operator)
    assert current.get_brand().name == "Deploy desk"
    old = replace(current.store, kept_until_s=float("inf"))
    save(operator)
    path = f"/brand/{current.get_brand().stylesheet}.css"
    current.store = old
    assert client.get(path).status_code == 200


def test_pages_ask_for_the_brand_every_few_seconds_only(people: People, sign_in: SignIn) -> None:
    save(sign_in(people.operator))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        for _page in range(5):
            Client().get("/accounts/login/")
    assert len([query for query in queries if "portal_brand" in query["sql"]]) == 2  # brands, and their hosts


def test_without_a_database_there_is_a_brand(people: People, sign_in: SignIn, client: Client) -> None:
    save(sign_in(people.operator))
    assert current.get_brand().name == "Acme Deploys"
    current.forget()
    with connection.execute_wrapper(refuse):
        assert current.get_brand().name == "Acme Deploys"
        current.store = current.Store()
        assert current.get_brand().name == "Deploy desk"


def test_a_mail_has_the_sender_that_another_process_has_just_set(
    people: People, sign_in: SignIn, smtp: ReceivingServer
) -> None:
    compose.send("security_changed", to="ann@customer.test", context={"what": "password_changed", "at": timezone.now()})
    old = replace(current.store, kept_until_s=float("inf"))
    save(sign_in(people.operator))
    current.store = old
    send_due()
    assert smtp.mails[0].message["From"] == "Acme <desk@acme.test>"


def test_after_a_change_of_an_account_its_person_knows_whom_to_contact(people: People, sign_in: SignIn) -> None:
    save(sign_in(people.operator))
    compose.send("security_changed", to="ann@customer.test", context={"what": "password_changed", "at": timezone.now()})
    (text,) = list_texts("security_changed", to="ann@customer.test")
    assert "If not, contact help@acme.test, and reset your password:\n\nhttp" in text


def refuse(*_arguments: Any) -> Any:
    from django.db import OperationalError  # noqa: PLC0415

    raise OperationalError("the database is away")


def test_the_web_manifest_and_robots_are_in_the_brand(people: People, sign_in: SignIn) -> None:
    save(sign_in(people.operator), icon=upload(draw()))
    manifest = Client().get("/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    content = json.loads(manifest.content)
    assert content["name"] == "Acme Deploys"
    for icon in content["icons"]:
        with Pillow.open(io.BytesIO(Client().get(icon["src"]).content)) as picture:
            assert icon["sizes"] == f"{picture.width}x{picture.height}"
    assert Client().get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"


def test_browsers_that_ask_for_favicon_ico_get_the_icon(people: People, sign_in: SignIn) -> None:
    plain = Client().get("/favicon.ico")
    assert (plain.status_code, plain["Location"]) == (302, "/static/img/mark.svg")
    save(sign_in(people.operator), icon=upload(draw()))
    icon = Client().get("/favicon.ico", follow=True)
    assert icon["Content-Type"] == "image/png"
    assert icon.redirect_chain[0][0].startswith("/brand/icon/")


def test_a_refused_person_reads_whom_to_ask(people: People, sign_in: SignIn) -> None:
    save(sign_in(people.operator))
    refused = Client(enforce_csrf_checks=True).post("/accounts/login/")
    assert "help@acme.test" in refused.content.decode()


def test_an_unknown_host_gets_the_default_brand_on_its_error_page(people: People, sign_in: SignIn) -> None:
    save(sign_in(people.operator))
    response = Client().get("/", headers={"host": "evil.test"})
    assert response.status_code == 400
    assert "Acme Deploys" in response.content.decode()


def test_mails_are_in_the_brand_of_the_host(
    people: People, sign_in: SignIn, settings: Settings, smtp: ReceivingServer
) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "deploys.acme.test"]
    settings.PORTAL_URL = "https://portal.example.test"
    save(sign_in(people.operator), "/settings/brand/new/", hosts="deploys.acme.test", logo=upload(draw()))
    compose.send("test", to="ann@customer.test", context={}, host="deploys.acme.test")
    compose.send("test", to="ann@customer.test", context={}, host="evil.test")
    send_due()
    first, second = smtp.mails
    assert first.message["From"] == "Acme <desk@acme.test>"
    assert "https://deploys.acme.test/settings/" in first.body("plain")
    assert (
        first.body("plain")
        .replace("\r\n", "\n")
        .endswith(
            "\n-- \nAcme Ltd, Springfield\nSupport: help@acme.test\n"
            "Help: https://help.acme.test/\nTerms of use: https://acme.test/terms\n"
        )
    )
    assert "background:#c2410c" in first.body("html")
    assert "cid:logo@brand" in first.body("html")
    assert any(part.get_content_type() == "image/png" for part in first.message.walk())
    assert second.message["From"].startswith("Deploy desk")
    assert "https://portal.example.test/settings/" in second.body("plain")
    assert "evil.test" not in second.message.as_string()
