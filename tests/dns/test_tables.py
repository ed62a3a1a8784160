"""DNS hosts, networks and sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal import dns
from portal.dns import providers, proxies, texts
from portal.dns.sentences import SENTENCES
from tests.dns.net import NS1, TARGET, WWW, ZONE, Net

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
def test_dns_hosts_are_recognised(host: str, name: str) -> None:
    found = providers.find([host])
    assert found is not None
    assert found.name == name


def test_the_table_of_dns_hosts() -> None:
    names = [provider.name for provider in providers.PROVIDERS]
    assert len(names) >= 20
    assert names == sorted(names, key=str.casefold)
    assert all(re.fullmatch(r"https://[^\s{}]+(\{zone\}[^\s{}]*)?", each.page) for each in providers.PROVIDERS)


@pytest.mark.parametrize("host", ["ns1.brightsmile.example", "ns.cloudflare.com.evil.example", "domaincontrol.com", ""])
def test_others_are_not(host: str) -> None:
    assert providers.find([host]) is None


def test_most_servers_decide() -> None:
    found = providers.find(["ns1.digitalocean.com", "ada.ns.cloudflare.com", "bob.ns.cloudflare.com"])
    assert found is not None
    assert found.name == "Cloudflare"


def test_the_report_names_the_dns_host_and_its_page(net: Net) -> None:
    net.lay(f"www CNAME {TARGET}", ns="@ NS ns37.domaincontrol.com", ns_addresses=f"ns37.domaincontrol.com. A {NS1}")
    report = net.report()
    assert report.provider is not None
    assert (report.provider.name, report.provider_page) == ("GoDaddy", f"https://dcc.godaddy.com/manage/{ZONE}/dns")
    assert report.records[0].source == "ns37.domaincontrol.com"


@pytest.mark.parametrize(
    ("address", "network"),
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
def test_networks_by_address(address: str, network: str | None) -> None:
    assert proxies.of_address(address) == network


def test_every_sentence_is_used_and_every_action_belongs_to_one() -> None:
    folder = Path(providers.__file__).parent
    source = "".join(path.read_text() for path in folder.glob("*.py") if path.name != "sentences.py")
    for code in SENTENCES:
        said = code.removesuffix("_do")
        assert said in SENTENCES
        assert f'"{said}"' in source or said.startswith("could_not_ask_"), code


def test_no_sentence_names_the_platform() -> None:
    assert not [sentence for sentence in SENTENCES.values() if "miosa" in sentence.lower()]


def test_sentences_can_be_translated_with_what_is_inside(net: Net) -> None:
    net.lay("www A 10.0.0.7")
    see = net.report().records[0].see
    assert see is not None
    swedish = {
        "We see %(seen)s (from %(host)s, %(age)s), need %(need)s.": "Vi ser %(seen)s (%(host)s, %(age)s): %(need)s.",
        "a private address (%(type)s)": "en privat adress (%(type)s)",
        "%(count)s s ago": "för %(count)s s sedan",
    }
    told = texts.render(see, lambda sentence: swedish[sentence])
    assert told == f"Vi ser en privat adress (A) (ns1.{ZONE}, för 12 s sedan): CNAME {TARGET}."


def test_a_percent_sign_in_a_record_is_no_placeholder(net: Net) -> None:
    needed = (*WWW, *dns.needed(WWW[0].name, dns_records=[{"type": "TXT", "name": "_a.www", "value": "100%s %(x)s"}]))
    net.lay("_a.www TXT 50%d %(name)s")
    assert "50%d %(name)s" in str(net.report(needed).records[1].sentence)
