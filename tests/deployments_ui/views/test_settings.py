"""The settings page, its mails, and the checklist of a new installation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from portal import heartbeat
from portal.config import Upstream
from portal.models import AuditEvent, Brand, Connection, Customer, Freshness, Mail, Membership, User
from portal.services import installation
from portal.services.mails import compose
from tests.deployments_ui.conftest import Browse, World
from tests.mails import ReceivingServer, send_due
from tests.people import People

URL = "/settings/"
KEY = "msk_live_0123456789abcdefWXYZ"

pytestmark = pytest.mark.django_db


def text_of(client: Client, path: str = URL) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.fixture
def real(people: People, settings: Settings) -> Settings:
    """An installation with a real key, which is not asked anything here."""
    User.objects.update(is_demo=False)
    settings.MIOSA = Upstream("https://api.miosa.test/api/v1", KEY, None, 60, is_demo=False)
    return settings


def test_operators_see_the_state_and_miosa_is_not_asked(world: World, browse: Browse) -> None:
    client = browse(world.people.operator)
    with world.hearing_nothing():
        page = text_of(client)
    for text in ("Reachable", "last answer", "Requests left", "12 customers", "Django", "Links in mails"):
        assert text in page


def test_other_people_do_not_see_it(people: People, browse: Browse) -> None:
    for user in (people.support, people.owner, people.viewer):
        assert browse(user).get(URL).status_code == 404
        assert browse(user).post("/settings/mails/test/").status_code == 404
        assert browse(user).post("/settings/checklist/hide/").status_code == 404
    assert not Mail.objects.exists()


def test_of_the_key_only_its_end_is_shown(people: People, browse: Browse, real: Settings) -> None:
    page = text_of(browse(people.operator))
    assert "…WXYZ" in page
    assert KEY[:-4] not in page
    assert "fWXYZ" not in page


@pytest.mark.parametrize(("key", "shown"), [("msk_short", "…"), ("", "…"), (KEY, "…WXYZ")])
def test_of_a_short_key_nothing_is_shown(key: str, shown: str) -> None:
    assert installation.mask_key(key) == shown


def test_what_miosa_refuses_and_what_is_late_is_shown(people: People, browse: Browse) -> None:
    long_ago = timezone.now() - timedelta(hours=3)
    Freshness.objects.create(scope="env:1", error="forbidden", failed_at=long_ago)
    Freshness.objects.create(scope="env:2", error="unreachable", failed_at=long_ago)
    Freshness.objects.create(scope="sweep", wanted_at=long_ago)
    Connection.objects.update_or_create(pk=1, defaults={"unreachable_since": long_ago, "error": "unreachable"})
    page = text_of(browse(people.operator))
    assert "forbidden" in page
    assert "1 time when last read" in page
    assert "1 read is due" in page
    assert "MIOSA can&#39;t be reached (unreachable)." in page


def test_whether_the_worker_runs(people: People, browse: Browse) -> None:
    client = browse(people.operator)
    cache.delete(heartbeat.KEY)
    stopped = text_of(client)
    assert "Not running for a day or longer" in stopped
    assert stopped.index("The worker is not running") < stopped.index('id="miosa"')
    assert "Everything works" not in stopped
    heartbeat.beat()
    running = text_of(client)
    assert "ot running" not in running
    assert "Everything works" in running
    cache.delete(heartbeat.KEY)


def test_an_operator_sends_a_test_mail(people: People, browse: Browse, smtp: ReceivingServer) -> None:
    client = browse(people.operator)
    assert client.post("/settings/mails/test/").status_code == 303
    send_due()
    assert smtp.mails[0].recipients == (people.operator.email,)
    assert AuditEvent.objects.filter(kind="mail.tested", target=people.operator.email).count() == 1


def test_a_mail_that_was_refused_is_shown_and_sent_again(people: People, browse: Browse, smtp: ReceivingServer) -> None:
    client = browse(people.operator)
    smtp.refusals["ann@customer.test"] = "550 no such <mailbox>"
    mail = compose.send("test", to="ann@customer.test", context={})
    send_due()
    page = text_of(client)
    assert "The mail server refused the address: 550 no such &lt;mailbox&gt;" in page
    assert "Send again" in page
    smtp.refusals.clear()
    assert client.post(f"/settings/mails/{mail.pk}/send/").status_code == 303
    assert client.post(f"/settings/mails/{mail.pk}/send/").status_code == 409
    send_due()
    assert len(smtp.mails) == 1
    assert "550 no such" not in text_of(client)
    assert client.post("/settings/mails/999999/send/").status_code == 404


def test_without_a_mail_server_the_page_says_so(people: People, browse: Browse, settings: Settings) -> None:
    settings.SMTP_URL = ""
    page = text_of(browse(people.operator))
    assert "Mails wait, for a week at most. Set SMTP_URL." in page
    assert "Send a test mail" not in page


def test_the_password_of_the_mail_server_is_not_shown(people: People, browse: Browse, settings: Settings) -> None:
    settings.SMTP_URL = "smtp://mailer:very-secret@mail.acme.test:587"
    page = text_of(browse(people.operator))
    assert "mail.acme.test:587" in page
    assert "mailer" not in page
    assert "very-secret" not in page


@pytest.mark.parametrize(
    ("url", "hosts", "https", "text"),
    [
        ("http://localhost:8000", ["localhost"], False, "don’t begin with https://"),
        ("https://deploys.acme.test", ["localhost"], True, "is not in ALLOWED_HOSTS"),
        ("https://deploys.acme.test", ["deploys.acme.test"], False, "the setting HTTPS is off"),
    ],
)
def test_a_wrong_address_is_noticed(real: Settings, url: str, hosts: list[str], https: bool, text: str) -> None:
    real.PORTAL_URL, real.ALLOWED_HOSTS, real.SESSION_COOKIE_SECURE = url, [*hosts, "testserver"], https
    assert any(text in warning for warning in installation.get_address().warnings)


def test_the_checklist_follows_what_is_done(people: People, browse: Browse, real: Settings) -> None:
    User.objects.filter(staff_role="support").delete()
    Membership.objects.all().delete()
    Connection.objects.update_or_create(pk=1, defaults={"last_ok_at": timezone.now()})
    client = browse(people.operator)
    assert count_done(client) == {"MIOSA answers", *(["Customers are found"] if Customer.objects.exists() else [])}
    Brand.objects.create(name="Acme", is_default=True)
    Mail.objects.create(kind="test", address="a@b.test", state="sent", created_at=timezone.now())
    assert {"Set your brand", "Send a test mail"} <= count_done(client)
    User.objects.create_user("sam@acme.test", staff_role="support")
    owner = User.objects.create_user("ann@customer.test")
    customer = Customer.objects.get_or_create(connection_id=1, external_id="acme", slug="acme", name="Acme")[0]
    Membership.objects.create(user=owner, customer=customer, role="owner")
    assert "Before you invite customers" not in text_of(client, "/")
    assert Connection.only().checklist_ended_at is not None


def count_done(client: Client) -> set[str]:
    page = text_of(client, "/")
    begin = page.index("Before you invite customers")
    rows = page[begin : page.index("</section>", begin)].split("<li>")[1:]
    return {row.split("<span>")[-1].split("</span>")[0] for row in rows if "Done" in row}


def test_an_operator_hides_the_checklist(people: People, browse: Browse, real: Settings) -> None:
    Connection.only()
    client = browse(people.operator)
    assert "Before you invite customers" in text_of(client, "/")
    assert "Before you invite customers" not in text_of(browse(people.support), "/")
    assert client.post("/settings/checklist/hide/").status_code == 303
    assert "Before you invite customers" not in text_of(client, "/")
    assert AuditEvent.objects.filter(kind="checklist.hidden").count() == 1


def test_a_demo_has_no_checklist(people: People, browse: Browse, settings: Settings) -> None:
    settings.MIOSA = replace(settings.MIOSA, is_demo=True)
    assert "Before you invite customers" not in text_of(browse(people.operator), "/")
