"""IP addresses: which may be asked, and which are nobody's business to see."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Ranges kept for documentation count as private in the standard library; on a page they are as good as public ones.
_EXAMPLES = tuple(
    ipaddress.ip_network(each) for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_SITE_LOCAL = ipaddress.ip_network("fec0::/10")


def read(value: str) -> Address | None:
    try:
        return ipaddress.ip_address(value.strip())
    except ValueError:
        return None


def canonical(value: str) -> str:
    found = read(value)
    return str(found) if found and "%" not in value else value


def may_be_asked(value: str) -> bool:
    """Only what the whole Internet routes, and nothing that wraps another address inside."""
    found = read(value)
    if found is None or not found.is_global or found.is_multicast or found.is_reserved:
        return False
    return not (isinstance(found, ipaddress.IPv6Address) and _wraps(found))


def is_private(value: str) -> bool:
    found = read(value)
    if found is None or any(found in network for network in _EXAMPLES if network.version == found.version):
        return False
    if isinstance(found, ipaddress.IPv6Address) and (inner := _inner(found)) is not None:
        return is_private(str(inner))
    return not found.is_global or found.is_multicast


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _wraps(address: ipaddress.IPv6Address) -> bool:
    return _inner(address) is not None or address.teredo is not None or address in _SITE_LOCAL
