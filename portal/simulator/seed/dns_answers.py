"""DNS answers of the seeded domains: right for those that work, wrong or missing for the others."""

from __future__ import annotations

from portal.simulator.defaults import APEX_ADDRESSES
from portal.simulator.dns.records import DnsRecords
from portal.simulator.records import Domain
from portal.simulator.store import Store

OLD_HOST = "shops.old-host.example"
OLD_HOST_ADDRESS = "203.0.113.9"


def set_dns_answers(store: Store, dns: DnsRecords) -> None:
    for deployment in store.deployments.values():
        for domain in deployment.domains:
            set_domain_answers(domain, dns)


def set_domain_answers(domain: Domain, dns: DnsRecords) -> None:
    target_addresses = [{"type": "A", "value": address} for address in APEX_ADDRESSES]
    dns.set(domain.verification_target, target_addresses, None)
    if domain.status in ("active", "verified"):
        records = [{"type": record["type"], "value": record["value"]} for record in domain.dns_records()]
        dns.set(domain.domain, records, None)
    elif domain.status == "failed":
        dns.set(domain.domain, [{"type": "CNAME", "value": OLD_HOST}], None)
        dns.set(OLD_HOST, [{"type": "A", "value": OLD_HOST_ADDRESS}], None)
    else:
        # The zone exists and has mail, so that only the record is missing.
        zone = ".".join(domain.domain.split(".")[-2:])
        if dns.find(zone) is None:
            dns.set(zone, [{"type": "MX", "value": f"10 mail.{zone}"}], None)
