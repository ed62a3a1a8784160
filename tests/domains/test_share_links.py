"""Share links: only the hash of the secret is stored, one domain is shown, and each link ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from portal.models import Bucket, Domain, DomainLink, Membership, User
from portal.permissions import Person, Role
from portal.services import people
from portal.services.domains import share_links
from portal.services.errors import Forbidden, NotFound, Unavailable
from portal.services.sync.upsert import customer_rows
from tests import snapshots
from tests.databases import dump_database
from tests.domains.app import NAME, SLUG, ZONE, DomainsApp
from tests.people import deny_owners

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner(db: None) -> Person:
    """With an account, since a link ends with what its creator may do."""
    return create_person(email="owner@x.test", role=Role.OWNER)


def create_person(*, email: str, role: Role | None = None, staff: Role | None = None) -> Person:
    snapshots.reset_ids()
    user = User.objects.create_user(
        email, "a-long-password", name=email, staff_role=staff or "", sees_all_customers=True
    )
    if role is not None:
        Membership.objects.create(user=user, customer=customer_rows.ensure_customer(SLUG), role=role)
    person = people.get_person(user)
    assert person is not None
    return person


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


def test_one_address_may_open_sixty_at_once(db: None) -> None:
    now = timezone.now()
    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(lambda guess: open_guess(guess, now=now), range(70)))
    assert (outcomes.count(NotFound), outcomes.count(Unavailable)) == (60, 10)
    assert open_guess(0, now=now + timedelta(seconds=1)) is NotFound
    assert open_guess(0, now=now + timedelta(seconds=1)) is Unavailable


def open_guess(guess: int, *, now: datetime) -> type[Exception]:
    try:
        open_link(f"guess-{guess}", now=now)
    except (NotFound, Unavailable) as error:
        return type(error)
    finally:
        connection.close()
    raise AssertionError("the guess was right")


def test_old_visits_are_deleted(db: None) -> None:
    now = timezone.now()
    open_guess(0, now=now - timedelta(hours=2))
    open_guess(1, now=now)
    assert Bucket.objects.filter(key__startswith="visits:", at__lt=now.timestamp() - 3600).count() == 0


def test_it_ends_when_its_creator_loses_the_role(app: DomainsApp) -> None:
    domain = app.add()
    secret = create_link(app, domain)
    Membership.objects.filter(user_id=app.owner.id).update(role=Role.VIEWER)
    with pytest.raises(NotFound):
        open_link(secret, now=app.now)
    assert app.open_domain(domain, by=create_person(email="s@portal.test", staff=Role.SUPPORT)).links == ()


def test_it_ends_when_its_creator_leaves(app: DomainsApp) -> None:
    secret = create_link(app, app.add())
    User.objects.filter(pk=app.owner.id).update(is_active=False)
    with pytest.raises(NotFound):
        open_link(secret, now=app.now)


def test_it_ends_when_owners_may_no_longer_share(app: DomainsApp) -> None:
    secret = create_link(app, app.add())
    deny_owners("share_domain")
    with pytest.raises(NotFound):
        open_link(secret, now=app.now)


def test_it_ends_when_the_domain_moves_to_another_customer(app: DomainsApp, other_owner: Person) -> None:
    domain = app.add()
    secret = create_link(app, domain)
    Domain.objects.filter(pk=domain.pk).update(customer_id=next(iter(other_owner.roles)))
    with pytest.raises(NotFound):
        open_link(secret, now=app.now)


def test_support_can_create_one_and_a_viewer_can_not(app: DomainsApp) -> None:
    domain = app.add()
    viewer = Person(id=3, name="Vi", email="v@x.test", roles=dict.fromkeys(app.owner.roles, Role.VIEWER))
    support = create_person(email="s@portal.test", staff=Role.SUPPORT)
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
