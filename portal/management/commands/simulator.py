"""`manage.py simulator`: runs the stand-in for the MIOSA API until it is stopped."""

from __future__ import annotations

import os
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

if TYPE_CHECKING:
    from portal.simulator.simulator import Simulator


_PORTS = ("port", "dns_port", "smtp_port")


class Command(BaseCommand):
    help = "Runs a stand-in for the MIOSA API on loopback, for the demo and for tests."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="a loopback address; any other is refused")
        parser.add_argument("--port", type=int, default=9009)
        parser.add_argument("--dns-port", type=int, help="port of a DNS server that answers what /_control/dns sets")
        parser.add_argument("--portal-url", help="address of the portal that /your-app/ sends its people to")
        parser.add_argument("--hand-off-key", type=Path, help="private key that /your-app/ signs with, as PEM")
        parser.add_argument("--smtp-port", type=int, help="port of a mail server, whose mails are shown at /mail/")
        parser.add_argument("--state", type=Path, help="file that keeps the data over a restart")
        parser.add_argument("--customers", type=int, help="how many customers to seed (12)")
        parser.add_argument("--seed", type=int, help="which seed data to create (1)")

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("MIOSA_API_KEY"):
            raise CommandError("MIOSA_API_KEY is set: the simulator never runs beside the real platform.")
        from portal.simulator.simulator import Simulator  # noqa: PLC0415  not loaded beside the real platform
        from portal.simulator.your_app import YourApp  # noqa: PLC0415  as above

        key = options["hand_off_key"]

        try:
            simulator = Simulator(
                host=options["host"],
                port=options["port"],
                dns_port=options["dns_port"],
                smtp_port=options["smtp_port"],
                state_file=options["state"],
                customers=options["customers"],
                seed=options["seed"],
                your_app=YourApp(options["portal_url"], key.read_text()) if key and options["portal_url"] else None,
            )
        except OSError as error:
            ports = " or ".join(str(options[name]) for name in _PORTS if options[name] is not None)
            raise CommandError(f"port {ports} cannot be used: {error.strerror}") from error
        except ValueError as error:
            raise CommandError(str(error)) from error
        self._serve(simulator)

    def _serve(self, simulator: Simulator) -> None:
        stopped = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stopped.set())
        if simulator.warning:
            self.stderr.write(simulator.warning)
        simulator.start()
        self.stdout.write(f"simulator at {simulator.url}")
        self.stdout.flush()
        stopped.wait()
        simulator.stop()
