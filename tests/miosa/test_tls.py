"""Deadlines and certificates over TLS."""

from __future__ import annotations

import datetime
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal import miosa
from tests.miosa.conftest import KEY
from tests.miosa.server import ScriptedServer, drip, exceed_deadline, send_json
from tests.miosa.test_transport import HEAD, ROW


def certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "both.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, str(file)


def test_https_with_its_deadline(tls: tuple[ssl.SSLContext, str]) -> None:
    context, bundle = tls
    with ScriptedServer(send_json(ROW), drip(HEAD + b"Content-Length: 100000\r\n\r\n{"), tls=context) as server:
        client = miosa.Client(base_url=server.url, api_key=KEY, ca_bundle=bundle, deadline_s=0.5)
        assert client.deployments.get("dep_1").id == "dep_1"
        assert exceed_deadline(0.5, lambda: client.deployments.get("dep_1")).sent
        client.close()


def test_an_unknown_certificate_gets_no_request(tls: tuple[ssl.SSLContext, str]) -> None:
    context, _ = tls
    with ScriptedServer(send_json(ROW), tls=context) as server:
        client = miosa.Client(base_url=server.url, api_key=KEY)
        with pytest.raises(miosa.Unreachable) as caught:
            client.deployments.stop("dep_1", idempotency_key="k")
        assert not caught.value.sent
        assert server.requests == []
        client.close()


def test_a_handshake_that_never_ends_is_bounded() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        client = miosa.Client(base_url=f"https://127.0.0.1:{deaf.getsockname()[1]}", api_key=KEY, deadline_s=0.4)
        assert not exceed_deadline(0.4, lambda: client.deployments.get("dep_1")).sent
        client.close()
