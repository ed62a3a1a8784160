"""Attaching: what people paste is cleaned, what can't be attached is refused with why, a taken one says no more."""

from typing import Any

import pytest

from portal.models import Domain, Operation
from portal.permissions import Person
from portal.services.domains import changes
from portal.services.errors import Conflict, Forbidden, Invalid
from portal.services.operations.submit import Confirmation
from portal.services.operations.tokens import BadToken
from portal.services.sync import upstream
from portal.services.sync.budget import Purpose
from tests.domains.attaching import NAME, Attaching
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "typed",
    [
        NAME,
        f"https://{NAME}/",
        f"http://{NAME.upper()}:8080/a/b?c=d#e",
        f"  {NAME}. ",
        f"<{NAME}>",
        f"user@{NAME}",
    ],
)
def test_what_people_paste_is_cleaned(app: Attaching, typed: str) -> None:
    form = changes.draw_add(**app.where(), typed=typed)
    assert (form.clean, form.problem) == (NAME, "")
    (done,) = app.add(typed)
    assert (done.state, done.domain) == ("succeeded", NAME)
    assert list(Domain.objects.filter(name=NAME).values_list("status", flat=True)) == ["pending"]


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
def test_what_can_not_be_attached_is_refused_with_why(app: Attaching, simulator: SimulatorControl, typed: str) -> None:
    before = len(simulator.requests())
    token = changes.draw_add(**app.where(), typed="").token
    with pytest.raises(Invalid) as raised:
        changes.add(
            **app.where(),
            typed=typed,
            policy="none",
            with_twin=False,
            confirmation=Confirmation(token=token),
            portal_host="portal.test",
        )
    assert raised.value.fields["domain"]
    assert "MIOSA" not in raised.value.fields["domain"]
    assert len(simulator.requests()) == before
    assert not Operation.objects.exists()


def test_a_name_in_other_letters_is_shown_in_both(app: Attaching) -> None:
    form = changes.draw_add(**app.where(), typed="Bücher.example")
    assert (form.shown, form.clean) == ("bücher.example", "xn--bcher-kva.example")
    assert app.page(app.attached("bücher.example")).facts.row.shown == "bücher.example"


def test_the_twin_is_attached_with_it(app: Attaching) -> None:
    form = changes.draw_add(**app.where(), typed="newsite.example")
    assert (form.is_apex, form.twin) == (True, "www.newsite.example")
    done = app.add("newsite.example", policy="www_to_apex", with_twin=True)
    assert [operation.state for operation in done] == ["succeeded", "succeeded"]
    rows = app.rows()
    assert {rows[name].redirect_policy for name in ("newsite.example", "www.newsite.example")} == {"www_to_apex"}
    assert changes.draw_add(**app.where(), typed="newsite.example").twin == ""


def test_pressing_twice_attaches_once(app: Attaching, simulator: SimulatorControl) -> None:
    token = changes.draw_add(**app.where()).token
    wanted = {"typed": NAME, "policy": "none", "with_twin": False, "confirmation": Confirmation(token=token)}
    first = changes.add(**app.where(), **wanted)  # type: ignore[arg-type]  # one mapping for two calls
    again = changes.add(**app.where(), **wanted)  # type: ignore[arg-type]  # as above
    assert first[0].key == again[0].key
    assert len([row for row in simulator.requests() if row["method"] == "POST"]) == 1


def test_a_form_that_was_sent_attaches_nothing_else(app: Attaching, simulator: SimulatorControl) -> None:
    token = changes.draw_add(**app.where()).token
    wanted: dict[str, Any] = {"policy": "none", "with_twin": True, "confirmation": Confirmation(token=token)}
    changes.add(**app.where(), typed="first.example", **wanted)
    with pytest.raises(Conflict):
        changes.add(**app.where(), typed="second.example", **wanted)
    sent = [row["body"]["domain"] for row in simulator.requests() if row["method"] == "POST"]
    assert sent == ["first.example", "www.first.example"]


def test_a_domain_that_is_taken_says_no_more(app: Attaching, simulator: SimulatorControl) -> None:
    world = {row["external_workspace_id"]: row for row in simulator.state()["customers"]}
    other = world["pawsome-vets"]["deployments"][0]["id"]
    upstream.client(Purpose.ACTION).domains.add(other, domain="taken.example", idempotency_key="x")
    (done,) = app.add("taken.example")
    assert done.state == "refused"
    assert "attached already" in done.error
    for word in ("pawsome-vets", "Pawsome Vets", other, "MIOSA"):
        assert word not in done.error


def test_the_right_is_asked_first(app: Attaching, operator: Person) -> None:
    support = Person(id=5, name="Sue", email="s@portal.test", staff=operator.staff and type(operator.staff).SUPPORT)
    with pytest.raises(Forbidden):
        changes.draw_add(**app.where(support))
    domain = app.attached()
    for kind in ("detach_domain", "redirect_domain"):
        with pytest.raises(Forbidden):
            changes.draw(**app.where(support), domain_id=domain.miosa_id, kind=kind)


def test_a_form_is_good_for_one_domain(app: Attaching) -> None:
    one, other = app.attached(), app.attached("other.brightsmile-new.example")
    token = changes.draw(**app.where(), domain_id=one.miosa_id, kind="detach_domain").token
    with pytest.raises(BadToken):
        changes.change(
            **app.where(),
            domain_id=other.miosa_id,
            kind="detach_domain",
            typed_name=other.name,
            confirmation=Confirmation(token=token),
        )


def test_detaching_wants_the_name(app: Attaching) -> None:
    domain = app.attached()
    with pytest.raises(Invalid):
        app.change(domain, "detach_domain", typed_name="something else")
    page = app.change(domain, "detach_domain", typed_name=f" {NAME.upper()} ")
    assert page.state == "succeeded"
    assert NAME not in app.rows()


def test_the_redirect_is_changed_where_that_can_be_done(app: Attaching, simulator: SimulatorControl) -> None:
    domain = app.attached()
    assert app.change(domain, "redirect_domain", policy="www_to_apex").state == "succeeded"
    assert app.rows()[NAME].redirect_policy == "www_to_apex"
    with pytest.raises(Invalid):
        app.change(domain, "redirect_domain", policy="sideways")
    simulator.configure(domain_patch="404")
    page = app.change(domain, "redirect_domain", policy="none")
    assert page.state == "refused"
    assert "not supported" in page.error


@pytest.mark.parametrize("shape", ["records", "object", "text", "target"])
def test_every_shape_of_instructions_is_read(app: Attaching, simulator: SimulatorControl, shape: str) -> None:
    simulator.configure(dns_instructions=shape)
    (record,) = app.page(app.attached()).facts.records
    assert (record.type, record.label, record.full) == ("CNAME", "shop", NAME)
    assert record.value.endswith(".example")
    assert record.ttl > 0
