"""Inviting many people at once: a pasted CSV is checked line by line, shown, and sent after a confirmation.

The columns are e-mail address, customer and role, in this order or in that of a header. Nothing is stored in between.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.models import Customer, Invitation, Membership, User
from portal.permissions import Permission, Person, Role
from portal.services.authorization import require_platform_permission
from portal.services.customer_names import CustomerIndex, load_index
from portal.services.errors import Invalid
from portal.services.people import access, invitations
from portal.services.people.invitations import Invitee

MOST_LINES = 2_000
# So many invitations are stored in one transaction: other writers wait no longer than that takes.
_IN_ONE_TRANSACTION = 50
_COLUMNS = ("email", "customer", "role")
_HEADERS = {
    "address": "email", "customer": "customer", "e-mail": "email", "e-mail address": "email", "email": "email",
    "email address": "email", "mail": "email", "role": "role", "workspace": "customer",
}  # fmt: skip
_DELIMITERS = ",;\t"
_LONGEST_CELL = 300
_SPACE_BEHIND_QUOTE = re.compile(rf'" +(?=[{_DELIMITERS}\n])')


class Verdict(StrEnum):
    """What happens to a line. SKIP: there is nothing to do."""

    PROBLEM = "problem"
    SEND = "send"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Line:
    """`number` is where it begins, from 1. `email` is lower-cased if it is one. `reason`: why it is not sent."""

    number: int
    email: str
    customer_text: str
    role_text: str
    verdict: Verdict = Verdict.SEND
    reason: str = ""
    customer: Customer | None = None
    role: Role | None = None

    @property
    def customer_name(self) -> str:
        return self.customer.display_name or self.customer.name if self.customer else self.customer_text


@dataclass(frozen=True, slots=True)
class Review:
    """`people` get one mail each."""

    lines: tuple[Line, ...]

    @property
    def sent(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.verdict is Verdict.SEND)

    @property
    def left_out(self) -> tuple[Line, ...]:
        """Problems first."""
        rest = (line for line in self.lines if line.verdict is not Verdict.SEND)
        return tuple(sorted(rest, key=lambda line: (line.verdict is Verdict.SKIP, line.number)))

    @property
    def people(self) -> int:
        return len({line.email for line in self.sent})


def review(text: str, *, by: Person) -> Review:
    """Changes nothing. Raises NotFound, Invalid for `text` if it can't be read at all."""
    require_platform_permission(Permission.MANAGE_PEOPLE, by=by)
    index = load_index()
    lines = [_resolve(line, index) for line in _read(text)]
    if not lines:
        raise Invalid({"text": _("Paste at least one line with an e-mail address, a customer and a role.")})
    return Review(tuple(_compare_with_accounts(_compare_with_others(lines))))


def send(text: str, *, key: UUID, by: Person, now: datetime) -> int:
    """Invite everybody whose lines are right; one mail each, for all customers. Returns the number of mails.

    With the same `key` nobody is invited twice. Raises NotFound, Invalid.
    """
    by_email: dict[str, list[Line]] = {}
    for line in review(text, by=by).sent:
        by_email.setdefault(line.email, []).append(line)
    people = list(by_email.items())
    parts = [people[start : start + _IN_ONE_TRANSACTION] for start in range(0, len(people), _IN_ONE_TRANSACTION)]
    return sum(_send_some(dict(part), key=key, by=by, now=now) for part in parts)


@transaction.atomic
def _send_some(by_email: dict[str, list[Line]], *, key: UUID, by: Person, now: datetime) -> int:
    # A second click waits here, and then finds what the first one has sent.
    User.objects.select_for_update().filter(pk=by.id).first()
    done = set(Invitation.objects.filter(batch=key, email__in=by_email).values_list("email", flat=True))
    earlier = Invitation.objects.filter(accepted_at=None, revoked_at=None, staff_role="", email__in=by_email)
    invited = set(earlier.values_list("email", flat=True))
    roles_of = {
        email: {line.customer: line.role for line in lines if line.customer and line.role}
        for email, lines in by_email.items()
        if email not in done
    }
    # All of these first: once the first event is recorded, nothing may wait for somebody who is just accepting one.
    for email in sorted(invited & roles_of.keys()):
        for customer in roles_of[email]:
            access.withdraw_grants(customer, Q(email=email, staff_role=""), now=now)
    for email, roles in roles_of.items():
        # Any of the roles: it only says that the invitation is not for staff.
        invitee = Invitee(email, next(iter(roles.values())))
        invitations.store(email, roles, invitee=invitee, by=by, now=now, batch=key)
    return len(roles_of)


def _read(text: str) -> Iterator[Line]:
    """Lines with something in them."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    first = next((line for line in plain.split("\n") if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    plain = _SPACE_BEHIND_QUOTE.sub('"', plain)
    reader = csv.reader(io.StringIO(plain, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    columns, number, found = list(_COLUMNS), 1, 0
    try:
        for cells in reader:
            begins_at, number = number, reader.line_num + 1
            typed = [cell.strip() for cell in cells]
            if not any(typed):
                continue
            if found == 0 and (header := _find_header(typed)):
                columns = header
                continue
            found += 1
            if found > MOST_LINES:
                message = _("Paste at most %(most)d lines at a time.")
                raise Invalid({"text": message % {"most": MOST_LINES}})
            yield _make_line(begins_at, dict(zip(columns, typed, strict=False)))
    except csv.Error:
        raise Invalid({"text": _("Line %(number)d can’t be read. Check its quotes.") % {"number": number}}) from None


def _find_header(cells: list[str]) -> list[str]:
    """The columns that the cells name; nothing if they are no header. Unknown names are columns without a use."""
    columns = [_HEADERS.get(cell.casefold(), "") for cell in cells]
    return columns if {"email", "customer", "role"} <= set(columns) else []


def _make_line(number: int, cells: dict[str, str]) -> Line:
    email, customer, role = (cells.get(name, "")[:_LONGEST_CELL] for name in _COLUMNS)
    return Line(number, email, customer, role)


def _resolve(line: Line, index: CustomerIndex) -> Line:
    """With its customer and role; or what is wrong with each of the columns."""
    wrong: list[str] = []
    email, customer = line.email, None
    try:
        email = invitations.clean_email(line.email)
    except Invalid as error:
        wrong.append(error.for_people)
    try:
        customer = index.get(line.customer_text)
    except Invalid as error:
        wrong.append(error.for_people)
    role = next((each for each in invitations.CUSTOMER_ROLES if each.value == line.role_text.casefold()), None)
    if role is None:
        wrong.append(_("The role must be owner or viewer."))
    verdict = Verdict.PROBLEM if wrong else Verdict.SEND
    return replace(line, email=email, customer=customer, role=role, verdict=verdict, reason=" ".join(wrong))


def _compare_with_others(lines: list[Line]) -> Iterator[Line]:
    """One line for each person and customer; the first one counts."""
    first: dict[tuple[str, int], Line] = {}
    for line in lines:
        if line.verdict is not Verdict.SEND or line.customer is None:
            yield line
            continue
        earlier = first.setdefault((line.email, line.customer.pk), line)
        if earlier is line:
            yield line
        elif earlier.role == line.role:
            yield _skip(line, _("Same as line %(number)d.") % {"number": earlier.number})
        else:
            yield _refuse(line, _("Line %(number)d gives them another role.") % {"number": earlier.number})


def _compare_with_accounts(lines: Iterator[Line]) -> Iterator[Line]:
    """Two queries."""
    checked = list(lines)
    emails = {line.email for line in checked}
    users = {
        user.email: user for user in User.objects.filter(email__in=emails).only("email", "staff_role", "is_active")
    }
    roles = Membership.objects.filter(user__in=users.values()).values_list("user__email", "customer_id", "role")
    role_at = {(email, customer_id): role for email, customer_id, role in roles}
    for line in checked:
        user = users.get(line.email)
        if line.verdict is not Verdict.SEND or user is None or line.customer is None:
            yield line
        elif user.staff_role:
            yield _refuse(line, _("This person belongs to the platform’s staff."))
        elif not user.is_active:
            yield _refuse(line, _("This person is deactivated. Reactivate them instead."))
        elif role_at.get((line.email, line.customer.pk)) in {line.role, Role.OWNER}:
            yield _skip(line, _("They have this access already."))
        else:
            yield line


def _skip(line: Line, reason: str) -> Line:
    return replace(line, verdict=Verdict.SKIP, reason=reason)


def _refuse(line: Line, reason: str) -> Line:
    return replace(line, verdict=Verdict.PROBLEM, reason=reason)
