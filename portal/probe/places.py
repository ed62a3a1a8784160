"""Where a name leads, and whether that is a place on the open internet."""

from __future__ import annotations

import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# A name server that hangs would hold the thread that asks for as long as it likes.
_RESOLVERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def resolve(host: str, port: int, *, within_s: float) -> list[Address]:
    """Its addresses, in the order of the system. Raises TimeoutError, OSError, UnicodeError."""
    future = _RESOLVERS.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = future.result(max(0.1, within_s))
    except NotInTime:
        future.cancel()
        raise TimeoutError from None
    addresses = (_plain(ipaddress.ip_address(str(sockaddr[0]).partition("%")[0])) for *_kind, sockaddr in found)
    return list(dict.fromkeys(addresses))


def is_public(address: Address) -> bool:
    """Globally routable, and so is the IPv4 address that may hide in an IPv6 one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return _is_global(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour is not None and not _is_global(address.sixtofour):
            return False
    return _is_global(address)


def _is_global(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _plain(address: Address) -> Address:
    """::ffff:1.2.3.4 is 1.2.3.4, to the system as well."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
