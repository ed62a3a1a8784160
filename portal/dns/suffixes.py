"""Where a name can be registered, by the public suffix list that comes with its library."""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _list() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=True)


def is_public_suffix(name: str) -> bool:
    return bool(_list().publicsuffix(name) == name)


def registrable(name: str) -> str | None:
    """The part somebody can buy: example.co.uk of www.example.co.uk. None for a public suffix itself."""
    found = _list().privatesuffix(name)
    return str(found) if found else None


def ancestors(name: str) -> tuple[str, ...]:
    """The name and what is above it, down to the registrable one: where its zone may begin, nearest first."""
    top = registrable(name)
    if top is None:
        return ()
    labels = name.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels) - top.count(".")))


def is_below(name: str, above: str) -> bool:
    """Also true of the name itself."""
    return name == above or name.endswith(f".{above}")


def label_of(name: str, zone: str) -> str:
    """What a DNS host wants in its field Name: the part before the zone, @ for the zone itself."""
    if name == zone:
        return "@"
    return name.removesuffix(f".{zone}")
