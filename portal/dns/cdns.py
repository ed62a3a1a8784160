"""Known content delivery networks (CDNs), by the address ranges and host names that they publish.

The ranges change a few times in a decade. A missing one makes a message less helpful, not wrong.
"""

from __future__ import annotations

import ipaddress
from functools import cache

from portal.dns import addresses
from portal.dns.suffixes import is_within

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

RANGES = {
    "Cloudflare": (
        "173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 108.162.192.0/18 190.93.240.0/20"
        " 188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 162.158.0.0/15 104.16.0.0/13 104.24.0.0/14 172.64.0.0/13"
        " 131.0.72.0/22 2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 2405:8100::/32 2a06:98c0::/29"
        " 2c0f:f248::/32"
    ),
    "Fastly": (
        "23.235.32.0/20 43.249.72.0/22 103.244.50.0/24 103.245.222.0/23 103.245.224.0/24 104.156.80.0/20"
        " 140.248.64.0/18 140.248.128.0/17 146.75.0.0/17 151.101.0.0/16 157.52.64.0/18 167.82.0.0/17 172.111.64.0/18"
        " 185.31.16.0/22 199.27.72.0/21 199.232.0.0/16 2a04:4e40::/32 2a04:4e42::/32"
    ),
    "Imperva": (
        "199.83.128.0/21 198.143.32.0/19 149.126.72.0/21 103.28.248.0/22 45.64.64.0/22 185.11.124.0/22"
        " 192.230.64.0/18 107.154.0.0/16 45.60.0.0/16 45.223.0.0/16 2a02:e980::/29"
    ),
    "Sucuri": "192.88.134.0/23 185.93.228.0/22 66.248.200.0/22 2a02:fe80::/29",
}

HOSTS = {
    "akamai.net": "Akamai",
    "akamaiedge.net": "Akamai",
    "akamaized.net": "Akamai",
    "azureedge.net": "Azure CDN",
    "azurefd.net": "Azure Front Door",
    "b-cdn.net": "bunny.net",
    "cdn.cloudflare.net": "Cloudflare",
    "cdn77.org": "CDN77",
    "cloudfront.net": "Amazon CloudFront",
    "edgekey.net": "Akamai",
    "edgesuite.net": "Akamai",
    "fastly.net": "Fastly",
    "fastlylb.net": "Fastly",
    "gcdn.co": "Gcore",
    "impervadns.net": "Imperva",
    "incapdns.net": "Imperva",
    "kxcdn.com": "KeyCDN",
    "stackpathdns.com": "StackPath",
    "sucuri.net": "Sucuri",
}


def find_by_address(value: str) -> str | None:
    """The name of the CDN to which the address belongs."""
    address = addresses.parse_address(value)
    if address is None:
        return None
    return next((name for network, name in _list_networks() if address in network), None)


def find_by_host(host: str) -> str | None:
    """The name of the CDN to which the host name belongs."""
    return next((name for domain, name in HOSTS.items() if is_within(host, domain)), None)


@cache
def _list_networks() -> tuple[tuple[Network, str], ...]:
    return tuple((ipaddress.ip_network(each), name) for name, ranges in RANGES.items() for each in ranges.split())
