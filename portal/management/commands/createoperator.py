"""`manage.py createoperator`: adds the first person who can sign in."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from portal.models import User
from portal.services.audit.record import changes_by_command
from portal.services.people import person_changes


class Command(BaseCommand):
    help = "Creates an operator, or makes an existing person one. Reads the password from the terminal or from stdin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="e-mail address to sign in with")
        parser.add_argument("--name", default="", help="name that colleagues and customers see")

    def handle(self, *, email: str, name: str, **options: Any) -> None:
        email = email.strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email!r} is not an e-mail address.") from None
        user = User.objects.filter(email=email).first() or User(email=email)
        if user.is_demo:
            raise CommandError("That address belongs to a person of the demo.")
        user.name = name or user.name
        password = read_password()
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        with changes_by_command(), transaction.atomic():
            person_changes.make_operator(user, password=password)
        self.stdout.write(f"{email} can sign in as an operator.")


def read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Repeat password: ") != password:
        raise CommandError("The passwords don't match.")
    return password
