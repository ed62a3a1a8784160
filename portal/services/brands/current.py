"""The brand of a host name, kept in memory for a few seconds, so that pages cost no query for it.

Nothing here fails: error pages need a brand while the database is away.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http.request import split_domain_port

from portal.models import Brand
from portal.services.brands import stylesheet

# After a change other processes show the old brand for this long at most.
KEPT_FOR_S = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CurrentBrand:
    """How the portal is shown. `logo` and `icon` are digests of images, or empty; `links` are texts with their URLs.

    `stylesheet` is the digest of the brand's CSS, empty for the portal's own colours. `url` is where people open the
    portal, without a slash at the end.
    """

    name: str
    url: str
    accent: str = ""
    stylesheet: str = ""
    logo: str = ""
    icon: str = ""
    support_contact: str = ""
    links: tuple[tuple[str, str], ...] = ()
    footer: str = ""
    sender_name: str = ""
    sender_address: str = ""
    id: int | None = None

    @property
    def support_url(self) -> str:
        """The support contact as a link; empty without one."""
        if not self.support_contact or "://" in self.support_contact:
            return self.support_contact
        return f"mailto:{self.support_contact}"


@dataclass(slots=True)
class Store:
    """What this process knows. `kept_until_s` is on the monotonic clock."""

    default: CurrentBrand | None = None
    of_hosts: Mapping[str, CurrentBrand] = field(default_factory=dict)
    stylesheets: Mapping[str, str] = field(default_factory=dict)
    kept_until_s: float = 0.0


store = Store()
_host: ContextVar[str] = ContextVar("host", default="")


@contextmanager
def requested_at(host: str) -> Iterator[None]:
    """Mails that are written in this block have the brand of this host."""
    token = _host.set(host)
    try:
        yield
    finally:
        _host.reset(token)


def get_requested_host() -> str:
    """The host name of the request that is being answered; empty outside of requests."""
    return _host.get()


def get_brand(host: str = "") -> CurrentBrand:
    """The brand of a host name, with or without a port; the default one for any other."""
    _refresh()
    return store.of_hosts.get(clean_host(host)) or store.default or CurrentBrand(settings.PORTAL_NAME, get_url())


def find_stylesheet(digest: str) -> str | None:
    """The CSS of one of the brands as they are now."""
    _refresh()
    if digest not in store.stylesheets:  # another process may have stored the brand a moment ago
        forget()
        _refresh()
    return store.stylesheets.get(digest)


def forget() -> None:
    """After a change this process reads the brands again."""
    store.kept_until_s = 0.0


def clean_host(host: str) -> str:
    """In lower case, without a port and without the dot at the end."""
    name, _port = split_domain_port(host.strip().lower())
    return name.rstrip(".")


def get_url(host: str = "") -> str:
    """PORTAL_URL, with another host name if one is given."""
    parts = urlsplit(settings.PORTAL_URL)
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"{host}{port}").geturl() if host else str(settings.PORTAL_URL)


def _refresh() -> None:
    now_s = time.monotonic()
    if now_s < store.kept_until_s:
        return
    store.kept_until_s = now_s + KEPT_FOR_S
    try:
        brands = Brand.objects.select_related("logo", "icon").defer("logo__content", "icon__content")
        rows = list(brands.prefetch_related("hosts"))
        hosts_of = {row.pk: [each.host for each in row.hosts.all()] for row in rows}
    except (DatabaseError, InterfaceError) as error:
        logger.warning("brands not read", extra={"reason": type(error).__name__})
        return
    read_brands = {row.pk: read(row, hosts=hosts_of[row.pk]) for row in rows}
    store.default = next((read_brands[row.pk] for row in rows if row.is_default), None)
    store.of_hosts = {host: read_brands[pk] for pk, hosts in hosts_of.items() for host in hosts}
    store.stylesheets = {stylesheet.get_digest(row.accent): stylesheet.write(row.accent) for row in rows if row.accent}


def read(row: Brand, *, hosts: list[str]) -> CurrentBrand:
    """The stored brand as it is shown."""
    return CurrentBrand(
        id=row.pk,
        name=row.name,
        url=get_url(min(hosts, default="")) if not row.is_default else get_url(),
        accent=row.accent,
        stylesheet=stylesheet.get_digest(row.accent) if row.accent else "",
        logo=row.logo.digest if row.logo else "",
        icon=row.icon.digest if row.icon else "",
        support_contact=row.support_contact,
        links=tuple((text, url) for text, url in row.links),
        footer=row.footer,
        sender_name=row.mail_sender_name,
        sender_address=row.mail_sender_address,
    )
