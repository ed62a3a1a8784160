"""Common DNS providers, recognized by the names of their name servers, with the address of their DNS settings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Provider:
    """`page` may contain {zone}. `apex_type` is the record type with which the apex of a zone can be an alias for a
    host name: "" if there is none, None if we don't know.
    """

    name: str
    servers: str
    page: str
    apex_type: str | None = None

    def get_page(self, zone: str) -> str:
        return self.page.replace("{zone}", zone)


PROVIDERS = (
    Provider("123 Reg", r"ns\d*\.123-reg\.co\.uk", "https://www.123-reg.co.uk/secure/cpanel/domain/overview", ""),
    Provider("Akamai (Linode)", r"ns\d\.linode\.com", "https://cloud.linode.com/domains", ""),
    Provider("Alibaba Cloud", r".+\.(alidns|hichina)\.com", "https://dns.console.aliyun.com/"),
    Provider(
        "Amazon Route 53",
        r"ns-\d+\.awsdns-\d+\.(com|net|org|co\.uk)",
        "https://console.aws.amazon.com/route53/v2/hostedzones",
        "",
    ),
    Provider(
        "Azure DNS",
        r"ns\d-\d+\.azure-dns\.(com|net|org|info)",
        "https://portal.azure.com/#browse/Microsoft.Network%2FdnsZones",
        "",
    ),
    Provider("Bluehost", r"ns\d\.bluehost\.com", "https://my.bluehost.com/", ""),
    Provider("bunny.net", r"(kiki|coco)\.bunny\.net", "https://dash.bunny.net/dns", "CNAME"),
    Provider(
        "Cloudflare", r".+\.ns\.cloudflare\.com", "https://dash.cloudflare.com/?to=/:account/:zone/dns/records", "CNAME"
    ),
    Provider("ClouDNS", r".+\.cloudns\.(net|uk)", "https://www.cloudns.net/records/domain/", "ALIAS"),
    Provider("deSEC", r"ns\d\.desec\.(io|org)", "https://desec.io/domains", ""),
    Provider(
        "DigitalOcean", r"ns\d\.digitalocean\.com", "https://cloud.digitalocean.com/networking/domains/{zone}", ""
    ),
    Provider("DNS Made Easy", r".+\.dnsmadeeasy\.com", "https://cp.dnsmadeeasy.com/", "ANAME"),
    Provider("DNSimple", r".+\.(dnsimple|dnsimple-edge)\.(com|net|org)", "https://dnsimple.com/dashboard", "ALIAS"),
    Provider("DNSPod", r".+\.(dnspod\.net|dnspod\.com)", "https://console.dnspod.com/", None),
    Provider("DreamHost", r"ns\d\.dreamhost\.com", "https://panel.dreamhost.com/index.cgi?tree=domain.dashboard", ""),
    Provider("Dynadot", r"ns\d\.dyna-ns\.net", "https://www.dynadot.com/account/domain/name/list.html", "ANAME"),
    Provider(
        "easyDNS", r"(dns|rush|nirvana|motorhead)\d*\.easydns\.(com|net|org|info)", "https://cp.easydns.com/", "ANAME"
    ),
    Provider("Enom", r"dns\d\.name-services\.com", "https://www.enom.com/domains/", ""),
    Provider("Gandi", r"ns-\d+-[a-c]\.gandi\.net", "https://admin.gandi.net/domain/{zone}/records", "ALIAS"),
    Provider("GoDaddy", r"(ns|pdns)\d+\.domaincontrol\.com", "https://dcc.godaddy.com/manage/{zone}/dns", ""),
    Provider(
        "Google Cloud DNS or Squarespace",
        r"ns-cloud-[a-e]\d\.googledomains\.com",
        "https://account.squarespace.com/domains/managed/{zone}/dns/dns-settings",
    ),
    Provider("Hetzner", r"(hydrogen|oxygen|helium)\.ns\.hetzner\.(com|de)", "https://console.hetzner.com/", ""),
    Provider("HostGator", r"ns\d+\.hostgator\.com", "https://portal.hostgator.com/", ""),
    Provider(
        "Hostinger", r"(.+\.dns-parking\.com|ns\d\.hostinger\.com)", "https://hpanel.hostinger.com/domains", "ALIAS"
    ),
    Provider("Hover", r"ns\d\.hover\.com", "https://www.hover.com/control_panel/domain/{zone}/dns", ""),
    Provider(
        "Infomaniak", r"ns(any)?\d+\.infomaniak\.(ch|com)", "https://manager.infomaniak.com/v3/ng/products/web/domains"
    ),
    Provider("INWX", r"ns\d*\.inwx\.(de|eu|com|net)", "https://www.inwx.com/en/nameserver2", "ALIAS"),
    Provider("IONOS", r"ns\d+\.ui-dns\.(com|org|de|biz)", "https://my.ionos.com/domains", ""),
    Provider("Loopia", r"ns\d\.loopia\.se", "https://customerzone.loopia.com/", ""),
    Provider("Name.com", r"ns\d[a-z]+\.name\.com", "https://www.name.com/account/domain/details/{zone}#dns", "ANAME"),
    Provider(
        "Namecheap",
        r"(.+\.registrar-servers\.com|.+\.namecheaphosting\.com)",
        "https://ap.www.namecheap.com/Domains/DomainControlPanel/{zone}/advancedns",
        "ALIAS",
    ),
    Provider("Network Solutions", r".+\.worldnic\.com", "https://www.networksolutions.com/my-account/login", ""),
    Provider("NS1 or Netlify", r"dns\d\.p\d+\.nsone\.net", "https://app.netlify.com/", "ALIAS"),
    Provider("one.com", r"ns0\d\.one\.com", "https://www.one.com/admin/", ""),
    Provider(
        "OVHcloud",
        r"(d?ns\d+\.ovh\.(net|ca)|.+\.anycast\.me)",
        "https://www.ovh.com/manager/#/web/domain/{zone}/zone",
        "",
    ),
    Provider("Porkbun", r".+\.(ns\.)?porkbun\.com", "https://porkbun.com/account/domainsSpeedy", "ALIAS"),
    Provider("SiteGround", r"ns\d\.(.+\.)?(siteground|sgvps)\.(net|us|biz|com|eu)", "https://my.siteground.com/", ""),
    Provider(
        "Squarespace",
        r".+\.squarespacedns\.com",
        "https://account.squarespace.com/domains/managed/{zone}/dns/dns-settings",
        "ALIAS",
    ),
    Provider("STRATO", r"(docks|shades)\d+\.rzone\.de", "https://www.strato.de/apps/CustomerService", ""),
    Provider("TransIP", r"ns\d\.transip\.(net|nl|eu)", "https://www.transip.eu/cp/domain-hosting/", "ALIAS"),
    Provider("Vercel", r"ns\d\.vercel-dns(-\d+)?\.com", "https://vercel.com/domains/{zone}", "ALIAS"),
    Provider("Wix", r"ns\d+\.wixdns\.net", "https://manage.wix.com/account/domains", ""),
    Provider("WordPress.com", r"ns\d\.wordpress\.com", "https://wordpress.com/domains/manage", ""),
)

_PATTERNS = tuple((re.compile(provider.servers), provider) for provider in PROVIDERS)


def find_provider(name_servers: Iterable[str]) -> Provider | None:
    """The provider of most of the name servers."""
    matches = Counter(
        provider
        for host in name_servers
        for pattern, provider in _PATTERNS
        if pattern.fullmatch(host.rstrip(".").lower())
    )
    return matches.most_common(1)[0][0] if matches else None
