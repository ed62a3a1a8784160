"""Parking pages and redirects that registrars set up as records of their own, with the registrar's word for them.

A customer has to switch these off where the registrar offers them, often not in the list of DNS records. The addresses
and hosts are those of the registrars' help pages (in the comments) and of the zones of new domains there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from portal.dns import addresses
from portal.dns.lookup import Record
from portal.dns.suffixes import is_within


@dataclass(frozen=True)
class Parking:
    """`feature` is the registrar's own word, as its pages have it in English. `networks` and `hosts` are lists."""

    registrar: str
    feature: str
    networks: str = ""
    hosts: str = ""

    def has_address(self, value: str) -> bool:
        address = addresses.parse_address(value)
        return address is not None and any(address in ipaddress.ip_network(each) for each in self.networks.split())

    def has_host(self, host: str) -> bool:
        return any(is_within(host, each) for each in self.hosts.split())


PARKING = (
    # gandi.net, docs "Web Forwarding": the records that it sets
    Parking("Gandi", "Web Forwarding", "217.70.184.38/32 217.70.184.50/32 217.70.184.55/32", "webredir.vip.gandi.net"),
    # godaddy.com/help, "Forward my domain" and "Parked domains"
    Parking(
        "GoDaddy",
        "Forwarding",
        "3.33.130.190/32 15.197.148.33/32 15.197.225.128/32 3.33.251.168/32",
    ),
    Parking("GoDaddy", "Parked", "34.102.136.180/32 184.168.221.0/24 50.63.202.0/24"),
    # help.hover.com, "Default DNS records"
    Parking("Hover", "Forwards", "216.40.34.41/32"),
    # namecheap.com/support, "How to set up a URL redirect" and "parkingpage.namecheap.com"
    Parking("Namecheap", "URL Redirect Record", "162.255.119.0/24 192.64.119.0/24"),
    Parking("Namecheap", "Parking Page", hosts="parkingpage.namecheap.com"),
    # kb.porkbun.com, "How to set up URL forwarding" and the records of a new domain
    Parking("Porkbun", "URL Forwarding", "44.227.65.245/32 44.227.76.166/32", "uixie.porkbun.com"),
    Parking("Porkbun", "Parked Domain", hosts="pixie.porkbun.com"),
    # sedo.com/us/park-domains: its own servers, to which several registrars point unused domains
    Parking("Sedo", "Domain Parking", "91.195.240.0/23 64.190.62.0/23", "sedoparking.com"),
)


def find_by_records(records: Iterable[Record]) -> Parking | None:
    """The one to which all of the addresses belong."""
    found = {next((each for each in PARKING if each.has_address(record.value)), None) for record in records}
    return found.pop() if len(found) == 1 else None


def find_by_hosts(hosts: Iterable[str]) -> Parking | None:
    return next((each for host in hosts for each in PARKING if each.has_host(host)), None)
