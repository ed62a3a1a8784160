"""Mails: written in the brand, sent once over SMTP, and tried again while the server is away."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from portal.models import Mail
from portal.services.brands.current import CurrentBrand
from portal.services.mails import compose, html, message, outbox, smtp
from portal.services.mails.outbox import MailSource
from tests.mails import ReceivingServer, send_due
from tests.ports import pick_port

pytestmark = pytest.mark.django_db

TO = "ann@customer.test"
BRAND = CurrentBrand(name="Acme & Söhne", url="https://deploys.acme.test", accent="#c2410c")


def write(to: str = TO) -> Mail:
    return compose.send("test", to=to, context={})


def get(mail: Mail) -> Mail:
    return Mail.objects.get(pk=mail.pk)


@contextmanager
def scripted(*answers: bytes, user: str = "por:secret@") -> Iterator[str]:
    """A server that says these lines, each after one of the client's, and then nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _address = listener.accept()
            with connection, connection.makefile("rb") as lines:
                for answer in answers:
                    connection.sendall(answer)
                    lines.readline()
                lines.readline()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"smtp://{user}127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)


def test_a_mail_arrives_as_text_and_html(smtp: ReceivingServer, settings: Settings) -> None:
    settings.MAIL_FROM = "unused@portal.test"
    write()
    send_due()
    (mail,) = smtp.mails
    assert mail.recipients == (TO,)
    assert mail.subject == "Test mail from Deploy desk"
    assert mail.message["From"] == "Deploy desk <portal@localhost>"
    assert "This is what they look like." in mail.body("plain")
    assert "This is what they look like." in mail.body("html")
    assert "http://localhost:8000/settings/" in mail.body("plain")


def test_what_was_sent_is_kept_nowhere(smtp: ReceivingServer) -> None:
    mail = write()
    send_due()
    stored = get(mail)
    assert (stored.state, stored.content, stored.next_try_at) == (Mail.State.SENT, None, None)
    assert stored.sent_at is not None
    send_due(later_s=10**6)
    assert len(smtp.mails) == 1


def test_nothing_in_it_names_this_machine(smtp: ReceivingServer) -> None:
    write()
    send_due()
    text = smtp.mails[0].message.as_string()
    assert socket.gethostname() not in text
    assert socket.getfqdn() not in text.replace("localhost", "")
    assert smtp.greeted_as == ["localhost"]
    assert smtp.mails[0].message["Message-ID"].endswith("@localhost>")
    assert "Python" not in text
    assert "Django" not in text


def test_nobody_answers_it_automatically(smtp: ReceivingServer) -> None:
    write()
    send_due()
    assert smtp.mails[0].message["Auto-Submitted"] == "auto-generated"


def test_of_two_workers_one_sends_it(smtp: ReceivingServer) -> None:
    write()
    source, now = MailSource(), timezone.now()
    seen_by_both = [*source.find_due(now=now).items] * 2
    assert [source.claim(mail, now=now) for mail in seen_by_both] == [True, False]


def test_a_worker_that_died_while_sending_leaves_it_to_another_one(smtp: ReceivingServer) -> None:
    mail = write()
    source, now = MailSource(), timezone.now()
    assert source.claim(mail, now=now)
    send_due(later_s=60)
    assert smtp.mails == []
    send_due(later_s=700)
    assert len(smtp.mails) == 1


def test_an_outcome_that_comes_too_late_changes_nothing(smtp: ReceivingServer) -> None:
    """The claim of a slow worker has run out, and another worker has sent the mail again."""
    mail = write()
    source = MailSource()
    assert source.claim(mail, now=timezone.now())
    slow = get(mail)
    send_due(later_s=700)
    sent_at = get(mail).sent_at
    outbox.attempt(slow, now=timezone.now())
    assert get(mail).sent_at == sent_at
    assert smtp.mails[0].message["Message-ID"] == smtp.mails[1].message["Message-ID"]


def test_without_a_mail_server_it_waits(settings: Settings) -> None:
    settings.SMTP_URL = ""
    mail = write()
    send_due()
    assert (get(mail).state, get(mail).attempts) == (Mail.State.WAITING, 0)


def test_while_the_server_is_down_it_is_tried_eight_times_within_a_day(settings: Settings) -> None:
    settings.SMTP_URL = f"smtp://127.0.0.1:{pick_port()}"
    mail, source, attempts = write(), MailSource(), []
    while (at := get(mail).next_try_at) is not None:
        attempts.append(at)
        assert source.claim(get(mail), now=at)
        source.run(get(mail), now=at)
    assert len(attempts) == 8
    assert timedelta(hours=20) < attempts[-1] - attempts[0] < timedelta(hours=25)
    assert (get(mail).state, get(mail).error) == (Mail.State.FAILED, "The mail server could not be reached.")


def test_what_was_given_up_can_be_sent_again(settings: Settings, smtp: ReceivingServer) -> None:
    smtp.refusals[TO] = "550 no such mailbox"
    mail = write()
    send_due()
    assert get(mail).state == Mail.State.FAILED
    smtp.refusals.clear()
    outbox.send_again(get(mail))
    send_due()
    assert get(mail).state == Mail.State.SENT


@pytest.mark.parametrize(
    ("answer", "state", "text"),
    [
        ("451 try later", Mail.State.WAITING, "The mail server refused the address: 451 try later"),
        ("550 no such mailbox", Mail.State.FAILED, "The mail server refused the address: 550 no such mailbox"),
    ],
)
def test_an_address_that_the_server_refuses(smtp: ReceivingServer, answer: str, state: str, text: str) -> None:
    smtp.refusals[TO] = answer
    mail = write()
    send_due()
    assert (get(mail).state, get(mail).error) == (state, text)


def test_a_server_that_demands_encryption_is_named_as_such(settings: Settings) -> None:
    script = (b"220 hi\r\n", b"250 hi\r\n", b"530 Must issue a STARTTLS command first\r\n", b"250 OK\r\n")
    with scripted(*script, user="") as settings.SMTP_URL:
        mail = write()
        send_due()
    assert get(mail).state == Mail.State.WAITING
    assert get(mail).error.startswith("The mail server requires encryption or a sign-in: 530")


def test_over_a_network_nothing_is_sent_without_encryption(settings: Settings) -> None:
    """`?tls=on` is what counts for every server but those on this machine."""
    with ReceivingServer() as server:
        settings.SMTP_URL = f"{server.url}?tls=on"
        mail = write()
        send_due()
        assert server.mails == []
    assert "support what is needed: encryption" in get(mail).error


@pytest.mark.parametrize(
    ("url", "port", "is_encrypted", "starts_tls"),
    [
        ("smtp://mail.acme.test", 587, False, True),
        ("smtp://mail.acme.test:25?tls=off", 25, False, False),
        ("smtps://mail.acme.test", 465, True, False),
        ("smtp://127.0.0.1:25", 25, False, False),
        ("smtp://localhost:25?tls=on", 25, False, True),
    ],
)
def test_how_a_url_says_whether_to_encrypt(url: str, port: int, is_encrypted: bool, starts_tls: bool) -> None:
    server = smtp.parse_url(url)
    assert (server.port, server.is_encrypted, server.starts_tls) == (port, is_encrypted, starts_tls)


def test_user_and_password_of_a_url_are_decoded() -> None:
    server = smtp.parse_url("smtp://por%40tal:p%2Fss@mail.acme.test")
    assert (server.user, server.password) == ("por@tal", "p/ss")


def test_a_wrong_password(settings: Settings) -> None:
    script = (b"220 hi\r\n", b"250-hi\r\n250 AUTH PLAIN\r\n", b"535 bad credentials\r\n")
    with scripted(*script) as settings.SMTP_URL:
        mail = write()
        send_due()
    assert get(mail).state == Mail.State.WAITING
    assert get(mail).error.startswith("The mail server refused the user name or password of SMTP_URL: 535")
    assert "secret" not in get(mail).error


def test_a_server_that_answers_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT_S", 0.2)
    with scripted(b"220 hi\r\n") as settings.SMTP_URL:
        mail = write()
        send_due()
    assert get(mail).error == "The mail server did not answer in time."


def test_a_mail_that_can_no_longer_be_decrypted(settings: Settings, smtp: ReceivingServer) -> None:
    mail = write()
    settings.SECRET_KEY = "another one, after a restore without the key file"
    send_due()
    assert get(mail).state == Mail.State.FAILED
    assert "SECRET_KEY has changed" in get(mail).error


def test_a_mail_that_was_cut_off(smtp: ReceivingServer) -> None:
    mail = write()
    Mail.objects.update(content=b"x")
    send_due()
    assert (get(mail).state, smtp.mails) == (Mail.State.FAILED, [])


@pytest.mark.parametrize("to", ["no address", "a@b@c.test"])
def test_an_address_that_is_none(smtp: ReceivingServer, to: str) -> None:
    mail = write(to)
    send_due()
    assert (get(mail).state, smtp.mails) == (Mail.State.FAILED, [])


def test_an_address_with_an_international_domain(smtp: ReceivingServer) -> None:
    write("ann@bücher.test")
    send_due()
    assert smtp.mails[0].recipients == ("ann@xn--bcher-kva.test",)


def test_old_mails_are_deleted_and_waiting_ones_given_up(settings: Settings) -> None:
    settings.SMTP_URL = ""
    mail = write()
    Mail.objects.update(created_at=timezone.now() - timedelta(days=8))
    outbox.clean_up()
    assert (get(mail).state, get(mail).content) == (Mail.State.FAILED, None)
    Mail.objects.update(created_at=timezone.now() - timedelta(days=91))
    outbox.clean_up()
    assert not Mail.objects.exists()


HOSTILE = st.text(alphabet=st.sampled_from("ab\r\n\t\0:<>\"'&;,@ \u202e\u2028é漢"), max_size=60)


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=HOSTILE, subject=HOSTILE)
def test_no_name_adds_a_header(name: str, subject: str) -> None:
    brand = CurrentBrand(name=name, url="https://deploys.acme.test", sender_address="desk@acme.test")
    content = {"subject": compose.clean(subject), "text": "Hello", "message_id": "<1@acme.test>"}
    built = message.build(content, to=TO, brand=brand)
    head = built.as_bytes().partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.splitlines() if not line.startswith((b" ", b"\t"))]
    assert sorted(names) == sorted(name.encode() for name in built)
    assert built["From"].addresses[0].addr_spec == "desk@acme.test"


def test_the_html_is_escaped_and_in_the_colours_of_the_brand() -> None:
    text = 'Hello <script>alert("1")</script>\n\nhttps://deploys.acme.test/invitations/abc/\n'
    page = html.write(text, subject="A <b>", brand=BRAND)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<title>A &lt;b&gt;</title>" in page
    assert "Acme &amp; Söhne" in page
    assert 'href="https://deploys.acme.test/invitations/abc/"' in page
    assert "background:#c2410c" in page


@pytest.mark.parametrize(
    "url", ["https://evil.test/x/", "https://deploys.acme.test.evil.test/", "https://deploys.acme.test@evil.test/"]
)
def test_only_addresses_of_the_portal_become_links(url: str) -> None:
    page = html.write(f"Hello\n\n{url}\n\nSee {url} there.", subject="Hi", brand=BRAND)
    assert "<a " not in page


def test_a_name_adds_no_paragraph_to_a_mail(smtp: ReceivingServer) -> None:
    values: dict[str, Any] = {"portal": "Acme\n\nhttps://evil.test/\n"}
    compose.send("test", to=TO, context=values)
    send_due()
    assert "https://evil.test/\n" not in smtp.mails[0].body("plain").replace(" https://evil.test/ arrive", "")
    assert smtp.mails[0].subject == "Test mail from Acme https://evil.test/"
