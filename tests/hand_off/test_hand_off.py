"""What a valid token does: whom it signs in, with which role, and who is kept out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from portal.models import AuditEvent, Customer, HandOffIdentity, Invitation, Membership, UsedToken, User
from portal.services.hand_off import accept
from portal.services.hand_off.errors import Refused
from tests.hand_off.app import hand_over, send, sign
from tests.people import People
from tests.security.allowed import find_leaks


def get_signed_in(client: Client) -> User:
    return User.objects.get(pk=client.session["_auth_user_id"])


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def list_events(kind: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(kind=kind).order_by("number"))


def test_somebody_new_is_signed_in_with_the_role_of_the_token(people: People) -> None:
    client = Client()
    response = hand_over(client, sign(name="Rita Rao", role="viewer"))
    assert (response.status_code, response["Location"]) == (303, "/c/brightsmile-dental/")
    user = get_signed_in(client)
    assert (user.name, user.email, user.staff_role, user.has_usable_password()) == ("Rita Rao", "", "", False)
    membership = Membership.objects.get(user=user)
    assert (membership.customer.external_id, membership.role) == ("brightsmile-dental", "viewer")
    assert client.session["way"] == "hand_off"
    (event,) = list_events("hand_off.accepted")
    assert (event.person_id, event.person_role, event.customer_id) == (user.pk, "viewer", membership.customer.pk)
    assert (event.target, event.way) == ("u-17 of brightsmile-dental", "hand_off")
    assert event.after == {"name": "Rita Rao", "role": "viewer"}
    (sign_in,) = list_events("sign_in.succeeded")
    assert (sign_in.person_id, sign_in.way) == (user.pk, "hand_off")
    assert sign_in.after == {"way": "hand_off", "browser": "Unknown browser"}
    assert AuditEvent.objects.count() == 2  # one for each request


def test_the_customer_s_name_says_nothing_of_the_hosting_service(people: People) -> None:
    Customer.objects.filter(external_id="brightsmile-dental").update(name="Bright Smile on MIOSA s3://canary-bucket")
    client = Client()
    page = client.get(send(client, sign())["Location"]).content.decode()
    assert "Bright Smile" in page
    assert not find_leaks(page, [])


def test_a_second_factor_is_the_duty_of_the_app(people: People, settings: Settings) -> None:
    settings.SECOND_FACTOR_FOR = frozenset({"owner"})
    client = Client()
    hand_over(client, sign())
    assert client.get("/find/").status_code == 200


def test_the_same_person_comes_again_with_another_name_and_role(people: People) -> None:
    hand_over(Client(), sign(name="Rita Rao", role="viewer"))
    client = Client()
    hand_over(client, sign(name="Dr Rita Rao", role="owner"))
    identity = HandOffIdentity.objects.get()
    assert identity.user == get_signed_in(client)
    assert identity.user.name == "Dr Rita Rao"
    assert Membership.objects.get(user=identity.user).role == "owner"
    assert list_events("hand_off.accepted")[-1].before == {"name": "Rita Rao", "role": "viewer"}


def test_an_owner_who_becomes_a_viewer_loses_what_owners_have_left_open(people: People) -> None:
    """Such as invitations that were sent and not accepted yet."""
    client = Client()
    hand_over(client, sign(role="owner"))
    invitation = Invitation.objects.create(
        email="rita@brightsmile.test",
        secret_hash="x",
        invited_by_id=get_signed_in(client).pk,
        created_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=7),
    )
    invitation.grants.create(customer=Customer.objects.get(external_id="brightsmile-dental"), role="owner")
    hand_over(Client(), sign(role="viewer"))
    assert Membership.objects.get(user__email="").role == "viewer"
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None


def test_each_customer_has_its_own_person(people: People) -> None:
    """The same user id of the app at two customers, and at two apps, is different people: nobody sees both."""
    hand_over(Client(), sign())
    client = Client()
    hand_over(client, sign(external_workspace_id="pawsome-vets"))
    assert HandOffIdentity.objects.values("user").distinct().count() == 2
    assert client.get("/c/brightsmile-dental/").status_code == 404


def test_ids_are_compared_byte_for_byte(people: People) -> None:
    for workspace, user in (("Acme", "u"), ("acme", "u"), ("acme ", "u"), ("acme", "U"), ("acme", "u ")):
        hand_over(Client(), sign(external_workspace_id=workspace, external_user_id=user))
    assert User.objects.filter(email="").count() == 5
    assert Customer.objects.filter(external_id__in=["Acme", "acme", "acme "]).count() == 3


def test_nobody_is_found_by_e_mail_address_or_name(people: People) -> None:
    """An app that names an operator gets a new person, who is no operator."""
    client = Client()
    email = people.operator.email
    hand_over(client, sign(external_user_id=email, name=people.operator.name, email=email, staff_role="operator"))
    user = get_signed_in(client)
    assert user != people.operator
    assert (user.email, user.staff_role, user.is_superuser, user.sees_all_customers) == ("", "", False, False)
    assert client.get("/operations/").status_code == 404


def test_an_unknown_customer_is_created(people: People) -> None:
    client = Client()
    response = hand_over(client, sign(external_workspace_id="Zahn & Söhne"))
    customer = Customer.objects.get(external_id="Zahn & Söhne")
    assert response["Location"] == f"/c/{customer.slug}/"
    assert Membership.objects.get(user=get_signed_in(client)).customer == customer


def test_staff_are_never_made_nor_signed_in(people: People) -> None:
    """Nor is somebody who has become staff since."""
    hand_over(Client(), sign())
    User.objects.filter(email="").update(staff_role="support")
    client = Client()
    assert send(client, sign(role="viewer")).status_code == 400
    assert not is_signed_in(client)
    (event,) = list_events("hand_off.refused")
    assert event.target == "the person is staff, who sign in themselves"
    assert Membership.objects.get(user__email="").role == "owner"


def test_a_deactivated_person_stays_so(people: People) -> None:
    hand_over(Client(), sign(name="Rita Rao", role="viewer"))
    User.objects.filter(email="").update(is_active=False)
    client = Client()
    page = send(client, sign(name="New Name", role="owner"))
    assert page.status_code == 400
    assert "deactivated" not in page.content.decode()
    user = User.objects.get(email="")
    assert (user.name, user.is_active) == ("Rita Rao", False)
    assert Membership.objects.get(user=user).role == "viewer"
    (event,) = list_events("hand_off.refused")
    assert (event.outcome, event.target) == ("refused", "the person is deactivated")
    assert event.after == {"external_workspace_id": "brightsmile-dental", "external_user_id": "u-17"}
    assert event.customer_id == Customer.objects.get(external_id="brightsmile-dental").pk


def test_somebody_deactivated_within_the_minute_stays_out(people: People) -> None:
    client = Client()
    send(client, sign())
    User.objects.filter(email="").update(is_active=False)
    assert client.post("/handoff/continue/", {"instead_of": ""}).status_code == 400
    assert not is_signed_in(client)


def test_a_token_works_once(people: People) -> None:
    token = sign()
    hand_over(Client(), token)
    assert send(Client(), token).status_code == 400
    assert [event.target for event in list_events("hand_off.refused")] == ["it was used before"]


def test_another_token_with_the_same_jti_is_refused(people: People) -> None:
    hand_over(Client(), sign(jti="1"))
    assert send(Client(), sign(jti="1", external_user_id="u-18")).status_code == 400


def test_a_refused_hand_off_changes_nothing(people: People) -> None:
    """Neither is its customer created, nor is the token used up by an attempt that failed."""
    before = Customer.objects.count(), User.objects.count()
    assert send(Client(), sign(external_workspace_id="new", role="admin")).status_code == 400
    assert (Customer.objects.count(), User.objects.count(), UsedToken.objects.count()) == (*before, 0)


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_with_one_token_sign_in_one() -> None:
    assert sorted(accept_at_once([sign()] * 4)) == ["accepted", "refused", "refused", "refused"]
    assert HandOffIdentity.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_tokens_of_somebody_new_at_once_make_one_person() -> None:
    assert accept_at_once([sign(external_workspace_id="new") for _number in range(4)]) == ["accepted"] * 4
    assert User.objects.count() == HandOffIdentity.objects.count() == Membership.objects.count() == 1
    assert len(list_events("hand_off.accepted")) == 4


def accept_at_once(tokens: list[str]) -> list[str]:
    barrier = Barrier(len(tokens))

    def run(token: str) -> str:
        barrier.wait()
        try:
            accept.accept(token, network="192.0.2.1", is_from_app=True, now=timezone.now())
        except Refused:
            return "refused"
        finally:
            connection.close()
        return "accepted"

    with ThreadPoolExecutor(len(tokens)) as pool:
        return list(pool.map(run, tokens))


def test_used_tokens_are_deleted_once_they_have_expired(people: People) -> None:
    hand_over(Client(), sign())
    assert accept.delete_expired_tokens(now=timezone.now()) == 0
    later = timezone.now() + timedelta(seconds=70)
    assert accept.delete_expired_tokens(now=later) == 2  # the token, and the grant for the browser
