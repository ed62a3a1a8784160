"""One small company for all tests of a module: two customers' things, and everybody who may knock at them."""

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
from portal.models import Customer, Domain, DomainLink, EnvVarDraft, EnvVarUpdate, Membership, Operation, User
from portal.services import people
from portal.services.domains import share_links
from portal.services.env_vars import drafts
from portal.services.env_vars.drafts import TypedValues
from tests.deployments_ui.changes import token_of
from tests.deployments_ui.conftest import read_everything
from tests.people import create_people
from tests.simulator_control import SimulatorControl

OWN, OTHER = 'o\'hara & "sons" <b>/../%2e%2e;?#', "pawsome-vets"
WITH_BUILDS = "northwind-robotics"
VALUE = "typed-value-of-an-env-var"
MISSING = "thing_that_never_was"


@dataclass(frozen=True)
class Ids:
    """What stands in the addresses of one customer's things. `drafts` are each person's own, by the person's name.

    `builds` is what differs where builds are: they are of an app that comes from a repository.
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
    drafts: dict[str, UUID] = field(default_factory=dict)
    builds: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    control: SimulatorControl
    people: dict[str, User]
    own: Ids
    foreign: Ids

    @contextmanager
    def nothing_happens(self, *, but: str = "\0") -> Iterator[None]:
        """MIOSA is not asked, and nothing is written down of anybody's doing.

        `but`: a list that belongs to this deployment may be read, to see whether something is in it.
        """
        since, before = (self.control.requests() or [{"n": 0}])[-1]["n"], rows()
        yield
        heard = [row["path"] for row in self.control.requests(since) if f"/deployments/{but}/" not in row["path"]]
        assert heard == []
        assert rows() == before

    def client(self, who: str) -> Client:
        """A browser in which this person is signed in; of "anonymous" nobody."""
        client = Client(raise_request_exception=False)
        if who != "anonymous":
            client.force_login(self.people[who])
        return client


def rows() -> tuple[int, ...]:
    """How much there is of everything that only a person's doing makes."""
    return tuple(model.objects.count() for model in (Operation, DomainLink, EnvVarUpdate, EnvVarDraft))


def make(control: SimulatorControl) -> World:
    read_everything()
    everybody = make_people()
    own = ids_of(control, OWN, who=everybody["owner"])
    foreign = ids_of(control, OTHER, who=everybody["other_owner"])
    for name in ("owner", "operator"):
        own.drafts[name] = draft(everybody[name], own)
    foreign.drafts["other_owner"] = draft(everybody["other_owner"], foreign)
    own.builds.update(builds_of(control))
    return World(control, everybody, own, foreign)


def make_people() -> dict[str, User]:
    """`owner` and `viewer` belong to a few customers, among them the one with hostile texts; `limited` to the other."""
    those = create_people()
    for external_id in (OWN, WITH_BUILDS):
        customer = Customer.objects.get(external_id=external_id)
        Membership.objects.create(user=those.owner, customer=customer, role="owner")
        Membership.objects.create(user=those.viewer, customer=customer, role="viewer")
    other = Customer.objects.get(external_id=OTHER)
    facts = {"name": "Lim Ited", "staff_role": "support"}
    limited = User.objects.create_user("limited@portal.test", people.DEMO_PASSWORD, **facts)
    Membership.objects.create(user=limited, customer=other, role="support")
    return {**vars(those), "limited": limited}


def ids_of(control: SimulatorControl, external_id: str, *, who: User) -> Ids:
    customer = Customer.objects.get(external_id=external_id)
    apps = apps_of(control, external_id)
    app = next((app for app in apps if app["kind"] == "dynamic"), apps[0])
    client = Client()
    client.force_login(who)
    base = f"/c/{customer.slug}/deployments/{app['id']}/"
    domain_id = first_of(control, app, "domains") or attach(client, base)
    client.get(f"{base}domains/")
    operation = redeploy(client, base)
    person = people.get_person(who)
    assert person is not None
    secret = share_links.create_link(
        by=person, slug=customer.slug, deployment_id=app["id"], domain_id=domain_id, now=timezone.now()
    )
    return Ids(
        slug=customer.slug,
        deployment_id=app["id"],
        version_id=app["active_version_id"],
        build_id=MISSING,
        instance_id=first_of(control, app, "runtime-instances"),
        domain_id=domain_id,
        name=first_of(control, app, "env", key="name"),
        operation=operation,
        link_id=DomainLink.objects.latest("pk").pk,
        secret=secret,
    )


def builds_of(control: SimulatorControl) -> dict[str, str]:
    app = apps_of(control, WITH_BUILDS)[0]
    slug = Customer.objects.get(external_id=WITH_BUILDS).slug
    return {"slug": slug, "deployment_id": app["id"], "build_id": first_of(control, app, "builds")}


def apps_of(control: SimulatorControl, external_id: str) -> list[dict[str, Any]]:
    rows = control.state()["customers"]
    found: list[dict[str, Any]] = next(r["deployments"] for r in rows if r["external_workspace_id"] == external_id)
    return found


def first_of(control: SimulatorControl, app: dict[str, Any], what: str, *, key: str = "id") -> str:
    rows = ask(control, f"deployments/{app['id']}/{what}")["data"]
    return str(rows[0][key]) if rows else ""


def ask(control: SimulatorControl, path: str) -> Any:
    """MIOSA's own answer, behind the portal's back."""
    request = urllib.request.Request(  # noqa: S310 - the address is the simulator's own
        f"{control.url}/api/v1/{path}", headers={"Authorization": f"Bearer {DEMO_KEY}"}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return json.loads(answer.read())


def attach(client: Client, base: str) -> str:
    path = f"{base}domains/add/"
    token = token_of(client.get(path).content.decode())
    client.post(path, {"token": token, "domain": "clinic.pawsome.example", "policy": "none", "reason": "asked"})
    return Domain.objects.get(name="clinic.pawsome.example").miosa_id


def redeploy(client: Client, base: str) -> UUID:
    """Left to the worker, which there is none of: it stays accepted."""
    path = f"{base}redeploy/"
    token = token_of(client.get(path).content.decode())
    client.post(path, {"token": token, "choice": "", "reason": "checkout broken"})
    operation: UUID = Operation.objects.latest("pk").key
    return operation


def draft(who: User, at: Ids) -> UUID:
    person = people.get_person(who)
    assert person is not None
    typed = TypedValues(name="TYPED", value=VALUE)
    return drafts.create_draft(by=person, slug=at.slug, deployment_id=at.deployment_id, typed=typed, now=timezone.now())


def nobodys() -> Ids:
    """Nothing of this exists."""
    return Ids("nobody-at-all", MISSING, MISSING, MISSING, MISSING, MISSING, "NO_SUCH_NAME", uuid4(), 999_999, "s" * 43)
