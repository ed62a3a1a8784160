"""The tables of DNS providers and of CDNs."""

from __future__ import annotations

import re

import pytest

from portal.dns import cdns, providers
from tests.dns.network import NS1, TARGET, ZONE, Network

SERVERS = [
    ("ada.ns.cloudflare.com", "Cloudflare"),
    ("NS37.domaincontrol.com.", "GoDaddy"),
    ("dns1.registrar-servers.com", "Namecheap"),
    ("ns-1234.awsdns-26.org", "Amazon Route 53"),
    ("ns-42.awsdns-05.co.uk", "Amazon Route 53"),
    ("ns1-07.azure-dns.com", "Azure DNS"),
    ("ns-cloud-c1.googledomains.com", "Google Cloud DNS or Squarespace"),
    ("ns1.digitalocean.com", "DigitalOcean"),
    ("hydrogen.ns.hetzner.com", "Hetzner"),
    ("helium.ns.hetzner.de", "Hetzner"),
    ("dns104.ovh.net", "OVHcloud"),
    ("ns-11-a.gandi.net", "Gandi"),
    ("ns1041.ui-dns.biz", "IONOS"),
    ("ns6.wixdns.net", "Wix"),
    ("ns1.vercel-dns.com", "Vercel"),
    ("dns1.p04.nsone.net", "NS1 or Netlify"),
    ("ns1.dnsimple.com", "DNSimple"),
    ("curitiba.ns.porkbun.com", "Porkbun"),
    ("ns1.hover.com", "Hover"),
    ("ns1.dns-parking.com", "Hostinger"),
    ("shades12.rzone.de", "STRATO"),
    ("ns01.one.com", "one.com"),
    ("ns0.transip.net", "TransIP"),
    ("ns1.dreamhost.com", "DreamHost"),
    ("ns2.siteground.net", "SiteGround"),
    ("ns1.linode.com", "Akamai (Linode)"),
    ("vip1.alidns.com", "Alibaba Cloud"),
    ("kiki.bunny.net", "bunny.net"),
    ("ns1.inwx.de", "INWX"),
    ("ns11.infomaniak.ch", "Infomaniak"),
]


@pytest.mark.parametrize(("host", "name"), SERVERS)
def test_providers_are_recognized(host: str, name: str) -> None:
    found = providers.find_provider([host])
    assert found is not None
    assert found.name == name


def test_the_table_of_providers() -> None:
    names = [provider.name for provider in providers.PROVIDERS]
    assert len(names) >= 20
    assert names == sorted(names, key=str.casefold)
    assert all(re.fullmatch(r"https://[^\s{}]+(\{zone\}[^\s{}]*)?", each.page) for each in providers.PROVIDERS)


@pytest.mark.parametrize("host", ["ns1.brightsmile.example", "ns.cloudflare.com.evil.example", "domaincontrol.com", ""])
def test_other_name_servers_have_no_known_provider(host: str) -> None:
    assert providers.find_provider([host]) is None


def test_the_provider_of_most_name_servers_is_taken() -> None:
    found = providers.find_provider(["ns1.digitalocean.com", "ada.ns.cloudflare.com", "bob.ns.cloudflare.com"])
    assert found is not None
    assert found.name == "Cloudflare"


def test_the_report_has_the_provider_and_its_page(network: Network) -> None:
    network.publish(
        f"www CNAME {TARGET}", ns="@ NS ns37.domaincontrol.com", ns_addresses=f"ns37.domaincontrol.com. A {NS1}"
    )
    report = network.diagnose()
    assert report.provider is not None
    assert (report.provider.name, report.provider_page) == ("GoDaddy", f"https://dcc.godaddy.com/manage/{ZONE}/dns")
    assert report.records[0].host == "ns37.domaincontrol.com"


@pytest.mark.parametrize(
    ("address", "cdn"),
    [
        ("104.16.1.1", "Cloudflare"),
        ("2606:4700::1", "Cloudflare"),
        ("151.101.1.1", "Fastly"),
        ("45.60.1.1", "Imperva"),
        ("192.0.2.1", None),
        ("104.15.255.255", None),
        ("", None),
    ],
)
def test_cdns_by_address(address: str, cdn: str | None) -> None:
    assert cdns.find_by_address(address) == cdn
