"""The hierarchy of domain names. What can be registered comes from the public suffix list (publicsuffix.org)."""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _load_list() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True)


def is_public_suffix(name: str) -> bool:
    return bool(_load_list().publicsuffix(name) == name)


def find_registrable(name: str) -> str | None:
    """The registrable domain: example.co.uk for www.example.co.uk. None for a public suffix."""
    found = _load_list().privatesuffix(name)
    return str(found) if found else None


def list_levels(name: str) -> tuple[str, ...]:
    """The name and its parents up to the registrable domain, longest first: each may be the apex of its zone."""
    registrable = find_registrable(name)
    if registrable is None:
        return ()
    parents = list_parents(name)
    return parents[: parents.index(registrable) + 1]


def list_parents(name: str) -> tuple[str, ...]:
    """The name and its parents up to the top-level domain, longest first."""
    labels = name.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))


def is_within(name: str, domain: str) -> bool:
    """Whether `name` is `domain` or a subdomain of it."""
    return name == domain or name.endswith(f".{domain}")


def is_delegated(zone: str | None) -> bool:
    """Whether the zone is below the registered domain, so that its records are set somewhere else."""
    return zone is not None and zone != find_registrable(zone)


def relative_name(name: str, zone: str) -> str:
    """The name as a DNS provider's form wants it: the part before the zone, or @ for the zone's apex."""
    if name == zone:
        return "@"
    return name.removesuffix(f".{zone}")
