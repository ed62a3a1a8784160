"""The objects of two customers, and people with every kind of access, for all tests of a module."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.test import Client
from django.utils import timezone

from portal.config import DEMO_KEY
from portal.models import (
    Brand,
    Customer,
    Domain,
    DomainLink,
    EnvVarDraft,
    EnvVarUpdate,
    Invitation,
    InvitationGrant,
    Mail,
    Membership,
    Operation,
    User,
)
from portal.services import people
from portal.services.domains import share_links
from portal.services.env_vars import drafts
from portal.services.env_vars.dotenv import TypedValues
from portal.services.people import demo_people, invitations
from tests.deployments_ui.changes import token_of
from tests.deployments_ui.conftest import read_everything
from tests.people import create_people
from tests.simulator_control import SimulatorControl

OWN, OTHER = 'o\'hara & "sons" <b>/../%2e%2e;?#', "pawsome-vets"
WITH_BUILDS = "northwind-robotics"
VALUE = "typed-value-of-an-env-var"
MISSING = "does_not_exist"
PEOPLE = (Invitation, InvitationGrant, Mail, Membership, User)


@dataclass(frozen=True)
class Ids:
    """The ids in URLs of one customer's objects. `drafts` has each person's own draft, by the person's name.

    `builds` has the ids of an app with a repository, since only such apps have builds.
    """

    slug: str
    deployment_id: str
    version_id: str
    build_id: str
    instance_id: str
    domain_id: str
    name: str
    operation: UUID
    link_id: int
    secret: str
    user_id: int
    invitation_id: int
    invitation_secret: str
    brand_id: int
    mail_id: int
    drafts: dict[str, UUID] = field(default_factory=dict)
    builds: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dataset:
    control: SimulatorControl
    people: dict[str, User]
    own: Ids
    foreign: Ids

    @contextmanager
    def expect_no_effect(self, *, but: str = "\0") -> Iterator[None]:
        """No request is sent to MIOSA, and nothing that a person can create is stored.

        `but`: lists of this deployment may be fetched, to see whether they contain something.
        """
        since, before = (self.control.requests() or [{"n": 0}])[-1]["n"], count_rows()
        yield
        received = [row["path"] for row in self.control.requests(since) if f"/deployments/{but}/" not in row["path"]]
        assert received == []
        assert count_rows() == before

    def client(self, who: str) -> Client:
        """A client with this person signed in; "anonymous" is not signed in."""
        client = Client(raise_request_exception=False)
        if who != "anonymous":
            client.force_login(self.people[who])
        return client


def count_rows() -> tuple[int, ...]:
    """The number of rows in each table that only people add to."""
    return tuple(
        model._default_manager.count() for model in (Operation, DomainLink, EnvVarUpdate, EnvVarDraft, *PEOPLE)
    )


def create_dataset(control: SimulatorControl) -> Dataset:
    read_everything()
    everybody = create_everybody()
    own = create_objects(control, OWN, who=everybody["owner"], member=everybody["viewer"])
    foreign = create_objects(control, OTHER, who=everybody["other_owner"], member=everybody["other_owner"])
    for name in ("owner", "operator"):
        own.drafts[name] = create_draft(everybody[name], own)
    foreign.drafts["other_owner"] = create_draft(everybody["other_owner"], foreign)
    own.builds.update(get_build_ids(control))
    return Dataset(control, everybody, own, foreign)


def create_everybody() -> dict[str, User]:
    """`owner` and `viewer` belong to a few customers, one with hostile texts.

    `assigned` supports these, `limited` the other one. `invited` has not accepted an invitation to the first one yet.
    `deactivated` is one of its owners who may not sign in any more.
    """
    those = create_people()
    assigned = create_user("assigned@portal.test", "Asta Assigned", staff_role="support")
    limited = create_user("limited@portal.test", "Lim Ited", staff_role="support")
    invited = create_user("invited@nowhere.test", "Ina Invited")
    deactivated = create_user("gone@brightsmile.test", "Guy Gone", is_active=False)
    for external_id in (OWN, WITH_BUILDS):
        customer = Customer.objects.get(external_id=external_id)
        for user, role in (
            (those.owner, "owner"),
            (those.viewer, "viewer"),
            (assigned, "support"),
            (deactivated, "owner"),
        ):
            Membership.objects.create(user=user, customer=customer, role=role)
    Membership.objects.create(user=limited, customer=Customer.objects.get(external_id=OTHER), role="support")
    return {**vars(those), "assigned": assigned, "limited": limited, "invited": invited, "deactivated": deactivated}


def create_user(email: str, name: str, **fields: Any) -> User:
    return User.objects.create_user(email, demo_people.DEMO_PASSWORD, name=name, **fields)


def create_objects(control: SimulatorControl, external_id: str, *, who: User, member: User) -> Ids:
    customer = Customer.objects.get(external_id=external_id)
    apps = list_apps(control, external_id)
    app = next((app for app in apps if app["kind"] == "dynamic"), apps[0])
    client = Client()
    client.force_login(who)
    base = f"/c/{customer.slug}/deployments/{app['id']}/"
    domain_id = first_id(control, app, "domains") or add_domain(client, base)
    client.get(f"{base}domains/")
    operation = start_redeploy(client, base)
    person = people.get_person(who)
    assert person is not None
    secret = share_links.create_link(
        by=person, slug=customer.slug, deployment_id=app["id"], domain_id=domain_id, now=timezone.now()
    )
    invitation = invitations.invite_member(
        slug=customer.slug, email="invited@nowhere.test", name="", role="owner", by=person, now=timezone.now()
    )
    return Ids(
        slug=customer.slug,
        deployment_id=app["id"],
        version_id=app["active_version_id"],
        build_id=MISSING,
        instance_id=first_id(control, app, "runtime-instances"),
        domain_id=domain_id,
        name=first_id(control, app, "env", key="name"),
        operation=operation,
        link_id=DomainLink.objects.latest("pk").pk,
        secret=secret,
        user_id=member.pk,
        invitation_id=invitation.id,
        invitation_secret=invitation.secret,
        brand_id=Brand.objects.create(name=customer.name).pk,
        mail_id=Mail.objects.latest("pk").pk,
    )


def get_build_ids(control: SimulatorControl) -> dict[str, str]:
    app = list_apps(control, WITH_BUILDS)[0]
    slug = Customer.objects.get(external_id=WITH_BUILDS).slug
    return {"slug": slug, "deployment_id": app["id"], "build_id": first_id(control, app, "builds")}


def list_apps(control: SimulatorControl, external_id: str) -> list[dict[str, Any]]:
    rows = control.state()["customers"]
    found: list[dict[str, Any]] = next(r["deployments"] for r in rows if r["external_workspace_id"] == external_id)
    return found


def first_id(control: SimulatorControl, app: dict[str, Any], resource: str, *, key: str = "id") -> str:
    rows = request_miosa(control, f"deployments/{app['id']}/{resource}")["data"]
    return str(rows[0][key]) if rows else ""


def request_miosa(control: SimulatorControl, path: str) -> Any:
    """MIOSA's response, requested without the portal."""
    request = urllib.request.Request(  # noqa: S310 - the address is the simulator's own
        f"{control.url}/api/v1/{path}", headers={"Authorization": f"Bearer {DEMO_KEY}"}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return json.loads(answer.read())


def add_domain(client: Client, base: str) -> str:
    path = f"{base}domains/add/"
    token = token_of(client.get(path).content.decode())
    client.post(path, {"token": token, "domain": "clinic.pawsome.example", "policy": "none", "reason": "asked"})
    return Domain.objects.get(name="clinic.pawsome.example").miosa_id


def start_redeploy(client: Client, base: str) -> UUID:
    """Without a worker, it stays accepted."""
    path = f"{base}redeploy/"
    token = token_of(client.get(path).content.decode())
    client.post(path, {"token": token, "choice": "", "reason": "checkout broken"})
    operation: UUID = Operation.objects.latest("pk").key
    return operation


def create_draft(who: User, at: Ids) -> UUID:
    person = people.get_person(who)
    assert person is not None
    typed = TypedValues(name="TYPED", value=VALUE)
    return drafts.create_draft(by=person, slug=at.slug, deployment_id=at.deployment_id, typed=typed, now=timezone.now())


def missing_ids() -> Ids:
    """Ids of objects that do not exist."""
    none, secret = 999_999, "s" * 43
    ids = (
        MISSING,
        MISSING,
        MISSING,
        MISSING,
        MISSING,
        "NO_SUCH_NAME",
        uuid4(),
        none,
        secret,
        none,
        none,
        secret,
        none,
        none,
    )
    return Ids("nobody-at-all", *ids)
