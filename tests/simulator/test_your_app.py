"""The platform's own app of the demo: one button from there to the portal."""

from __future__ import annotations

import re
import time
import urllib.request
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from portal.simulator.simulator import Simulator
from portal.simulator.your_app import YourApp
from tests.hand_off.app import KEY

PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def fetch(url: str, form: dict[str, str] | None = None) -> str:
    data = urlencode(form).encode() if form else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, data=data, timeout=10) as response:
        text: str = response.read().decode()
        return text


def test_it_sends_a_person_with_a_new_token_each_time() -> None:
    with Simulator(your_app=YourApp("http://localhost:8000", PEM)) as simulator:
        app = f"{simulator.url}/your-app/"
        page = fetch(app)
        pages = [fetch(app, {"customer": "brightsmile-dental", "person": "viewer"}) for _time in range(2)]
    assert '<option value="brightsmile-dental">Bright Smile Dental</option>' in page
    assert 'action="http://localhost:8000/handoff/"' in pages[0]
    tokens = [re.findall(r'name="token" value="([^"]+)"', each)[0] for each in pages]
    first, second = (
        jwt.decode(token, KEY.public_key(), algorithms=["EdDSA"], audience="portal", issuer=app) for token in tokens
    )
    assert (first["external_workspace_id"], first["external_user_id"]) == ("brightsmile-dental", "viewer")
    assert (first["name"], first["role"]) == ("Kim Sørensen", "viewer")
    assert first["exp"] - first["nbf"] == 60
    assert abs(first["nbf"] - time.time()) < 30
    assert first["jti"] != second["jti"]


def test_without_a_portal_there_is_none() -> None:
    with Simulator() as simulator, pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(f"{simulator.url}/your-app/")
