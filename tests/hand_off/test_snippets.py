"""docs/handoff.md: its claims are those that are checked, and its snippets sign tokens that are accepted."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings as configured
from pytest_django import Settings

from portal.services.hand_off import key_sets, tokens
from tests.conftest import require_program
from tests.hand_off.app import KEY, make_settings

DOCUMENT = (Path(configured.BASE_DIR) / "docs/handoff.md").read_text()
# How each language is run: its program, how a file of it is called, and a line that prints a token.
LANGUAGES = {
    "python": (
        sys.executable,
        "token.py",
        'import sys; print(create_token(sys.argv[1], customer="acme", user="u-17", name="Dr Raó", role="owner"))',
    ),
    "js": (
        "node",
        "token.mjs",
        'console.log(createToken(process.argv[2], {customer: "acme", user: "u-17", name: "Dr Raó", role: "owner"}));',
    ),
    "php": ("php", "token.php", 'echo create_token($argv[1], "acme", "u-17", "Dr Raó", "owner");'),
    "ruby": (
        "ruby",
        "token.rb",
        'puts create_token(ARGV[0], customer: "acme", user: "u-17", name: "Dr Raó", role: "owner")',
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_snippet_signs_a_token_that_is_accepted(language: str, tmp_path: Path, settings: Settings) -> None:
    settings.HAND_OFF = make_settings(issuer="https://app.example.com")
    program, name, call = LANGUAGES[language]
    (snippet,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    file = tmp_path / f"my_{name}"
    file.write_text(f"{snippet}\n{call}\n")
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    done = subprocess.run([require_program(program), file, pem], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    claims = tokens.verify(done.stdout.strip(), now=datetime.now(UTC))
    assert (claims.external_workspace_id, claims.external_user_id) == ("acme", "u-17")
    assert (claims.name, claims.role) == ("Dr Raó", "owner")


def test_the_table_lists_the_claims() -> None:
    table = DOCUMENT.partition("## The token")[2].partition("\n\nOther claims")[0]
    listed = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    checked = {field.name: field for field in msgspec.structs.fields(tokens._Payload)}
    assert set(listed) == {"iss", "aud", *checked}
    optional = re.findall(r"^\| `(\w+)` \|[^\n]*(?:may be left out|without it)", table, re.MULTILINE)
    assert set(optional) == {name for name, field in checked.items() if not field.required}


def test_its_numbers_are_those_of_the_code() -> None:
    assert tokens.MOST_CHARACTERS == 8 * 1024
    assert "at most 8 KB" in DOCUMENT
    assert f"at most {tokens.LONGEST_LIFE_S} seconds after" in DOCUMENT
    assert tokens.LEEWAY_S == 5
    assert "differ by five seconds" in DOCUMENT
    assert (key_sets.KEPT_S, key_sets.FETCH_EVERY_S) == (600, 10)
    assert "every ten minutes, and for an unknown `kid` at most every ten seconds" in DOCUMENT
