"""Nothing of MIOSA reaches a customer: in no page, part, file, header or e-mail (docs/rules.md, 9)."""

from __future__ import annotations

import json
import re
import socket
from collections import deque
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
from django.urls import path, resolve, reverse
from django.utils import timezone
from rest_framework.settings import api_settings

from portal import urls as portal_urls
from portal.config import BASE_DIR
from portal.models import Customer, Deployment, Mail, Membership, Operation, User
from portal.permissions import Permission
from portal.services import errors, people
from portal.services.brands import changes
from portal.services.brands.changes import BrandText, ImageChange
from portal.services.mails import compose
from portal.services.operations import background
from tests.brands.conftest import draw
from tests.deployments_ui.changes import token_of
from tests.deployments_ui.conftest import HTMX, SLUG, read_everything
from tests.mails import ReceivingServer, send_due
from tests.security.allowed import find_leaks
from tests.security.crawler import Crawl, full_text
from tests.security.dataset import WITH_BUILDS, Dataset, list_apps, request_miosa
from tests.security.matrix import ACCESS
from tests.simulator_control import SimulatorControl

SHARED_BY = ("fjord-yoga", "lotus-spa")
# A text that customers must never see.
VENDOR_TEXT = "MIOSA: miosa-fra1-node-20 s3://miosa-releases/x host_017BW7SPXXX6BGYFJ1M7XTXVVW"


def raise_error(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(VENDOR_TEXT)


def unavailable(request: HttpRequest) -> HttpResponse:
    raise errors.Unavailable("The hosting service can't be reached.")


handler400, handler403 = portal_urls.handler400, portal_urls.handler403
handler404, handler500 = portal_urls.handler404, portal_urls.handler500
handler429 = portal_urls.handler429
urlpatterns = [*portal_urls.urlpatterns, path("broken/", raise_error), path("away/", unavailable)]


@pytest.fixture(scope="module")
def module_simulator(module_simulator: SimulatorControl) -> SimulatorControl:
    """Every field that customers must not see contains a recognizable text from the first fetch on."""
    module_simulator.configure(canaries=True, log_text="vendor")
    return module_simulator


@pytest.fixture(scope="module")
def busy_dataset(module_dataset: Dataset, django_db_blocker: Any) -> Dataset:
    """Operations of every outcome: done, refused with the vendor's texts, waiting."""
    client = module_dataset.client("owner")
    app = list_apps(module_dataset.control, SLUG)[1]
    base = f"/c/{SLUG}/deployments/{app['id']}/"
    rows = list_versions(module_dataset, app["id"])
    older = next(row for row in rows if row["state"] == "archived")
    staged = max(rows, key=lambda row: row["version_number"])
    rollback = f"{base}versions/{older['id']}/rollback/"
    send(client, rollback)
    for status in (400, 402, 403, 409, 410, 422, 500):
        body = json.dumps({"error": {"code": "refused", "message": VENDOR_TEXT}, "message": VENDOR_TEXT})
        module_dataset.control.fault("*/promote", method="POST", status=status, body=body)
        send(client, f"{base}versions/{staged['id']}/promote/")
        module_dataset.control.clear_faults()
        Operation.objects.update(in_lane=False)
    module_dataset.control.configure(build_outcome="failed_health")
    sandbox = find_sandbox(client, f"{base}publish/")
    send(client, f"{base}publish/", sandbox_id=sandbox, then="live", kind="auto", over_rollback="1")
    run_worker()
    module_dataset.control.advance(120)
    Operation.objects.update(check_due_at=timezone.now(), next_read_at=timezone.now())
    run_worker()
    send(client, f"{base}domains/add/", domain="shop.brightsmile.example", policy="none")
    module_dataset.control.fault("*/env", method="POST", status=422, body=VENDOR_TEXT)
    send_env(client, base)
    module_dataset.control.clear_faults()
    return module_dataset


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


def find_sandbox(client: Client, address: str) -> str:
    page = client.get(address).content.decode()
    found = re.search(r'name="sandbox_id"\s+value="([^"]+)"', page)
    return found[1] if found else ""


def list_versions(dataset: Dataset, deployment_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = request_miosa(dataset.control, f"deployments/{deployment_id}/versions")["data"]
    return rows


def run_worker() -> None:
    for _round in range(10):
        for operation in background.list_due(now=timezone.now()):
            background.run_step(operation)


def list_internal_values(dataset: Dataset) -> list[str]:
    """Internal values in MIOSA's rows. Planted texts are recognized by their prefix."""
    responses = dataset.control.call("GET", "canaries")
    assert responses["canaries"]
    assert all(text.startswith("canary-") for text in responses["canaries"])
    return list(responses["internal"])


def list_start_urls(slugs: list[str]) -> Iterator[str]:
    yield from ("/", "/customers/", "/find/?q=a", "/api/v1/customers/", "/api/v1/operations/", "/api/v1/schema/")
    for slug in slugs:
        yield f"/c/{slug}/"
        yield f"/c/{slug}/operations/"
        yield f"/api/v1/customers/{slug}/history/"
        yield f"/api/v1/customers/{slug}/deployments/"


def list_customers(user: User) -> list[str]:
    return [*Customer.objects.filter(memberships__user=user).values_list("slug", flat=True)]


def crawl_without_leaks(dataset: Dataset, client: Client, *, slugs: list[str], others: Iterable[str] = ()) -> set[str]:
    """Returns every URL that was reached. None may leak anything or contain a text of `others`."""
    crawled, hidden, reached = Crawl(client, *list_start_urls(slugs)), [*list_internal_values(dataset), *others], set()
    responses: dict[str, str] = {}
    for address, answer in crawled.walk():
        for wanted in list_json_urls(address):
            crawled.add(wanted)
        responses.update(dict.fromkeys(find_leaks(full_text(answer), hidden), address))
        reached.add(address)
    assert not responses
    return reached


def list_json_urls(address: str) -> Iterator[str]:
    """The API's URLs for a page that was reached."""
    parts = address.strip("/").split("/")
    if re.fullmatch(r"/c/[^/]+/deployments/[^/]+/(versions/[^/]+/)?", address):
        yield f"/api/v1/customers/{'/'.join(parts[1:])}/"
        if "versions" in parts:
            yield f"/api/v1/customers/{'/'.join(parts[1:])}/note/"
    if re.fullmatch(r"/operations/[^/]+/", address):
        yield f"/api/v1/operations/{parts[1]}/"


def list_names(addresses: Iterable[str]) -> set[str]:
    return {resolve(address.partition("?")[0]).view_name for address in addresses}


@pytest.fixture
def open_words(dataset: Dataset) -> Iterator[None]:
    """States, kinds, names, paths and commands are recognizable texts, too."""
    dataset.control.configure(canaries="open")
    cache.clear()
    read_everything()
    yield
    dataset.control.configure(canaries=True)
    cache.clear()


@pytest.mark.usefixtures("open_words")
def test_no_open_word_or_name_leaks(dataset: Dataset) -> None:
    """Unknown words are shown as "other"."""
    assert Deployment.objects.filter(customer__slug=SLUG, state__startswith="canary-state-").exists()
    starts = [f"/c/{SLUG}/deployments/{app['id']}/builds/" for app in list_apps(dataset.control, SLUG)]
    starts.append(f"/c/{WITH_BUILDS}/deployments/{dataset.own.builds['deployment_id']}/builds/")
    crawled = Crawl(dataset.client("owner"), *starts, *list_start_urls([SLUG, WITH_BUILDS]), most_per_kind=1)
    leaks: dict[str, str] = {}
    reached = set()
    for address, answer in crawled.walk():
        leaks.update(dict.fromkeys(find_leaks(full_text(answer), []), address))
        following = (*crawled.waiting, *list_json_urls(address))
        crawled.waiting = deque(url for url in following if f"/{SLUG}/" in url or f"/{WITH_BUILDS}/" in url)
        reached.add(address)
    assert not leaks
    assert {"build", "instance", "version", "domain"} <= list_names(reached)


# What people of a customer reach by links. The rest is for staff, or needs a form.
VISIBLE_TO_VIEWERS = {
    name
    for name, access in ACCESS.items()
    if access.right in {None, Permission.READ_HISTORY}
    and "GET" in access.methods
    and not access.is_open
    and not access.is_missing
}
# Pages of one's own account that come up by themselves, and not by a link.
UNLINKED = {
    *("account_confirm_elsewhere", "account_confirmed", "account_reauthenticate", "mfa_generate_recovery_codes"),
    *("mfa_index", "mfa_list_webauthn", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"),
}
VISIBLE_TO_VIEWERS -= {"customers", *UNLINKED}
VISIBLE_TO_OWNERS = VISIBLE_TO_VIEWERS | {
    *("detachment", "domain_add", "env_deletion", "env_set", "first_publication", "promotion", "publication"),
    *("redeployment", "redirection", "rollback"),
}


@pytest.mark.parametrize("name", sorted(UNLINKED))
def test_no_page_without_a_link_leaks(dataset: Dataset, name: str) -> None:
    page = dataset.client("owner").get(reverse(name), follow=True)
    assert page.status_code == 200
    assert not find_leaks(full_text(page), [])


@pytest.mark.parametrize(("who", "seen"), [("owner", VISIBLE_TO_OWNERS), ("viewer", VISIBLE_TO_VIEWERS)])
def test_no_reachable_url_leaks(busy_dataset: Dataset, dataset: Dataset, who: str, seen: set[str]) -> None:
    reached = crawl_without_leaks(dataset, dataset.client(who), slugs=list_customers(dataset.people[who]))
    assert seen - list_names(reached) == set()
    assert mail.outbox == []


@pytest.mark.parametrize("customer_id", SHARED_BY)
def test_a_shared_deployment_shows_each_customer_its_own_objects(
    busy_dataset: Dataset, dataset: Dataset, customer_id: str
) -> None:
    """Nothing of the other customer: not its name, nor ids, hashes or people of its versions and domains."""
    (other,) = set(SHARED_BY) - {customer_id}
    user = User.objects.create_user("one@shared.test", "a-long-password", name="One Owner")
    Membership.objects.create(user=user, customer=Customer.objects.get(external_id=customer_id), role="owner")
    dataset.people["one"] = user
    (app,) = {app["id"] for app in list_apps(dataset.control, customer_id)} & {
        app["id"] for app in list_apps(dataset.control, other)
    }
    theirs = [row for row in list_versions(dataset, app) if row["external_workspace_id"] == other]
    named = [str(row[key]) for row in theirs for key in ("id", "artifact_sha256", "external_user_id") if row[key]]
    theirs = [
        row
        for row in request_miosa(dataset.control, f"deployments/{app}/domains")["data"]
        if row["external_workspace_id"] == other
    ]
    named += [str(row[key]) for row in theirs for key in ("id", "domain")]
    assert len(named) > 3
    crawl_without_leaks(dataset, dataset.client("one"), slugs=list_customers(user), others=[*named, other])


def test_the_dns_link_names_neither_customer_nor_app(busy_dataset: Dataset, dataset: Dataset) -> None:
    customer = Customer.objects.get(slug=dataset.foreign.slug)
    names = [
        customer.name,
        customer.slug,
        dataset.foreign.deployment_id,
        "Appointments",
        "Olive",
        dataset.foreign.domain_id,
    ]
    for headers in ({}, HTMX):
        for secret in (dataset.foreign.secret, "x" * 43):
            answer = dataset.client("anonymous").get(f"/dns/{secret}/", **headers)
            assert answer.status_code == (200 if secret == dataset.foreign.secret else 404)
            text = full_text(answer).replace(secret, "")
            assert not find_leaks(text, [*list_internal_values(dataset), *names])
            assert answer["X-Robots-Tag"].startswith("noindex")
            assert answer["Referrer-Policy"] == "no-referrer"


PAGES = ("", "env/", "domains/", "builds/", "publish/", "redeploy/", "domains/add/", "env/set/", "operations/")


@pytest.mark.parametrize("status", [200, 400, 401, 402, 403, 404, 409, 410, 418, 422, 429, 500, 503])
def test_no_response_of_miosa_leaks(busy_dataset: Dataset, dataset: Dataset, status: int) -> None:
    """With the vendor's texts as JSON, as a page and in headers, for refreshes and for changes."""
    dataset.control.configure(canaries=True)
    hidden, client = list_internal_values(dataset), dataset.client("owner")
    app = list_apps(dataset.control, SLUG)[1]
    base = f"/c/{SLUG}/deployments/{app['id']}/"
    form = f"{base}redeploy/"
    token = token_of(client.get(form).content.decode())
    heads = {"Server": "miosa", "X-Request-Id": "canary-request"}
    body = json.dumps({"error": {"code": VENDOR_TEXT, "message": VENDOR_TEXT, "details": {"x": VENDOR_TEXT}}})
    dataset.control.fault(
        times=500, status=status, body=body if status % 2 else f"<h1>{VENDOR_TEXT}</h1>", headers=heads
    )
    cache.clear()
    answers = [client.post(f"{base}refresh/"), client.post(f"/c/{SLUG}/refresh/", **HTMX)]
    answers += [client.get(base + each) for each in PAGES if each != "operations/"]
    answers += [client.get(f"{base}versions/{app['active_version_id']}/log/"), client.get(f"/c/{SLUG}/")]
    answers.append(client.post(form, {"token": token, "reason": "again"}))
    run_worker()
    answers += [client.get(f"/c/{SLUG}/operations/"), client.get(f"/operations/{Operation.objects.latest('pk').key}/")]
    answers += [client.get(f"/api/v1/customers/{SLUG}/history/"), client.get(f"/api/v1/customers/{SLUG}/deployments/")]
    for answer in answers:
        assert answer.status_code < 600
        assert not find_leaks(full_text(answer), hidden), (answer.request["PATH_INFO"], answer.status_code)


@pytest.mark.urls(__name__)
def test_no_error_page_leaks(busy_dataset: Dataset, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden, client = list_internal_values(dataset), dataset.client("viewer")
    base = f"/c/{SLUG}/deployments/{list_apps(dataset.control, SLUG)[1]['id']}/"
    send(dataset.client("owner"), f"{base}redeploy/")
    owner = dataset.client("owner")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(dataset.people["viewer"])
    responses: list[tuple[int, Any]] = []
    for headers in ({}, HTMX):
        responses += [
            (400, owner.post(f"{base}redeploy/", {"token": "forged"}, **headers)),
            (400, client.post("/theme/", {"theme": "pink"}, **headers)),
            (403, client.get(f"{base}redeploy/", **headers)),
            (403, strict.post("/theme/", {"theme": "dark"}, **headers)),
            (404, client.get("/no/such/", **headers)),
            (302, client.get("/favicon.ico", **headers)),
            (200, client.get("/robots.txt", **headers)),
            (200, client.get("/manifest.webmanifest", **headers)),
            (404, client.get(f"/brand/{'0' * 20}.css", **headers)),
            (404, client.get(f"/brand/logo/{'0' * 64}.png", **headers)),
            (404, client.get(f"/invitations/{'x' * 43}/", **headers)),
            (400, client.get("/", headers={"host": "evil.test"}, **headers)),
            (413, client.post("/theme/", {"theme": "x" * 2_100_000}, **headers)),
            (404, client.get("/sitemap.xml", **headers)),
            (405, client.put(base, **headers)),
            (409, submit_while_busy(owner, f"{base}redeploy/", headers)),
            (500, client.get("/broken/", **headers)),
            (503, client.get("/away/", **headers)),
        ]
    responses += [
        (404, owner.get("/api/v1/x/")),
        (405, owner.put("/api/v1/customers/")),
        (200, sign_in_too_often(dataset)),
    ]
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "person", "1/min")
    responses += [(429, client.get("/api/v1/customers/")) for _time in range(12)][-1:]
    for status, answer in responses:
        assert answer.status_code == status, (status, answer.request["PATH_INFO"], answer.status_code)
        assert not find_leaks(full_text(answer), hidden), answer.request["PATH_INFO"]


def submit_while_busy(client: Client, form: str, headers: dict[str, Any]) -> Any:
    """Submits while another operation is in progress."""
    token = token_of(client.get(form).content.decode())
    return client.post(form, {"token": token, "reason": "me too"}, **headers)


def sign_in_too_often(dataset: Dataset) -> Any:
    client = dataset.client("anonymous")
    for number in range(40):
        answer = client.post("/accounts/login/", {"login": f"x{number}@y.test", "password": "wrong"})
    return answer


def test_no_static_file_leaks_nor_does_the_sign_in_page(dataset: Dataset) -> None:
    for folder in settings.STATICFILES_DIRS:
        for file in Path(folder).rglob("*.*"):
            if file.suffix in {".css", ".js", ".svg", ".txt"}:
                assert not find_leaks(file.read_text(), []), file
    assert finders.find("django_htmx/htmx-2.min.js")
    assert not find_leaks(full_text(dataset.client("anonymous").get("/accounts/login/")), [])


def test_no_mail_leaks(busy_dataset: Dataset, dataset: Dataset, smtp: ReceivingServer) -> None:
    """Every mail that the portal has written so far, as it arrives: with headers, text and HTML."""
    hidden = list_internal_values(dataset)
    compose.send("test", to="ann@customer.test", context={})
    while Mail.objects.filter(state=Mail.State.WAITING).exists():
        send_due()
    assert len(smtp.mails) > 2
    for received in smtp.mails:
        heads = "\n".join(f"{name}: {value}" for name, value in received.message.items())
        text = "\n".join((heads, received.body("plain"), received.body("html")))
        assert not find_leaks(text, [*hidden, socket.gethostname()]), received.subject


def test_no_template_of_a_mail_leaks() -> None:
    templates = [*(BASE_DIR / "templates" / "mails").glob("*.txt")]
    assert len(templates) > 3
    for template in templates:
        assert not find_leaks(template.read_text(), []), template


def test_no_file_of_a_brand_leaks(dataset: Dataset) -> None:
    """Its stylesheet, pictures and web manifest, with all their headers."""
    picture = draw("JPEG", comment=b"miosa canary-comment")
    images = {name: ImageChange(picture) for name in ("logo", "icon")}
    operator = people.get_person(dataset.people["operator"])
    assert operator is not None
    changes.save_brand(0, BrandText(name="Acme", accent="#c2410c"), **images, by=operator)
    client = dataset.client("viewer")
    page = client.get("/", follow=True).content.decode()
    files = {*re.findall(r'"(/brand/[^"]+)"', page), "/manifest.webmanifest", "/robots.txt", "/favicon.ico"}
    assert len(files) > 5
    for file in files:
        answer = client.get(file, follow=True)
        assert answer.status_code == 200
        assert not find_leaks(full_text(answer), []), file
