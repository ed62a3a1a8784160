"""What the seeded domains answer in DNS: those that work lead here, the others tell why they don't."""

from __future__ import annotations

from portal.simulator.dnsbook import DnsBook
from portal.simulator.domains import ADDRESSES, records_for
from portal.simulator.records import Domain
from portal.simulator.world import World


def plant(world: World, book: DnsBook) -> None:
    for deployment in world.deployments.values():
        for domain in deployment.domains:
            _plant(domain, book)


def _plant(domain: Domain, book: DnsBook) -> None:
    addresses = [{"type": "A", "value": address} for address in ADDRESSES]
    book.set(domain.verification_target, addresses, None)
    if domain.status in ("active", "verified"):
        told = records_for(domain)
        book.set(domain.domain, [{"type": one["type"], "value": one["value"]} for one in told], None)
    elif domain.status == "failed":
        book.set(domain.domain, [{"type": "CNAME", "value": "shops.old-host.example"}], None)
        book.set("shops.old-host.example", [{"type": "A", "value": "203.0.113.9"}], None)
    else:
        # The zone is there and holds mail, so that the record is what is missing.
        zone = ".".join(domain.domain.split(".")[-2:])
        if book.find(zone) is None:
            book.set(zone, [{"type": "MX", "value": f"10 mail.{zone}"}], None)
