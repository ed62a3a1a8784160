"""The link for whoever runs the DNS: a hash here, a secret there, and an end."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from portal.models import Domain, DomainLink
from portal.permissions import Person, Role
from portal.services.domains import links
from portal.services.errors import Forbidden, NotFound, Unavailable
from tests.database_dump import dump_database
from tests.domains.attaching import NAME, SLUG, Attaching

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nobody_came_before(db: None) -> None:
    cache.clear()


def make(app: Attaching, domain: Domain) -> str:
    return links.make(**app.where(), domain_id=domain.miosa_id)


def open_it(secret: str, *, later: timedelta = timedelta(0)) -> links.SharedDomain:
    return links.open_link(secret=secret, address="192.0.2.7", now=timezone.now() + later)


def test_only_its_hash_is_kept(app: Attaching) -> None:
    secret = make(app, app.attached())
    assert len(secret) >= 40
    assert secret not in dump_database()
    assert open_it(secret).facts.row.name == NAME


def test_it_shows_neither_app_nor_customer(app: Attaching) -> None:
    shown = repr(open_it(make(app, app.attached())))
    for word in (app.name, "Bright Smile Dental", SLUG, app.id, "MIOSA", "miosa"):
        assert word not in shown


def test_opening_changes_nothing(app: Attaching) -> None:
    domain = app.attached()
    secret = make(app, domain)
    before = Domain.objects.filter(pk=domain.pk).values().get()
    open_it(secret)
    assert Domain.objects.filter(pk=domain.pk).values().get() == before


def test_it_ends_after_seven_days(app: Attaching) -> None:
    secret = make(app, app.attached())
    open_it(secret, later=timedelta(days=7, minutes=-1))
    with pytest.raises(NotFound):
        open_it(secret, later=timedelta(days=7, minutes=1))


def test_it_can_be_taken_back(app: Attaching) -> None:
    domain = app.attached()
    secret = make(app, domain)
    (row,) = app.page(domain).links
    links.revoke(**app.where(), domain_id=domain.miosa_id, link_id=row.id)
    with pytest.raises(NotFound):
        open_it(secret)
    with pytest.raises(NotFound):
        links.revoke(**app.where(), domain_id=domain.miosa_id, link_id=row.id)
    assert app.page(domain).links == ()


def test_it_ends_with_the_domain(app: Attaching) -> None:
    domain = app.attached()
    secret = make(app, domain)
    app.change(domain, "detach_domain", typed_name=domain.name)
    with pytest.raises(NotFound):
        open_it(secret)


@pytest.mark.parametrize("secret", ["", "x", "x" * 43, "../..", "\x00", "é"])
def test_a_guess_finds_nothing(db: None, secret: str) -> None:
    with pytest.raises(NotFound):
        open_it(secret)


def test_one_address_may_not_guess_for_ever(db: None) -> None:
    told = []
    for guess in range(100):
        with pytest.raises((NotFound, Unavailable)) as raised:
            open_it(f"guess-{guess}")
        told.append(raised.type)
    assert told[0] is NotFound
    assert told[-1] is Unavailable


def test_who_may_make_one(app: Attaching) -> None:
    domain = app.attached()
    viewer = Person(id=3, name="Vi", email="v@x.test", roles=dict.fromkeys(app.owner.roles, Role.VIEWER))
    support = Person(id=4, name="Sue", email="s@portal.test", staff=Role.SUPPORT)
    with pytest.raises(Forbidden):
        links.make(**app.where(viewer), domain_id=domain.miosa_id)
    assert links.make(**app.where(support), domain_id=domain.miosa_id)
    assert app.page(domain, by=viewer).links == ()


def test_another_domains_link_is_not_found(app: Attaching) -> None:
    one, other = app.attached(), app.attached("other.brightsmile-new.example")
    make(app, one)
    link = DomainLink.objects.get()
    with pytest.raises(NotFound):
        links.revoke(**app.where(), domain_id=other.miosa_id, link_id=link.pk)
