"""No word of the hosting service reaches a customer: not on a page, in a part, a file, a header or a mail (rule 9)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import mail
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, resolve
from django.utils import timezone
from rest_framework.settings import api_settings

from portal import urls as portal_urls
from portal.models import Customer, Membership, Operation, User
from portal.permissions import Permission
from portal.services import errors
from portal.services.operations import background
from tests.deployments_ui.changes import token_of
from tests.deployments_ui.conftest import HTMX, SLUG
from tests.security.allowed import leaks
from tests.security.crawling import Crawl, whole
from tests.security.matrix import DOORS
from tests.security.world import World, apps_of, ask
from tests.simulator_control import SimulatorControl

SHARED_BY = ("fjord-yoga", "lotus-spa")
# As MIOSA would never say it to a customer.
VENDORS_WORDS = "MIOSA: miosa-fra1-node-20 s3://miosa-releases/x host_017BW7SPXXX6BGYFJ1M7XTXVVW"


def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(VENDORS_WORDS)


def away(request: HttpRequest) -> HttpResponse:
    raise errors.Unavailable("The hosting service can't be reached.")


handler400, handler403 = portal_urls.handler400, portal_urls.handler403
handler404, handler500 = portal_urls.handler404, portal_urls.handler500
handler429 = portal_urls.handler429
urlpatterns = [*portal_urls.urlpatterns, path("broken/", breaks), path("away/", away)]


@pytest.fixture(scope="module")
def control_all_along(control_all_along: SimulatorControl) -> SimulatorControl:
    """Every field off the list holds a recognisable text from the first reading on."""
    control_all_along.configure(canaries=True, log_text="vendor")
    return control_all_along


@pytest.fixture(scope="module")
def busy(company: World, django_db_blocker: Any) -> World:
    """Deeds of every outcome, so that there is something to tell: done, refused in the vendor's words, waiting."""
    client = company.client("owner")
    app = apps_of(company.control, SLUG)[1]
    base = f"/c/{SLUG}/deployments/{app['id']}/"
    rows = versions_of(company, app["id"])
    older = next(row for row in rows if row["state"] == "archived")
    staged = max(rows, key=lambda row: row["version_number"])
    rollback = f"{base}versions/{older['id']}/rollback/"
    send(client, rollback)
    for status in (400, 402, 403, 409, 410, 422, 500):
        body = json.dumps({"error": {"code": "refused", "message": VENDORS_WORDS}, "message": VENDORS_WORDS})
        company.control.fault("*/promote", method="POST", status=status, body=body)
        send(client, f"{base}versions/{staged['id']}/promote/")
        company.control.clear_faults()
        Operation.objects.update(in_lane=False)
    company.control.configure(build_outcome="failed_health")
    sandbox = sandbox_of(client, f"{base}publish/")
    send(client, f"{base}publish/", sandbox_id=sandbox, then="live", kind="auto", over_rollback="1")
    work()
    company.control.advance(120)
    Operation.objects.update(check_due_at=timezone.now(), next_read_at=timezone.now())
    work()
    send(client, f"{base}domains/add/", domain="shop.brightsmile.example", policy="none")
    company.control.fault("*/env", method="POST", status=422, body=VENDORS_WORDS)
    send_env(client, base)
    company.control.clear_faults()
    return company


def send(client: Client, address: str, **fields: str) -> HttpResponse:
    token = token_of(client.get(address).content.decode())
    sent = {"token": token, "choice": "", "reason": "checkout broken", **fields}
    answer: HttpResponse = client.post(address, sent)  # type: ignore[assignment]  # it is a response
    assert answer.status_code in {200, 302, 303}, (address, answer.status_code)
    return answer


def send_env(client: Client, base: str) -> None:
    drawn = client.post(f"{base}env/set/", {"name": "API_KEY", "value": "a-value", "environment": "production"})
    review = drawn["Location"] if drawn.status_code in {302, 303} else find_review(drawn.content.decode())
    token = token_of(client.get(review).content.decode())
    client.post(f"{review}apply/", {"token": token, "reason": "new key"})


def find_review(page: str) -> str:
    return page.partition('/apply/"')[0].rpartition('"')[2] + "/"


def sandbox_of(client: Client, address: str) -> str:
    page = client.get(address).content.decode()
    found = re.search(r'name="sandbox_id"\s+value="([^"]+)"', page)
    return found[1] if found else ""


def versions_of(world: World, deployment_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ask(world.control, f"deployments/{deployment_id}/versions")["data"]
    return rows


def work() -> None:
    for _round in range(10):
        for operation in background.list_due(now=timezone.now()):
            background.run_step(operation)


def internal(world: World) -> list[str]:
    """What is in rows as it is and concerns nobody. What was planted is known by how it begins."""
    told = world.control.call("GET", "canaries")
    assert told["canaries"]
    assert all(text.startswith("canary-") for text in told["canaries"])
    return list(told["internal"])


def starts(slugs: list[str]) -> Iterator[str]:
    yield from ("/", "/customers/", "/find/?q=a", "/api/v1/customers/", "/api/v1/operations/", "/api/v1/schema/")
    for slug in slugs:
        yield f"/c/{slug}/"
        yield f"/c/{slug}/operations/"
        yield f"/api/v1/customers/{slug}/history/"
        yield f"/api/v1/customers/{slug}/deployments/"


def customers_of(user: User) -> list[str]:
    return [*Customer.objects.filter(memberships__user=user).values_list("slug", flat=True)]


def crawl(world: World, client: Client, *, slugs: list[str], others: Iterable[str] = ()) -> set[str]:
    """Every address that was reached. Nothing at any of them may be a leak, or hold a word of `others`."""
    crawled, hidden, reached = Crawl(client, *starts(slugs)), [*internal(world), *others], set()
    told: dict[str, str] = {}
    for address, answer in crawled.walk():
        for wanted in beside(address):
            crawled.want(wanted)
        told.update(dict.fromkeys(leaks(whole(answer), hidden), address))
        reached.add(address)
    assert not told
    return reached


def beside(address: str) -> Iterator[str]:
    """The JSON of a page that was reached."""
    parts = address.strip("/").split("/")
    if re.fullmatch(r"/c/[^/]+/deployments/[^/]+/(versions/[^/]+/)?", address):
        yield f"/api/v1/customers/{'/'.join(parts[1:])}/"
    if re.fullmatch(r"/operations/[^/]+/", address):
        yield f"/api/v1/operations/{parts[1]}/"


def names_of(addresses: Iterable[str]) -> set[str]:
    return {resolve(address.partition("?")[0]).view_name for address in addresses}


# What a customer's people open by following links. The rest is for staff, or done by a form.
SEEN_BY_VIEWERS = {
    name for name, door in DOORS.items() if door.right in {None, Permission.READ_HISTORY} and "GET" in door.methods
}
SEEN_BY_VIEWERS -= {"account_login", "account_logout", "api:nowhere", "customers", "dns_link"}
SEEN_BY_OWNERS = SEEN_BY_VIEWERS | {
    *("detachment", "domain_add", "env_deletion", "env_set", "first_publication", "promotion", "publication"),
    *("redeployment", "redirection", "rollback"),
}


@pytest.mark.parametrize(("who", "seen"), [("owner", SEEN_BY_OWNERS), ("viewer", SEEN_BY_VIEWERS)])
def test_everything_a_customer_can_get_to(busy: World, world: World, who: str, seen: set[str]) -> None:
    reached = crawl(world, world.client(who), slugs=customers_of(world.people[who]))
    assert seen - names_of(reached) == set()
    assert mail.outbox == []


@pytest.mark.parametrize("whose", SHARED_BY)
def test_a_shared_deployment_tells_each_of_its_own(busy: World, world: World, whose: str) -> None:
    """Nothing of the other's: neither its name, nor a version's or domain's id, number's hash or person."""
    (other,) = set(SHARED_BY) - {whose}
    user = User.objects.create_user("one@shared.test", "a-long-password", name="One Owner")
    Membership.objects.create(user=user, customer=Customer.objects.get(external_id=whose), role="owner")
    world.people["one"] = user
    (app,) = {app["id"] for app in apps_of(world.control, whose)} & {app["id"] for app in apps_of(world.control, other)}
    theirs = [row for row in versions_of(world, app) if row["external_workspace_id"] == other]
    named = [str(row[key]) for row in theirs for key in ("id", "artifact_sha256", "external_user_id") if row[key]]
    theirs = [
        row for row in ask(world.control, f"deployments/{app}/domains")["data"] if row["external_workspace_id"] == other
    ]
    named += [str(row[key]) for row in theirs for key in ("id", "domain")]
    assert len(named) > 3
    crawl(world, world.client("one"), slugs=customers_of(user), others=[*named, other])


def test_the_link_without_sign_in_names_neither_customer_nor_app(busy: World, world: World) -> None:
    customer = Customer.objects.get(slug=world.foreign.slug)
    names = [
        customer.name,
        customer.slug,
        world.foreign.deployment_id,
        "Appointments",
        "Olive",
        world.foreign.domain_id,
    ]
    for headers in ({}, HTMX):
        for secret in (world.foreign.secret, "x" * 43):
            answer = world.client("anonymous").get(f"/dns/{secret}/", **headers)
            assert answer.status_code == (200 if secret == world.foreign.secret else 404)
            text = whole(answer).replace(secret, "")
            assert not leaks(text, [*internal(world), *names])
            assert answer["X-Robots-Tag"].startswith("noindex")
            assert answer["Referrer-Policy"] == "no-referrer"


PAGES = ("", "env/", "domains/", "builds/", "publish/", "redeploy/", "domains/add/", "env/set/", "operations/")


@pytest.mark.parametrize("status", [200, 400, 401, 402, 403, 404, 409, 410, 418, 422, 429, 500, 503])
def test_whatever_the_hosting_service_answers(busy: World, world: World, status: int) -> None:
    """In its own words, as JSON and as a page, with headers: on what is read again and on what is asked for."""
    world.control.configure(canaries=True)
    hidden, client = internal(world), world.client("owner")
    app = apps_of(world.control, SLUG)[1]
    base = f"/c/{SLUG}/deployments/{app['id']}/"
    form = f"{base}redeploy/"
    token = token_of(client.get(form).content.decode())
    heads = {"Server": "miosa", "X-Request-Id": "canary-request"}
    body = json.dumps({"error": {"code": VENDORS_WORDS, "message": VENDORS_WORDS, "details": {"x": VENDORS_WORDS}}})
    world.control.fault(
        times=500, status=status, body=body if status % 2 else f"<h1>{VENDORS_WORDS}</h1>", headers=heads
    )
    cache.clear()
    answers = [client.post(f"{base}refresh/"), client.post(f"/c/{SLUG}/refresh/", **HTMX)]
    answers += [client.get(base + each) for each in PAGES if each != "operations/"]
    answers += [client.get(f"{base}versions/{app['active_version_id']}/log/"), client.get(f"/c/{SLUG}/")]
    answers.append(client.post(form, {"token": token, "reason": "again"}))
    work()
    answers += [client.get(f"/c/{SLUG}/operations/"), client.get(f"/operations/{Operation.objects.latest('pk').key}/")]
    answers += [client.get(f"/api/v1/customers/{SLUG}/history/"), client.get(f"/api/v1/customers/{SLUG}/deployments/")]
    for answer in answers:
        assert answer.status_code < 600
        assert not leaks(whole(answer), hidden), (answer.request["PATH_INFO"], answer.status_code)


@pytest.mark.urls(__name__)
def test_every_error_page(busy: World, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden, client = internal(world), world.client("viewer")
    base = f"/c/{SLUG}/deployments/{apps_of(world.control, SLUG)[1]['id']}/"
    send(world.client("owner"), f"{base}redeploy/")
    owner = world.client("owner")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.people["viewer"])
    told: list[tuple[int, Any]] = []
    for headers in ({}, HTMX):
        told += [
            (400, owner.post(f"{base}redeploy/", {"token": "forged"}, **headers)),
            (400, client.post("/theme/", {"theme": "pink"}, **headers)),
            (403, client.get(f"{base}redeploy/", **headers)),
            (403, strict.post("/theme/", {"theme": "dark"}, **headers)),
            (404, client.get("/no/such/", **headers)),
            (404, client.get("/favicon.ico", **headers)),
            (404, client.get("/robots.txt", **headers)),
            (404, client.get("/sitemap.xml", **headers)),
            (405, client.put(base, **headers)),
            (409, second(owner, f"{base}redeploy/", headers)),
            (500, client.get("/broken/", **headers)),
            (503, client.get("/away/", **headers)),
        ]
    told += [(404, owner.get("/api/v1/x/")), (405, owner.put("/api/v1/customers/")), (429, too_often(world))]
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "person", "1/min")
    told += [(429, client.get("/api/v1/customers/")) for _time in range(12)][-1:]
    for status, answer in told:
        assert answer.status_code == status, (status, answer.request["PATH_INFO"], answer.status_code)
        assert not leaks(whole(answer), hidden), answer.request["PATH_INFO"]


def second(client: Client, form: str, headers: dict[str, Any]) -> Any:
    """While another one is at work."""
    token = token_of(client.get(form).content.decode())
    return client.post(form, {"token": token, "reason": "me too"}, **headers)


def too_often(world: World) -> Any:
    client = world.client("anonymous")
    for number in range(40):
        answer = client.post("/accounts/login/", {"login": f"x{number}@y.test", "password": "wrong"})
    return answer


def test_every_file_and_the_sign_in_page(world: World) -> None:
    for folder in settings.STATICFILES_DIRS:
        for file in Path(folder).rglob("*.*"):
            if file.suffix in {".css", ".js", ".svg", ".txt"}:
                assert not leaks(file.read_text(), []), file
    assert finders.find("django_htmx/htmx-2.min.js")
    assert not leaks(whole(world.client("anonymous").get("/accounts/login/")), [])
