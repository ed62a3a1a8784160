"""Resolves names, and tells public addresses from others."""

from __future__ import annotations

import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# getaddrinfo takes no timeout, so it runs in a thread that a slow name server may block.
_RESOLVERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")
# What the standard library counts as global: a dummy address, 6to4 relays, documentation and site-local addresses
# (RFC 7600, 7526, 9637 and 3879).
_SPECIAL = tuple(ipaddress.ip_network(each) for each in ("192.0.0.8/32", "192.88.99.0/24", "3fff::/20", "fec0::/10"))
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def resolve(host: str, port: int, *, timeout_s: float) -> list[Address]:
    """The addresses of `host`, in the system's order. Raises TimeoutError, OSError or UnicodeError."""
    future = _RESOLVERS.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = future.result(max(0.1, timeout_s))
    except FutureTimeoutError:
        future.cancel()
        raise TimeoutError from None
    addresses = (_unmap(ipaddress.ip_address(str(sockaddr[0]).partition("%")[0])) for *_kind, sockaddr in found)
    return list(dict.fromkeys(addresses))


def is_public(address: Address) -> bool:
    """Whether it is globally routable, and so is the IPv4 address that an IPv6 one may contain."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return _is_global(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour is not None and not _is_global(address.sixtofour):
            return False
    return _is_global(address)


def _is_global(address: Address) -> bool:
    is_special = any(address in network for network in _SPECIAL)
    return address.is_global and not (address.is_multicast or address.is_reserved or is_special)


def _unmap(address: Address) -> Address:
    """1.2.3.4 for ::ffff:1.2.3.4: the system connects to the same host."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
