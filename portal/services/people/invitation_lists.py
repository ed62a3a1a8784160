"""Open invitations: neither accepted nor revoked. Those that have expired can still be sent again."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from portal.models import Customer, Invitation, InvitationGrant, Mail, User
from portal.permissions import Permission, Person, Role
from portal.services import clean_text
from portal.services.authorization import require_permission, require_platform_permission
from portal.services.people.directory import Place, load_places, paginate, search_rows
from portal.services.people.invitations import get_inviter_name


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """`places` has the first few of `places_count` customers. `has_failed`: its mail could not be sent; `mail_error`
    says why, to staff.
    """

    id: int
    email: str
    name: str
    staff: Role | None
    sees_all_customers: bool
    tags: tuple[str, ...]
    places: tuple[Place, ...]
    places_count: int
    inviter: str
    sent_at: datetime
    expires_at: datetime
    is_expired: bool
    has_failed: bool
    mail_error: str


@dataclass(frozen=True, slots=True)
class InvitationList:
    rows: tuple[InvitationRow, ...]
    total: int
    page: int
    pages: int
    search: str


def list_invitations(*, by: Person, search: str, page: int, now: datetime) -> InvitationList:
    """All of them, newest first, for operators. Raises NotFound."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    text = clean_text.clean_line(search, most=100)
    found = paginate(search_rows(_list_open(), text), page)
    rows = _summarize_all(found.object_list, by=by, now=now)
    return InvitationList(rows, found.paginator.count, page, found.paginator.num_pages, text)


def list_of_customer(customer: Customer, *, by: Person, most: int, now: datetime) -> tuple[InvitationRow, ...]:
    """Those of a customer's people, with this customer alone. Raises Forbidden."""
    require_permission(Permission.MANAGE_PEOPLE, customer, None, by=by)
    ids = InvitationGrant.objects.filter(customer=customer).values("invitation")
    return _summarize_all(_list_open().filter(pk__in=ids, staff_role="")[:most], by=by, customer=customer, now=now)


def _list_open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(accepted_at=None, revoked_at=None).order_by("-created_at", "-pk")


def _summarize_all(
    rows: Iterable[Invitation], *, by: Person, now: datetime, customer: Customer | None = None
) -> tuple[InvitationRow, ...]:
    """Four queries, however many invitations."""
    ids = [row.pk for row in rows]
    grants = InvitationGrant.objects.filter(invitation__in=ids)
    shown = grants.filter(customer=customer) if customer else grants
    counts = Counter(shown.values_list("invitation_id", flat=True))
    places = load_places(shown, "invitation", by=by)
    loaded = Invitation.objects.select_related("mail").in_bulk(ids)
    inviters = [row.invited_by_id for row in loaded.values() if row.invited_by_id is not None]
    members = set(User.objects.filter(pk__in=inviters, staff_role="").values_list("pk", flat=True))
    return tuple(
        _summarize(
            loaded[pk],
            places=places.get(pk, ()),
            places_count=counts[pk],
            is_by_staff=loaded[pk].invited_by_id not in members,
            by=by,
            now=now,
        )
        for pk in ids
        if pk in loaded
    )


def _summarize(
    row: Invitation, *, places: tuple[Place, ...], places_count: int, is_by_staff: bool, by: Person, now: datetime
) -> InvitationRow:
    failed = row.mail if row.mail is not None and row.mail.state == Mail.State.FAILED else None
    inviter = row.invited_by_name if by.is_staff else get_inviter_name(row.invited_by_name, is_staff=is_by_staff)
    return InvitationRow(
        id=row.pk,
        email=row.email,
        name=row.name,
        staff=Role(row.staff_role) if row.staff_role else None,
        sees_all_customers=row.sees_all_customers or row.staff_role == Role.OPERATOR,
        tags=tuple(row.tags),
        places=places,
        places_count=places_count,
        inviter=inviter,
        sent_at=row.created_at,
        expires_at=row.expires_at,
        is_expired=row.expires_at <= now,
        has_failed=failed is not None,
        mail_error=failed.error if failed is not None and by.is_staff else "",
    )
