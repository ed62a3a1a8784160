"""`manage.py invite`: invites somebody by mail, as operators do on /people/."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.permissions import Role
from portal.services import customer_names
from portal.services.audit.record import changes_by_command
from portal.services.errors import Invalid, ServiceError
from portal.services.people import directory, invitations
from portal.services.people.invitations import CUSTOMER_ROLES, STAFF_ROLES, Invitee, SentInvitation
from portal.services.people.person_changes import COMMAND_LINE


class Command(BaseCommand):
    help = "Invites somebody by mail. Without a mail server (SMTP_URL), prints the link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="e-mail address to send the invitation to")
        parser.add_argument("--name", default="", help="the person's name, which they can change")
        role = parser.add_mutually_exclusive_group(required=True)
        role.add_argument("--role", choices=[each.value for each in CUSTOMER_ROLES], help="role at the customers")
        role.add_argument("--staff", choices=[each.value for each in STAFF_ROLES], help="role on the platform")
        add_scope(parser)

    def handle(self, *, email: str, name: str, **options: Any) -> None:
        try:
            with changes_by_command():
                invitee = Invitee(email, Role(options["role"] or options["staff"]), name, **read_scope(options))
                sent = invitations.invite(invitee, by=COMMAND_LINE, now=timezone.now())
        except ServiceError as error:
            raise CommandError(error.for_people) from None
        self.stdout.write(f"{sent.email} is invited for {invitations.VALID_FOR.days} days.")
        self.show_link(sent)

    def show_link(self, sent: SentInvitation) -> None:
        if sent.link_to_pass_on:
            link = f"{settings.PORTAL_URL}/invitations/{sent.link_to_pass_on}/"
            self.stdout.write(f"No mail server is set. Send them this link, which works once:\n{link}")


def add_scope(parser: ArgumentParser) -> None:
    """Which customers a role is for."""
    parser.add_argument(
        "--customer", action="append", default=[], help="slug, external id or name of a customer; can be repeated"
    )
    parser.add_argument("--tag", action="append", default=[], help="support sees customers with this tag; repeatable")
    parser.add_argument("--all-customers", action="store_true", help="support sees all customers")


def read_scope(options: dict[str, Any]) -> dict[str, Any]:
    """As arguments of `Invitee` and `StaffRole`. Raises Invalid."""
    tags = tuple(tag.strip().lower() for tag in options["tag"])
    if unknown := set(tags).difference(directory.list_tags(by=COMMAND_LINE)):
        raise Invalid({"tags": f"No customer has the tag {sorted(unknown)[0]!r}."})
    return {
        "customers": customer_names.find_customers("\n".join(options["customer"])),
        "tags": tuple(dict.fromkeys(tags)),
        "sees_all_customers": options["all_customers"],
    }
