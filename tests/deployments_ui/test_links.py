"""Addresses are put together by hand for speed; Django's own routing is the judge of them."""

from inspect import signature
from urllib.parse import unquote, urlsplit
from uuid import UUID

import pytest
from django.urls import Resolver404, resolve, reverse
from hypothesis import given
from hypothesis import strategies as st

from deployments_ui import links
from portal import converters
from portal.services.operations.base import Kind
from portal.services.operations.kinds import KINDS

IDS = st.text(
    st.characters(min_codepoint=32, blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=converters.MAX_LENGTH
) | st.sampled_from([".", "..", "/", "a/b", "\\", "~", "~2F", "%2F", "a b", "a?b#c", "…/../x"])

KEY = UUID(int=1)


@given(deployment_id=IDS, version_id=IDS)
def test_an_address_resolves_to_its_ids(deployment_id: str, version_id: str) -> None:
    path = links.version("bright-smile", deployment_id, version_id)
    assert path == reverse(
        "version", kwargs={"slug": "bright-smile", "deployment_id": deployment_id, "version_id": version_id}
    )
    found = resolve(path_as_served(path))
    assert found.kwargs == {"slug": "bright-smile", "deployment_id": deployment_id, "version_id": version_id}


def path_as_served(path: str) -> str:
    """What a server hands to Django: percent signs undone, dots already walked by the browser."""
    assert not {".", ".."} & set(urlsplit(path).path.split("/"))
    return unquote(path)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("customers", links.customers()),
        ("history", links.customer("x")),
        ("history_refresh", links.customer_refresh("x")),
        ("deployment", links.deployment("x", "d")),
        ("deployment_refresh", links.deployment_refresh("x", "d")),
        ("builds", links.builds("x", "d")),
        ("comparison", links.compare("x", "d", "1", "2")),
        ("note", links.note("x", "d", "v")),
        ("log", links.version_log("x", "d", "v")),
        ("log_text", links.version_log_text("x", "d", "v")),
        ("env", links.env("x", "d")),
        ("env_set", links.env_set("x", "d")),
        ("env_review", links.env_review("x", "d", KEY)),
        ("env_apply", links.env_apply("x", "d", KEY)),
        ("env_discard", links.env_discard("x", "d", KEY)),
        ("env_deletion", links.env_deletion("x", "d", "a/b")),
        ("people", links.people()),
        ("person", links.person(7)),
        ("person_role", links.person_role(7)),
        ("person_deactivation", links.person_deactivation(7)),
        ("person_reactivation", links.person_reactivation(7)),
        ("person_removal", links.person_removal(7)),
        ("person_sign_out", links.person_sign_out(7)),
        ("person_invitation", links.person_invitation()),
        ("people_import", links.people_import()),
        ("people_import_sending", links.people_import_sending()),
        ("invitations", links.invitations()),
        ("invitation_resending", links.invitation_resending(7)),
        ("invitation_revocation", links.invitation_revocation(7)),
        ("invitation", links.invitation("s3cret")),
        ("customer_people", links.customer_people("x")),
        ("customer_invitation", links.customer_invitation("x")),
        ("customer_invitation_resending", links.customer_invitation_resending("x", 7)),
        ("customer_invitation_revocation", links.customer_invitation_revocation("x", 7)),
        ("member_role", links.member_role("x", 7)),
        ("member_removal", links.member_removal("x", 7)),
        ("permissions", links.permissions()),
        ("customer_permissions", links.customer_permissions("x")),
        ("domains", links.domains("x", "d")),
        ("domain_add", links.domain_add("x", "d")),
        ("domain", links.domain("x", "d", "i")),
        ("domain_verify", links.domain_verify("x", "d", "i")),
        ("detachment", links.detachment("x", "d", "i")),
        ("redirection", links.redirection("x", "d", "i")),
        ("domain_links", links.domain_links("x", "d", "i")),
        ("domain_link_revocation", links.domain_link_revocation("x", "d", "i", 7)),
        ("dns_link", links.dns_link("s")),
        ("build", links.build("x", "d", "b")),
        ("build_text", links.build_text("x", "d", "b")),
        ("instance", links.instance("x", "d", "i")),
        ("instance_text", links.instance_text("x", "d", "i")),
        ("find", links.find()),
        ("styleguide", links.styleguide()),
        ("styleguide_page", links.styleguide_page("usual")),
        ("theme", links.theme()),
        ("account_logout", links.sign_out()),
    ],
)
def test_every_address_has_its_view(name: str, path: str) -> None:
    assert resolve(urlsplit(path).path).view_name == name


@pytest.mark.parametrize("segment", ["x" * 129, "~00", "~0A"])
def test_an_invalid_id_is_not_found(segment: str) -> None:
    with pytest.raises(Resolver404):
        resolve(f"/c/x/deployments/{segment}/")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_addresses_that_a_kind_names_have_their_views(kind: Kind) -> None:
    ids = ["x", "d", "v"]
    for route in filter(None, (kind.form_route, kind.result_route)):
        path = links.by_name(route, *ids[: len(signature(getattr(links, route)).parameters)])
        assert resolve(path).view_name


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "data:text/html,x", "//evil.test/", "https:evil.test", "https://", "http://["),
        *("https://shop.example@evil.test/", "https://shop.example:1@evil.test/", "HTTPS//x"),
    ],
)
def test_what_is_no_plain_address_of_the_web_is_no_link(url: str) -> None:
    assert links.web(url) == ""
    assert links.web("https://shop.example:8443/a?b=@c") == "https://shop.example:8443/a?b=@c"
