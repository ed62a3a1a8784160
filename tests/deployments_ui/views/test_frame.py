"""What stands around every page."""

import re
from typing import Any
from uuid import UUID

from django.urls import get_resolver
from django.utils import timezone

from deployments_ui.views import styleguide
from tests.deployments_ui.conftest import HTMX, SLUG, World
from tests.deployments_ui.page_rules import Browse, text_of
from tests.people import People
from tests.security.matrix import ACCESS


def test_every_page_is_private(people: People, browse: Browse) -> None:
    open_to_all = {name for name, access in ACCESS.items() if access.is_open}
    ids = {
        "slug": "x",
        "page": "usual",
        "key": UUID(int=1),
        "link_id": 1,
        "name": "A",
        "pk": 1,
        "session_id": 1,
        "user_id": 1,
        "invitation_id": 1,
        "secret": "s",
        "accent": "c2410c",
        "file_format": "csv",
    }
    ids |= {f"{noun}_id": "i" for noun in ("deployment", "version", "build", "instance", "domain")}
    ids |= {f"{noun}_id": 1 for noun in ("brand", "invitation", "mail", "user")}
    known: Any = get_resolver().reverse_dict
    for name, (patterns, _shape, _defaults, _converters) in known.items():
        if not isinstance(name, str) or name in open_to_all or name.startswith(("api", "schema")):
            continue
        path = "/" + patterns[0][0] % ids
        answer = browse(None).get(path)
        assert answer.status_code in (302, 401, 405), name


def test_the_brand_is_the_platforms(people: People, browse: Browse, settings: object) -> None:
    settings.PORTAL_NAME = "Dental <Desk>"  # type: ignore[attr-defined]  # pytest-django's settings
    assert "Dental &lt;Desk&gt;" in text_of(browse(None), "/accounts/login/")


def test_members_see_their_customer_and_no_other(world: World, browse: Browse) -> None:
    page = text_of(browse(world.people.owner), f"/c/{SLUG}/")
    assert '<span class="name">Bright Smile Dental</span>' in page
    assert 'href="/customers/"' not in page
    assert "miosa" not in page.replace(world.control.url, "").lower()


def test_a_theme_is_kept_in_this_browser(people: People, browse: Browse) -> None:
    client = browse(people.owner)
    answer = client.post("/theme/", {"theme": "dark"}, HTTP_REFERER="http://testserver/find/?q=a")
    assert (answer.status_code, answer["Location"]) == (302, "/find/?q=a")
    assert '<html lang="en" data-zone="UTC" data-theme="dark">' in text_of(client, "/find/")
    client.post("/theme/", {"theme": "auto"})
    assert 'data-theme="auto"' in text_of(client, "/find/")


def test_a_theme_redirects_to_no_other_site(people: People, browse: Browse) -> None:
    client = browse(people.owner)
    for bad in ("https://evil.example/", "http://testserver//evil.example/", "javascript:alert(1)", "x"):
        assert client.post("/theme/", {"theme": "dark"}, HTTP_REFERER=bad)["Location"] == "/"
    assert client.post("/theme/", {"theme": "pink"}).status_code == 400


def test_after_an_expired_session_htmx_is_sent_to_sign_in_and_back(people: People, browse: Browse) -> None:
    current = {**HTMX, "HTTP_HX_CURRENT_URL": "http://testserver/c/x/?state=live"}
    answer = browse(None).get("/find/?q=x", **current)
    assert answer["HX-Redirect"] == "/accounts/login/?next=%2Fc%2Fx%2F%3Fstate%3Dlive"
    evil = {**HTMX, "HTTP_HX_CURRENT_URL": "https://evil.example/c/x/"}
    assert browse(None).get("/find/", **evil)["HX-Redirect"] == "/accounts/login/?next=%2F"


def test_the_styleguide_is_for_operators(people: People, browse: Browse) -> None:
    for user in (people.owner, people.support):
        text_of(browse(user), "/styleguide/", status=404)
        text_of(browse(user), "/styleguide/usual/", status=404)
    client = browse(people.operator)
    page = text_of(client, "/styleguide/")
    assert "Pages and their states" in page


def test_every_sample_page_renders(people: People, browse: Browse) -> None:
    client = browse(people.operator)
    for name in styleguide.list_pages(timezone.now()):
        text_of(client, f"/styleguide/{name}/", status=styleguide.ERRORS.get(name, 200))
    text_of(client, "/styleguide/nothing-such/", status=404)
    assert "Before you invite customers" in text_of(client, "/styleguide/first-run/")
    assert 'class="answer is-failed"' in text_of(client, "/styleguide/publish-failed/")


def test_after_a_wrong_password_the_password_has_the_focus(people: People, browse: Browse) -> None:
    page = browse(None).post("/accounts/login/", {"login": people.owner.email, "password": "wrong"}).content.decode()
    fields = {name: tag for tag, name in re.findall(r'(<input[^>]*name="(login|password)"[^>]*>)', page)}
    assert people.owner.email in fields["login"]
    assert ("autofocus" in fields["login"], "autofocus" in fields["password"]) == (False, True)


def test_pages_below_the_first_level_have_bread_crumbs(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    version = world.live_path
    paths = (f"/c/{SLUG}/", world.path, f"{world.path}env/", version, f"{version}log/", f"{version}rollback/")
    for path in (*paths, f"/c/{SLUG}/people/", "/people/invite/", "/settings/brand/", "/profile/email/"):
        response = client.get(path, follow=True)
        assert b'<ol class="crumbs">' in response.content, path
