"""What ends at once when somebody loses access: sessions, links for DNS, drafts of env vars, and open invitations.

Permissions are read at each request and need no end of their own. Each function runs in the caller's transaction.
"""

from datetime import datetime

from django.db.models import Q, QuerySet

from portal.models import Customer, DomainLink, EnvVarDraft, Holding, Invitation, InvitationGrant, Operation, User
from portal.services.accounts import sessions


def end_all(user: User, *, now: datetime) -> None:
    """For somebody who is removed or deactivated, or whose role on the platform changes."""
    sessions.end_all(user.pk)
    DomainLink.objects.filter(creator_id=user.pk, revoked_at=None).update(revoked_at=now)
    _list_drafts(user).delete()
    open_ones = Invitation.objects.filter(accepted_at=None, revoked_at=None)
    open_ones.filter(_sent_by_or_to(user)).update(revoked_at=now)


def end_at_customer(user: User, customer: Customer, *, now: datetime) -> None:
    """For somebody who no longer belongs to this customer, or can do less there."""
    ids = list(Holding.objects.filter(customer=customer).values_list("deployment__miosa_id", flat=True))
    links = DomainLink.objects.filter(creator_id=user.pk, deployment_id__in=ids, revoked_at=None)
    links.update(revoked_at=now)
    _list_drafts(user).filter(deployment_id__in=ids).delete()
    withdraw_grants(customer, _sent_by_or_to(user), now=now)


def withdraw_grants(customer: Customer, invitations: Q, *, now: datetime) -> None:
    """Open invitations no longer lead to this customer. One that leads nowhere else is revoked."""
    open_ones = Invitation.objects.filter(invitations, accepted_at=None, revoked_at=None, grants__customer=customer)
    # Locked: one that is being accepted is accepted with this customer, or without it.
    ids = list(open_ones.select_for_update(of=("self",)).values_list("pk", flat=True))
    InvitationGrant.objects.filter(invitation__in=ids, customer=customer).delete()
    Invitation.objects.filter(pk__in=ids, grants=None, staff_role="").update(revoked_at=now)


def _sent_by_or_to(user: User) -> Q:
    sent_by = Q(invited_by_id=user.pk)
    return sent_by | Q(email=user.email) if user.email else sent_by


def _list_drafts(user: User) -> QuerySet[EnvVarDraft]:
    """Not the drafts that were applied: these are what a running operation sends."""
    drafts = EnvVarDraft.objects.filter(person_id=user.pk)
    return drafts.exclude(key__in=Operation.objects.filter(person_id=user.pk).values("key"))
