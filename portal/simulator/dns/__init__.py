"""An authoritative DNS server on loopback that answers what /_control/dns was told, for the demo and for tests."""

from portal.simulator.dns.behaviours import BEHAVIOURS, Behaviour
from portal.simulator.dns.server import DnsServer

__all__ = ["BEHAVIOURS", "Behaviour", "DnsServer"]
