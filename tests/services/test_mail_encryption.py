"""Mails over TLS: a mail server with a certificate of an authority that this machine trusts, or does not."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils import timezone
from pytest_django import Settings

from portal.models import Mail
from portal.services.mails import compose
from tests.mails import ReceivingServer, send_due

pytestmark = pytest.mark.django_db

NOT_TRUSTED = "The mail server's certificate is not valid for its name, or not trusted."


@dataclass(frozen=True)
class Authority:
    """`file` has its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    file: Path

    def encrypt(self, host: str) -> ssl.SSLContext:
        """For a server with a certificate for this name."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = issue(host, key, issuer=self.certificate.subject, signer=self.key, is_authority=False)
        file = self.file.with_name(f"{host}.pem")
        file.write_bytes(as_pem(certificate) + as_pem(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def issue(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: x509.Name | None = None,
    signer: ec.EllipticCurvePrivateKey,
    is_authority: bool,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = timezone.now()
    builder = x509.CertificateBuilder(
        issuer_name=issuer or subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=1),
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def as_pem(what: Any) -> bytes:
    if isinstance(what, x509.Certificate):
        return what.public_bytes(serialization.Encoding.PEM)
    pem: bytes = what.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Trusted by this process, as one in /etc/ssl is."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = issue("authority.test", key, signer=key, is_authority=True)
    file = tmp_path / "authority.pem"
    file.write_bytes(as_pem(certificate))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return Authority(key, certificate, file)


def write() -> Mail:
    mail = compose.send("test", to="ann@customer.test", context={})
    send_due()
    return Mail.objects.get(pk=mail.pk)


def test_smtp_becomes_encrypted_before_anything_is_sent(authority: Authority, settings: Settings) -> None:
    with ReceivingServer(tls_context=authority.encrypt("localhost"), require_starttls=True) as server:
        settings.SMTP_URL = f"smtp://localhost:{server.port}?tls=on"
        mail = write()
    assert (mail.state, mail.error) == (Mail.State.SENT, "")
    assert len(server.mails) == 1


def test_smtps_is_encrypted_from_the_first_byte(authority: Authority, settings: Settings) -> None:
    with ReceivingServer(ssl_context=authority.encrypt("localhost")) as server:
        settings.SMTP_URL = f"smtps://localhost:{server.port}"
        mail = write()
    assert (mail.state, mail.error) == (Mail.State.SENT, "")
    assert len(server.mails) == 1


def test_a_password_is_sent_encrypted(authority: Authority, settings: Settings) -> None:
    seen: list[Any] = []

    def accept(_server: Any, session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        seen.append((session.ssl is not None, data.login.decode(), data.password.decode()))
        return AuthResult(success=True)

    options = {"authenticator": accept, "auth_required": True, "tls_context": authority.encrypt("localhost")}
    with ReceivingServer(**options) as server:
        settings.SMTP_URL = f"smtp://desk%40acme.test:p%3A%2F%40ss@localhost:{server.port}?tls=on"
        mail = write()
    assert (mail.state, mail.error) == (Mail.State.SENT, "")
    assert seen == [(True, "desk@acme.test", "p:/@ss")]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_certificate_for_another_name_or_of_an_unknown_authority(
    authority: Authority, settings: Settings, monkeypatch: pytest.MonkeyPatch, scheme: str, is_known: bool
) -> None:
    context = authority.encrypt("other.test" if is_known else "localhost")
    if not is_known:
        monkeypatch.delenv("SSL_CERT_FILE")
    options = {"smtp": {"tls_context": context}, "smtps": {"ssl_context": context}}[scheme]
    with ReceivingServer(**options) as server:
        settings.SMTP_URL = f"{scheme}://localhost:{server.port}?tls=on"
        mail = write()
    assert (mail.state, mail.error, server.mails) == (Mail.State.WAITING, NOT_TRUSTED, [])


def test_a_port_that_does_not_speak_tls(settings: Settings) -> None:
    with ReceivingServer() as server:
        settings.SMTP_URL = f"smtps://localhost:{server.port}"
        mail = write()
    assert (mail.state, server.mails) == (Mail.State.WAITING, [])
    assert mail.error == "The connection to the mail server could not be encrypted."
