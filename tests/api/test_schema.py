"""The OpenAPI schema is valid and complete, and generated requests get no response that it does not declare."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer
from rest_framework.settings import api_settings

from tests.api.conftest import API, ApiClient, StoredObjects

Ask = Callable[[str], ApiClient]
ERRORS = {"400", "401", "403", "404", "405", "406", "429", "500", "503"}


def test_the_schema_is_valid_and_without_warnings() -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=StringIO())


def test_every_operation_declares_its_errors(ask: Ask, people: object) -> None:
    schema = ask("viewer").get_json(f"{API}/schema/")
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert len(operations) == 9
    for operation in operations:
        others = {"415", "422"} if operation["operationId"] == "put_note" else {"304"}
        assert set(operation["responses"]) == {"200", *others} | ERRORS
        for status in ERRORS:
            assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
        assert operation["security"] == [{"cookieAuth": []}]


def test_the_schema_needs_a_sign_in(ask: Ask, people: object) -> None:
    assert ask("anonymous").get(f"{API}/schema/").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_generated_requests_get_declared_responses_only(
    ask: Ask, stored: StoredObjects, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "person", "1000000/min")
    client = ask("operator")
    (tmp_path / "schema.json").write_bytes(client.get(f"{API}/schema/").content)
    (tmp_path / "schemathesis.toml").write_text(
        f"""
        [auth.openapi.cookieAuth]
        api_key = "{client.cookies["sessionid"].value}"
        [checks]
        positive_data_acceptance.expected-statuses = [200, 304, 400, 403, 404]
        [parameters]
        "path.slug" = "brightsmile-dental"
        "path.deployment_id" = "{stored.deployment}"
        "path.version_id" = "{stored.version}"
        """
    )
    command = [
        str(Path(sys.executable).with_name("st")), "--config-file", "schemathesis.toml", "run", "schema.json",
        "--url", live_server.url, "--phases", "examples,coverage,fuzzing", "--mode", "all", "--seed", "1",
        # Bounded by the number of cases, not by time, so that a busy machine checks as much as an idle one.
        "--max-examples", "12", "--request-timeout", "60", "--generation-database", "none", "--no-color",
    ]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
