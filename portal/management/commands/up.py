"""`manage.py up`: everything a portal needs on one machine, from one command."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from portal import metrics, statics
from portal.services import people
from portal.settings import BASE_DIR, CONFIG
from portal.supervisor import Child, Supervisor

WORD_AFTER_S = 20.0


class Command(BaseCommand):
    help = "Migrates, then runs the web server, the worker and, without MIOSA_API_KEY, the simulator. Ctrl-C stops all."
    requires_system_checks: list[str] = []  # noqa: RUF012 - declared so by Django; the checks run within migrate

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--prepare-only", action="store_true", help="migrate, collect static files, and stop")

    def handle(self, *, prepare_only: bool, **options: Any) -> None:
        if not prepare_only:
            require_free_ports()
        prepare()
        names = people.ensure_demo_people() if settings.MIOSA.is_demo else []
        connections.close_all()
        if prepare_only:
            return
        supervisor = Supervisor(children(), self.say)
        threading.Thread(target=self.greet, args=(names, supervisor.stopping), daemon=True).start()
        supervisor.run()
        self.stdout.write("Stopped.")

    def say(self, name: str, line: str) -> None:
        self.stdout.write(f"{name:<9} | {line}")
        self.stdout.flush()

    def greet(self, names: list[tuple[str, str]], stopping: threading.Event) -> None:
        """Waits for `/readyz`, then says where the portal is and who may sign in."""
        begun = time.monotonic()
        said = False
        while not is_ready():
            if not said and time.monotonic() - begun > WORD_AFTER_S:
                said = True
                self.say("up", "not ready yet; the lines above say what it is waiting for")
            if stopping.wait(0.1):
                return
        for line in greeting(names):
            self.say("up", line)


def greeting(names: list[tuple[str, str]]) -> list[str]:
    address = f"http://{'localhost' if CONFIG.host in {'127.0.0.1', '0.0.0.0'} else CONFIG.host}:{CONFIG.port}/"  # noqa: S104 - compared, not bound
    if not settings.MIOSA.is_demo:
        return [f"{settings.PORTAL_NAME} is ready at {address}", f"REAL MIOSA at {settings.MIOSA.base_url}"]
    return [
        f"{settings.PORTAL_NAME} is ready at {address}",
        f"Demo: MIOSA is the simulator at {settings.MIOSA.base_url}",
        f"Sign in with the password {people.DEMO_PASSWORD} as",
        *(f"  {email:<26} {role}" for email, role in names),
        "Ctrl-C stops everything.",
    ]


def prepare() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    statics.collect_if_changed()


def children() -> list[Child]:
    manage = [sys.executable, "-u", str(BASE_DIR / "manage.py")]
    web = [sys.executable, "-u", "-m", "gunicorn", "--config", "python:portal.web", "portal.wsgi"]
    shared = {"DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"], **metrics_folder()}
    running = [Child("web", web, shared), Child("worker", [*manage, "worker"], shared)]
    if settings.MIOSA.is_demo:
        state = str(CONFIG.var / "simulator.json")
        ports = ["--port", str(CONFIG.simulator_port), "--dns-port", str(CONFIG.simulator_dns_port)]
        running.insert(0, Child("simulator", [*manage, "simulator", *ports, "--state", state]))
    return running


def metrics_folder() -> dict[str, str]:
    """Where several web processes add up their counts; what a former run left there is thrown away."""
    if not (metrics.AVAILABLE and settings.METRICS_TOKEN):
        return {}
    folder = CONFIG.var / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {"PROMETHEUS_MULTIPROC_DIR": str(folder)}


def require_free_ports() -> None:
    wanted = [("PORT", CONFIG.host, CONFIG.port)]
    if settings.MIOSA.is_demo:
        wanted.append(("SIMULATOR_PORT", "127.0.0.1", CONFIG.simulator_port))
        wanted.append(("SIMULATOR_DNS_PORT", "127.0.0.1", CONFIG.simulator_dns_port))
    for name, host, port in wanted:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host.strip("[]"), port))
            except OSError as error:
                raise CommandError(
                    f"{name}: can't listen on {host}:{port} ({error.strerror}). Choose another {name}."
                ) from None


def is_ready() -> bool:
    host = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(CONFIG.host, CONFIG.host.strip("[]"))  # noqa: S104 - compared, not bound
    connection = http.client.HTTPConnection(host, CONFIG.port, timeout=3)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
