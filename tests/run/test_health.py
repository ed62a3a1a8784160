"""`/healthz`, `/readyz` and `/metrics`."""

import resource
import sqlite3
from contextlib import closing

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from portal import health, heartbeat

pytestmark = pytest.mark.postgres


def test_healthz_answers_to_any_host(client: Client) -> None:
    response = client.get("/healthz", headers={"Host": "whatever.example"})
    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db
def test_readyz_answers_to_any_host(client: Client) -> None:
    response = client.get("/readyz", headers={"Host": "10.0.0.7"})
    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.skipif("os.environ.get('TEST_DATABASE_URL')", reason="only SQLite locks the whole database")
@pytest.mark.django_db(transaction=True)
def test_readyz_fails_while_the_database_is_locked(client: Client) -> None:
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        response = client.get("/readyz")
        other.execute("ROLLBACK")
    assert (response.status_code, response.content) == (503, b"not ready: the database is locked")
    assert client.get("/readyz").status_code == 200


@pytest.mark.skipif("os.environ.get('TEST_DATABASE_URL')", reason="only SQLite needs the disk of VAR_DIR")
@pytest.mark.django_db
def test_readyz_reports_a_full_disk(client: Client) -> None:
    """No file may grow larger than this: for a new one there is no room."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (health.ROOM_BYTES // 2, limits[1]))
    try:
        response = client.get("/readyz")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (response.status_code, response.content) == (503, b"not ready: the disk is full")
    assert client.get("/readyz").status_code == 200


def test_other_methods_are_refused(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
class TestMetrics:
    @pytest.fixture(autouse=True)
    def token(self, settings: Settings) -> None:
        settings.METRICS_TOKEN = "a-token-of-some-length"

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "a-token-of-some-length", "Bearer é"])
    def test_they_need_the_token(self, client: Client, header: str) -> None:
        assert client.get("/metrics", headers={"Authorization": header}).status_code == 404

    def test_without_a_configured_token_nobody_sees_them(self, client: Client, settings: Settings) -> None:
        settings.METRICS_TOKEN = ""
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    def test_they_count_requests_and_show_the_heartbeat(self, client: Client) -> None:
        heartbeat.beat()
        client.get("/accounts/login/")
        page = client.get("/metrics", headers={"Authorization": "Bearer a-token-of-some-length"}).content.decode()
        assert 'portal_requests_total{method="GET",status="200",view="account_login"}' in page
        assert "portal_worker_heartbeat_age_seconds" in page
