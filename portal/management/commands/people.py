"""`manage.py people`: lists people, and changes one of them, as operators do on /people/."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.management.commands.invite import add_scope, read_scope
from portal.models import User
from portal.permissions import Role
from portal.services import customer_names
from portal.services.audit.record import changes_by_command
from portal.services.errors import ServiceError
from portal.services.people import directory, person_changes
from portal.services.people.invitations import CUSTOMER_ROLES
from portal.services.people.person_changes import COMMAND_LINE, StaffRole

CHANGES = ("remove", "deactivate", "reactivate", "sign_out", "role")


class Command(BaseCommand):
    help = "Lists people. With an e-mail address and a change, changes that person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "search", nargs="?", default="", help="part of a name or e-mail address; for a change all of it"
        )
        parser.add_argument(
            "--with-role", choices=[each.value for each in Role], default="", help="lists this role only"
        )
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--remove", action="store_true", help="removes the person, or from the --customer given")
        change.add_argument("--deactivate", action="store_true", help="until reactivated, they can't sign in")
        change.add_argument("--reactivate", action="store_true")
        change.add_argument("--sign-out", action="store_true", help="ends all sessions")
        change.add_argument(
            "--role", choices=[*(each.value for each in Role), "none"], help="new role; none: not staff"
        )
        add_scope(parser)

    def handle(self, *, search: str, **options: Any) -> None:
        try:
            if any(options[name] for name in CHANGES):
                with changes_by_command():
                    self.change(find_user(search), options)
            else:
                self.list(search, options)
        except ServiceError as error:
            raise CommandError(error.for_people) from None

    def list(self, search: str, options: dict[str, Any]) -> None:
        """The parts of a line are separated by tabs, for other programs."""
        customers = customer_names.find_customers("\n".join(options["customer"]))
        for customer in customers or (None,):
            found = directory.filter_people(search=search, role=options["with_role"], customer=customer)
            for user in found.order_by("email").prefetch_related("memberships__customer"):
                self.stdout.write("\t".join(describe(user)))

    def change(self, user: User, options: dict[str, Any]) -> None:
        by, now, slugs = COMMAND_LINE, timezone.now(), [each.slug for each in read_scope(options)["customers"]]
        if options["role"] in CUSTOMER_ROLES:
            for slug in require_customers(slugs):
                person_changes.change_member_role(user.pk, slug=slug, role=options["role"], by=by, now=now)
        elif options["role"]:
            role = None if options["role"] == "none" else Role(options["role"])
            person_changes.change_staff_role(user.pk, StaffRole(role, **read_scope(options)), by=by, now=now)
        elif options["remove"] and slugs:
            for slug in slugs:
                person_changes.remove_member(user.pk, slug=slug, by=by, now=now)
        elif slugs:
            raise CommandError("Only --remove and --role can be limited to a --customer.")
        elif options["remove"]:
            person_changes.remove(user.pk, by=by, now=now)
        elif options["deactivate"]:
            person_changes.deactivate(user.pk, by=by, now=now)
        elif options["reactivate"]:
            person_changes.reactivate(user.pk, by=by)
        else:
            person_changes.end_sessions(user.pk, by=by)
        self.stdout.write("Done.")


def find_user(email: str) -> User:
    user = User.objects.filter(email=email.strip().lower()).first() if email.strip() else None
    if user is None:
        raise CommandError(f"No one has the e-mail address {email!r}.")
    return user


def require_customers(slugs: list[str]) -> list[str]:
    if not slugs:
        raise CommandError("Name at least one --customer.")
    return slugs


def describe(user: User) -> tuple[str, ...]:
    """E-mail address, name, roles, state, last seen."""
    places = [f"{each.role} of {each.customer.slug}" for each in user.memberships.all()]
    role = f"{user.staff_role} of all customers" if user.sees_all_customers else user.staff_role
    seen = user.last_seen_at.isoformat(timespec="minutes") if user.last_seen_at else "never seen"
    state = "active" if user.is_active else "deactivated"
    return user.email or "-", user.name, ", ".join([*([role] if role else []), *places]) or "no access", state, seen
