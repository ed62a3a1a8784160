"""What the installation was told about its MIOSA."""

from django.conf import settings


def honours_idempotency() -> bool:
    """Whether a repeated Idempotency-Key is answered without doing it again (contract 5)."""
    return bool(getattr(settings, "MIOSA_HONOURS_IDEMPOTENCY", True))


def environments() -> tuple[str, ...]:
    """The names of environments; with one the choice is hidden. Only the first has a live pointer."""
    return tuple(getattr(settings, "MIOSA_ENVIRONMENTS", ("production",)))


def by_bridge() -> bool:
    """Whether publishing goes through the sandbox bridge (contract 10.3)."""
    return bool(getattr(settings, "MIOSA_PUBLISH_BY_BRIDGE", False))


def switched_off() -> frozenset[str]:
    """Rights that the platform keeps from its customers' owners."""
    return frozenset(getattr(settings, "OWNERS_MAY_NOT", ()))
