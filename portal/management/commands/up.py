"""`manage.py up`: starts everything that a portal needs on one machine."""

from __future__ import annotations

import http.client
import ipaddress
import os
import shutil
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone

from portal import health, heartbeat, metrics, staticfiles, var_dir
from portal.config import BASE_DIR
from portal.line_writer import LineWriter
from portal.services import demo_history
from portal.services.people import demo_people
from portal.settings import CONFIG
from portal.supervisor import Child, Supervisor

SLOW_START_S = 20.0


class Command(BaseCommand):
    help = "Runs migrations, then the web server, the worker and, in a demo, the simulator. Ctrl-C stops everything."
    # `prepare` checks the database, once it is migrated.
    requires_system_checks = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = LineWriter(sys.stdout, describe_dropped)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--prepare-only", action="store_true", help="migrate, collect static files, and stop")

    def handle(self, *, prepare_only: bool, **options: Any) -> None:
        try:
            if prepare_only:
                self.prepare()
            else:
                self.run_everything()
        finally:
            self.lines.flush()

    def run_everything(self) -> None:
        lock = require_lock()
        require_free_ports()
        accounts = self.prepare()
        connections.close_all()
        supervisor = Supervisor(build_children(), self.write_line)
        threading.Thread(target=self.announce, args=(accounts, supervisor.stopping), daemon=True).start()
        supervisor.run()
        self.write_line("up", "Stopped.")
        os.close(lock)

    def prepare(self) -> list[tuple[str, str]]:
        """Does what is still missing, and prints what it did. A second start finds nothing to do.

        Returns who can sign in to a demo, with their roles.
        """
        if not health.is_migrated():
            call_command("migrate", interactive=False, verbosity=0)
            self.write_line("up", "applied the migrations")
        call_command("createcachetable", verbosity=0)
        self.check(tags=[Tags.database], databases=["default"])
        if staticfiles.collect_if_changed():
            self.write_line("up", "collected the static files")
        return demo_people.ensure_demo_people() if settings.MIOSA.is_demo else []

    def write_line(self, name: str, line: str) -> None:
        """Never waits for whoever reads the output: the children would soon wait too."""
        self.lines.write(f"{name:<9} | {line}")

    def announce(self, accounts: list[tuple[str, str]], stopping: threading.Event) -> None:
        """Waits for `/readyz`, then prints the URL and who can sign in."""
        slow_at = time.monotonic() + SLOW_START_S
        while not is_ready():
            if time.monotonic() > slow_at:
                slow_at = float("inf")
                self.write_line("up", "not ready yet; see the lines above")
            if stopping.wait(0.1):
                return
        for line in welcome_lines(accounts):
            self.write_line("up", line)
        if settings.MIOSA.is_demo:
            write_demo_history(stopping)


def write_demo_history(stopping: threading.Event) -> None:
    """Once the worker has read the apps that it is about."""
    try:
        for _try in range(150):
            if demo_history.write_history(now=timezone.now()) or stopping.wait(2.0):
                return
    finally:
        connections.close_all()


def welcome_lines(accounts: list[tuple[str, str]]) -> list[str]:
    host = "localhost" if CONFIG.host == "127.0.0.1" or is_unspecified(CONFIG.host) else CONFIG.host
    ready = f"{settings.PORTAL_NAME} is ready at http://{host}:{CONFIG.port}/"
    if not settings.MIOSA.is_demo:
        return [ready, f"REAL MIOSA at {settings.MIOSA.base_url}"]
    return [
        ready,
        f"Demo: MIOSA is the simulator at {settings.MIOSA.base_url}",
        f"Sign in with the password {demo_people.DEMO_PASSWORD} as",
        *(f"  {email:<26} {role}" for email, role in accounts),
        f"or come from your own app: {settings.HAND_OFF.url}",
        f"Mails that it sends are at http://127.0.0.1:{CONFIG.simulator_port}/mail/",
        "Ctrl-C stops everything.",
    ]


def build_children() -> list[Child]:
    manage = [sys.executable, "-u", str(BASE_DIR / "manage.py")]
    web = [sys.executable, "-u", "-m", "portal.web"]
    environment = {"DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"], **create_metrics_folder()}
    children = [
        Child("web", web, environment),
        Child("worker", [*manage, "worker"], environment, heartbeat.alive_file()),
    ]
    if settings.MIOSA.is_demo:
        options = {
            "--port": CONFIG.simulator_port,
            "--dns-port": CONFIG.simulator_dns_port,
            "--smtp-port": CONFIG.simulator_smtp_port,
            "--portal-url": settings.PORTAL_URL,
            "--hand-off-key": var_dir.load_or_create_hand_off_key(CONFIG.var_dir),
            "--state": CONFIG.var_dir / "simulator.json",
        }
        words = [str(word) for option in options.items() for word in option]
        children.insert(0, Child("simulator", [*manage, "simulator", *words]))
    return children


def create_metrics_folder() -> dict[str, str]:
    """The variable that names an empty folder, in which the web processes share their counts."""
    if not (metrics.AVAILABLE and settings.METRICS_TOKEN):
        return {}
    folder = CONFIG.var_dir / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {"PROMETHEUS_MULTIPROC_DIR": str(folder)}


def describe_dropped(count: int) -> str:
    return f"{'up':<9} | {count} lines were dropped, since nobody read them"


def require_lock() -> int:
    """Two portals on one folder would share a database, its worker's pipe and the simulator's state."""
    lock = var_dir.lock(CONFIG.var_dir, var_dir.UP_LOCK)
    if lock is None:
        message = f"VAR_DIR: another portal runs on {CONFIG.var_dir}. Stop it, or choose another VAR_DIR."
        raise CommandError(message)
    return lock


def require_free_ports() -> None:
    addresses = [("PORT", CONFIG.host, CONFIG.port)]
    if settings.MIOSA.is_demo:
        addresses.append(("SIMULATOR_PORT", "127.0.0.1", CONFIG.simulator_port))
        addresses.append(("SIMULATOR_DNS_PORT", "127.0.0.1", CONFIG.simulator_dns_port))
        addresses.append(("SIMULATOR_SMTP_PORT", "127.0.0.1", CONFIG.simulator_smtp_port))
    for name, host, port in addresses:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host.strip("[]"), port))
            except OSError as error:
                message = f"{name}: can't listen on {host}:{port} ({error.strerror}). Choose another {name}."
                raise CommandError(message) from None


def is_unspecified(host: str) -> bool:
    """Whether it means all of the machine's addresses: 0.0.0.0 or [::]."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False


def is_ready() -> bool:
    host = CONFIG.host.strip("[]")
    if is_unspecified(host):
        host = "::1" if ":" in host else "127.0.0.1"
    connection = http.client.HTTPConnection(host, CONFIG.port, timeout=3)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
