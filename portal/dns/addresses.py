"""IP addresses: which may be queried, and which must not be shown."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Ranges kept for documentation count as private in the standard library; on a page they are as good as public ones.
_EXAMPLES = tuple(
    ipaddress.ip_network(each)
    for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")
)
# What the standard library counts as global: a dummy address, 6to4 relays, documentation and site-local addresses
# (RFC 7600, 7526, 9637 and 3879).
_SPECIAL = tuple(ipaddress.ip_network(each) for each in ("192.0.0.8/32", "192.88.99.0/24", "3fff::/20", "fec0::/10"))
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


def parse_address(value: str) -> Address | None:
    try:
        return ipaddress.ip_address(value.strip())
    except ValueError:
        return None


def is_public(value: str) -> bool:
    """True for addresses that the whole Internet routes and that embed no other address."""
    address = parse_address(value)
    if address is None or not _is_global(address):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    return _find_embedded(address) is None and address.teredo is None


def is_private(value: str) -> bool:
    """True for addresses that must not be shown. False for what is no address at all."""
    address = parse_address(value)
    if address is None or any(address in network for network in _EXAMPLES):
        return False
    if isinstance(address, ipaddress.IPv6Address) and (embedded := _find_embedded(address)) is not None:
        return is_private(str(embedded))
    return not _is_global(address)


def _is_global(address: Address) -> bool:
    is_special = any(address in network for network in _SPECIAL)
    return address.is_global and not (address.is_multicast or address.is_reserved or is_special)


def _find_embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
