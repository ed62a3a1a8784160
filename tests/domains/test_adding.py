"""Adding, redirecting and detaching: names are cleaned, impossible ones refused, and each change is sent once."""

from typing import Any

import pytest

from portal.models import Domain, Operation
from portal.permissions import Person, Role
from portal.services.domains import changes
from portal.services.domains.changes import Addition
from portal.services.errors import Conflict, Forbidden, Invalid
from portal.services.operations.tokens import BadToken, Confirmation
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from tests.domains.app import NAME, OTHER_SLUG, ZONE, DomainsApp, NameServer
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


def list_posts(simulator: SimulatorControl) -> list[dict[str, Any]]:
    return [request for request in simulator.requests() if request["method"] == "POST"]


@pytest.mark.parametrize(
    "typed",
    [
        NAME,
        f"https://{NAME}/",
        f"http://{NAME.upper()}:8080/a/b?c=d#e",
        f"  {NAME}. ",
        f"<{NAME}>",
        f"user@{NAME}",
        f"http:/{NAME}",
    ],
)
def test_a_pasted_name_is_cleaned(app: DomainsApp, typed: str) -> None:
    form = app.get_add_dialog(typed)
    assert (form.clean, form.problem) == (NAME, "")
    (operation,) = app.submit(typed)
    assert (operation.state, operation.domain) == ("succeeded", NAME)
    assert list(Domain.objects.filter(name=NAME).values_list("status", flat=True)) == ["pending"]


@pytest.mark.parametrize(
    ("typed", "name", "shown"),
    [
        (f"☕.{ZONE}", f"xn--53h.{ZONE}", f"☕.{ZONE}"),
        (f"xn--53h.{ZONE}", f"xn--53h.{ZONE}", f"☕.{ZONE}"),
        (f"qa--shop.{ZONE}", f"qa--shop.{ZONE}", f"qa--shop.{ZONE}"),
    ],
)
def test_what_browsers_accept_is_added_and_checked(
    app: DomainsApp, name_server: NameServer, typed: str, name: str, shown: str
) -> None:
    domain = app.add(typed)
    assert domain.name == name
    name_server.set_correct(domain)
    summary = app.open_domain(app.run_check(domain)).detail.summary
    assert (summary.display_name, summary.status) == (shown, "verified")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "localhost",
        "192.0.2.1",
        "::1",
        "2130706433",
        "co.uk",
        "example",
        "a b.example",
        "-a.example",
        "under_score.example",
        "x.miosa.app",
        "portal.test",
        "a..example",
        f"{'a' * 64}.example",
        "javascript:alert(1)",
    ],
)
def test_an_impossible_name_is_refused_with_the_reason(
    app: DomainsApp, simulator: SimulatorControl, typed: str
) -> None:
    before = len(simulator.requests())
    token = app.get_add_dialog().token
    with pytest.raises(Invalid) as raised:
        app.submit_add(Addition(typed), token=token, portal_host="portal.test")
    assert raised.value.fields["domain"]
    assert "MIOSA" not in raised.value.fields["domain"]
    assert len(simulator.requests()) == before
    assert not Operation.objects.exists()


def test_an_international_name_is_shown_in_both_forms(app: DomainsApp) -> None:
    form = app.get_add_dialog("Bücher.example")
    assert (form.shown, form.clean) == ("bücher.example", "xn--bcher-kva.example")
    assert app.open_domain(app.add("bücher.example")).detail.summary.display_name == "bücher.example"


def test_the_www_twin_can_be_added_in_the_same_form(app: DomainsApp) -> None:
    form = app.get_add_dialog("newsite.example")
    assert (form.is_apex, form.twin) == (True, "www.newsite.example")
    operations = app.submit("newsite.example", policy="www_to_apex", with_twin=True)
    assert [operation.state for operation in operations] == ["succeeded", "succeeded"]
    domains = app.list_domains()
    assert {domains[name].redirect_policy for name in ("newsite.example", "www.newsite.example")} == {"www_to_apex"}
    assert app.get_add_dialog("newsite.example").twin == ""


def test_submitting_twice_adds_once(app: DomainsApp, simulator: SimulatorControl) -> None:
    token = app.get_add_dialog().token
    first, again = (app.submit_add(Addition(NAME), token=token) for _press in range(2))
    assert first[0].key == again[0].key
    assert len(list_posts(simulator)) == 1


def test_a_used_form_adds_no_other_domain(app: DomainsApp, simulator: SimulatorControl) -> None:
    token = app.get_add_dialog().token
    app.submit_add(Addition("first.example", with_twin=True), token=token)
    with pytest.raises(Conflict):
        app.submit_add(Addition("second.example", with_twin=True), token=token)
    assert [request["body"]["domain"] for request in list_posts(simulator)] == ["first.example", "www.first.example"]


def test_a_taken_domain_is_refused_without_naming_its_owner(app: DomainsApp, simulator: SimulatorControl) -> None:
    customers = {customer["external_workspace_id"]: customer for customer in simulator.state()["customers"]}
    other_id = customers[OTHER_SLUG]["deployments"][0]["id"]
    upstream.client(Purpose.ACTION).domains.add(other_id, domain="taken.example", idempotency_key="x")
    (operation,) = app.submit("taken.example")
    assert operation.state == "refused"
    assert "attached already" in operation.error
    for word in (OTHER_SLUG, "Pawsome Vets", other_id, "MIOSA"):
        assert word not in operation.error


def test_support_can_open_no_form(app: DomainsApp) -> None:
    support = Person(id=5, name="Sue", email="s@portal.test", staff=Role.SUPPORT)
    with pytest.raises(Forbidden):
        app.get_add_dialog(by=support)
    domain = app.add()
    for kind in ("detach_domain", "redirect_domain"):
        with pytest.raises(Forbidden):
            app.get_dialog(domain, kind, by=support)


def test_a_form_is_valid_for_one_domain(app: DomainsApp) -> None:
    domain, other = app.add(), app.add(f"other.{ZONE}")
    confirmation = Confirmation(token=app.get_dialog(domain, "detach_domain").token)
    target = app.get_target(other)
    with pytest.raises(BadToken):
        changes.submit("detach_domain", target, confirmation, value=other.name, by=app.owner, now=app.now)


def test_detaching_requires_the_typed_name(app: DomainsApp) -> None:
    domain = app.add()
    with pytest.raises(Invalid):
        app.change(domain, "detach_domain", "something else")
    operation = app.change(domain, "detach_domain", f" {NAME.upper()} ")
    assert operation.state == "succeeded"
    assert NAME not in app.list_domains()


def test_the_redirect_is_changed_where_miosa_supports_it(app: DomainsApp, simulator: SimulatorControl) -> None:
    domain = app.add()
    assert app.change(domain, "redirect_domain", "www_to_apex").state == "succeeded"
    assert app.list_domains()[NAME].redirect_policy == "www_to_apex"
    with pytest.raises(Invalid):
        app.change(domain, "redirect_domain", "sideways")
    simulator.configure(domain_patch="404")
    operation = app.change(domain, "redirect_domain", "none")
    assert operation.state == "refused"
    assert "not supported" in operation.error


@pytest.mark.parametrize("shape", ["records", "object", "text", "target"])
def test_every_shape_of_instructions_is_read(app: DomainsApp, simulator: SimulatorControl, shape: str) -> None:
    simulator.configure(dns_instructions=shape)
    (record,) = app.open_domain(app.add()).detail.records
    assert (record.type, record.label, record.full_name) == ("CNAME", "shop", NAME)
    assert record.value.endswith(".example")
    assert record.ttl > 0
