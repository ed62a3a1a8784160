"""`manage.py createoperator`, `invite` and `people`: what operators do, without a browser."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from portal.models import AuditEvent, Customer, Invitation, User
from portal.services.people.demo_people import DEMO_PASSWORD
from tests.invitations import PASSWORD, create_account
from tests.people import People

SLUG = "brightsmile-dental"


def run(*arguments: str, **options: Any) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output, **options)
    return output.getvalue()


def last_event() -> AuditEvent:
    return AuditEvent.objects.latest("number")


def test_an_invitation_prints_its_link_if_no_mail_can_be_sent(people: People, settings: Settings) -> None:
    settings.SMTP_URL = ""
    output = run("invite", "Nina@x.test", "--role", "owner", "--customer", SLUG, "--name", "Nina New")
    link = re.search(r"http://localhost:\d+(/invitations/\S+)", output)
    assert link
    create_account(Client(), link[1])
    assert User.objects.get(email="nina@x.test").memberships.get().role == "owner"
    settings.SMTP_URL = "smtp://localhost"
    assert "/invitations/" not in run("invite", "sue@x.test", "--staff", "support", "--all-customers")
    assert Invitation.objects.get(email="sue@x.test").sees_all_customers
    event = AuditEvent.objects.filter(kind="person.invited").earliest("number")
    assert (event.way, event.person_id, event.target) == ("command", None, "nina@x.test")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nina", "--role", "owner", "--customer", SLUG],
        ["nina@x.test", "--role", "owner"],
        ["nina@x.test", "--role", "owner", "--customer", "nowhere"],
        ["nina@x.test", "--staff", "support"],
        ["nina@x.test"],
        ["nina@x.test", "--role", "operator", "--customer", SLUG],
        ["nina@x.test", "--role", "owner", "--staff", "operator"],
    ],
)
def test_wrong_invitations_are_refused(people: People, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run("invite", *arguments)
    assert not Invitation.objects.exists()


def test_people_are_listed(people: People) -> None:
    everybody = run("people")
    assert "owner@brightsmile.test\tDr Rao\towner of brightsmile-dental\tactive\tnever seen" in everybody
    assert "support of all customers" in everybody
    assert run("people", "rao").count("\n") == 1
    assert run("people", "--with-role", "operator").startswith("operator@portal.test")
    assert run("people", "--customer", SLUG).count("\n") == 2


def test_people_are_changed_and_that_is_recorded(people: People) -> None:
    run("people", "viewer@brightsmile.test", "--role", "owner", "--customer", SLUG)
    assert people.viewer.memberships.get().role == "owner"
    assert (last_event().kind, last_event().way) == ("member.role_changed", "command")
    run("people", "viewer@brightsmile.test", "--remove", "--customer", SLUG)
    assert not people.viewer.memberships.exists()
    run("people", "support@portal.test", "--role", "support", "--customer", SLUG)
    people.support.refresh_from_db()
    assert not people.support.sees_all_customers
    run("people", "support@portal.test", "--role", "none")
    session = Client()
    session.post("/accounts/login/", {"login": "owner@brightsmile.test", "password": DEMO_PASSWORD})
    run("people", "owner@brightsmile.test", "--sign-out")
    assert session.get("/")["Location"].startswith("/accounts/login/")
    run("people", "Owner@Brightsmile.test", "--deactivate")
    assert not User.objects.get(pk=people.owner.pk).is_active
    run("people", "owner@brightsmile.test", "--reactivate")
    run("people", "owner@brightsmile.test", "--remove")
    assert not User.objects.filter(pk=people.owner.pk).exists()
    assert (last_event().kind, last_event().way, last_event().person_role) == ("person.removed", "command", "")


@pytest.mark.parametrize("change", [["--remove"], ["--deactivate"], ["--role", "none"]])
def test_no_command_loses_the_last_operator(people: People, change: list[str]) -> None:
    with pytest.raises(CommandError, match="only operator"):
        run("people", "operator@portal.test", *change)
    people.operator.refresh_from_db()
    assert (people.operator.staff_role, people.operator.is_active) == ("operator", True)


@pytest.mark.parametrize("change", ["--deactivate", "--reactivate", "--sign-out"])
def test_what_is_for_the_whole_portal_names_no_customer(people: People, change: str) -> None:
    before = AuditEvent.objects.count()
    with pytest.raises(CommandError, match="limited to a --customer"):
        run("people", "viewer@brightsmile.test", change, "--customer", SLUG)
    assert User.objects.get(pk=people.viewer.pk).is_active
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("arguments", [["nobody@x.test", "--remove"], ["", "--remove"], ["--deactivate"]])
def test_a_change_needs_an_address(people: People, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="No one has"):
        run("people", *arguments)
    assert User.objects.count() == 6


def test_support_is_limited_to_tags_that_customers_have(people: People) -> None:
    Customer.objects.get(slug=SLUG).tags.create(tag="europe")
    run("people", "support@portal.test", "--role", "support", "--tag", "Europe")
    run("invite", "sue@x.test", "--staff", "support", "--tag", "EUROPE ")
    assert people.support.support_tags.get().tag == "europe"
    assert Invitation.objects.get().tags == ["europe"]
    for arguments in (["people", "support@portal.test", "--role"], ["invite", "tom@x.test", "--staff"]):
        with pytest.raises(CommandError, match="No customer has the tag 'europa'"):
            run(*arguments, "support", "--tag", "europe", "--tag", "europa")


def test_createoperator_ends_roles_at_customers(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.update(is_demo=False)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    run("createoperator", "owner@brightsmile.test")
    assert not people.owner.memberships.exists()
    after = last_event().after
    assert after is not None
    assert after["customers"] == []


def test_createoperator_is_recorded(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("person.created", "person.role_changed"):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        run("createoperator", "Ann@x.test", "--name", "Ann")
        assert (last_event().kind, last_event().way, last_event().target) == (kind, "command", "Ann")
        assert PASSWORD not in repr(vars(last_event()))
    assert User.objects.get(email="ann@x.test").staff_role == "operator"
