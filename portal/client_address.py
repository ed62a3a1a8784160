"""Where a request comes from."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

_IPV6_NETWORK = 64  # one household or server has at least as many addresses


def get_client_address(request: HttpRequest) -> str:
    """The client's IP address, as the outermost proxy that we trust saw it. Anybody can write what comes before it."""
    trusted = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    addresses = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",")]
    if 0 < trusted <= len(addresses) and addresses[-trusted]:
        return addresses[-trusted]
    return str(request.META.get("REMOTE_ADDR", ""))


def get_network(address: str) -> str:
    """What a limit counts: an IPv4 address, or the /64 network of an IPv6 address.

    A server that listens on `[::]` sees IPv4 addresses as parts of one IPv6 network: `::ffff:192.0.2.1`.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, _IPV6_NETWORK), strict=False))
