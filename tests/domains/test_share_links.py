"""Share links: only the hash of the secret is stored, one domain is shown, and each link ends."""

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from portal.models import Domain, DomainLink
from portal.permissions import Person, Role
from portal.services.domains import share_links
from portal.services.errors import Forbidden, NotFound, Unavailable
from tests.databases import dump_database
from tests.domains.app import NAME, SLUG, ZONE, DomainsApp

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_earlier_requests(db: None) -> None:
    cache.clear()


def create_link(app: DomainsApp, domain: Domain, *, by: Person | None = None) -> str:
    return share_links.create_link(**app.get_arguments(by), domain_id=domain.miosa_id)


def open_link(secret: str, *, now: datetime) -> share_links.SharedDomain:
    return share_links.open_link(secret=secret, address="192.0.2.7", now=now)


def test_only_the_hash_of_the_secret_is_stored(app: DomainsApp) -> None:
    secret = create_link(app, app.add())
    assert len(secret) >= 40
    assert secret not in dump_database()
    assert open_link(secret, now=app.now).detail.summary.name == NAME


def test_it_shows_neither_the_deployment_nor_the_customer(app: DomainsApp) -> None:
    shown = repr(open_link(create_link(app, app.add()), now=app.now))
    for word in (app.name, "Bright Smile Dental", SLUG, app.id, "MIOSA", "miosa"):
        assert word not in shown


def test_opening_it_changes_nothing(app: DomainsApp) -> None:
    domain = app.add()
    secret = create_link(app, domain)
    before = Domain.objects.filter(pk=domain.pk).values().get()
    open_link(secret, now=app.now)
    assert Domain.objects.filter(pk=domain.pk).values().get() == before


def test_it_expires_after_seven_days(app: DomainsApp) -> None:
    secret = create_link(app, app.add())
    open_link(secret, now=app.now + timedelta(days=7, minutes=-1))
    with pytest.raises(NotFound):
        open_link(secret, now=app.now + timedelta(days=7, minutes=1))


def test_it_can_be_revoked_once(app: DomainsApp) -> None:
    domain = app.add()
    secret = create_link(app, domain)
    (link,) = app.open_domain(domain).links
    arguments = app.get_arguments(domain_id=domain.miosa_id, link_id=link.id)
    share_links.revoke_link(**arguments)
    with pytest.raises(NotFound):
        open_link(secret, now=app.now)
    with pytest.raises(NotFound):
        share_links.revoke_link(**arguments)
    assert app.open_domain(domain).links == ()


def test_it_ends_when_the_domain_is_detached(app: DomainsApp) -> None:
    domain = app.add()
    secret = create_link(app, domain)
    app.change(domain, "detach_domain", domain.name)
    with pytest.raises(NotFound):
        open_link(secret, now=app.now)


@pytest.mark.parametrize("secret", ["", "x", "x" * 43, "../..", "\x00", "é"])
def test_a_guessed_secret_is_not_found(db: None, secret: str) -> None:
    with pytest.raises(NotFound):
        open_link(secret, now=timezone.now())


def test_requests_from_one_address_are_limited(db: None) -> None:
    now = timezone.now()
    raised_types = []
    for guess in range(100):
        with pytest.raises((NotFound, Unavailable)) as raised:
            open_link(f"guess-{guess}", now=now)
        raised_types.append(raised.type)
    assert raised_types[0] is NotFound
    assert raised_types[-1] is Unavailable


def test_support_can_create_one_and_a_viewer_can_not(app: DomainsApp) -> None:
    domain = app.add()
    viewer = Person(id=3, name="Vi", email="v@x.test", roles=dict.fromkeys(app.owner.roles, Role.VIEWER))
    support = Person(id=4, name="Sue", email="s@portal.test", staff=Role.SUPPORT)
    with pytest.raises(Forbidden):
        create_link(app, domain, by=viewer)
    assert create_link(app, domain, by=support)
    assert app.open_domain(domain, by=viewer).links == ()


def test_a_link_of_another_domain_is_not_found(app: DomainsApp) -> None:
    domain, other = app.add(), app.add(f"other.{ZONE}")
    create_link(app, domain)
    link = DomainLink.objects.get()
    with pytest.raises(NotFound):
        share_links.revoke_link(**app.get_arguments(domain_id=other.miosa_id), link_id=link.pk)
