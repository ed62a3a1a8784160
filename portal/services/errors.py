"""Errors of the services.

ServiceError
├── NotFound      unknown, deleted or another customer's, with no difference between them
├── Forbidden     the person may see it but not do this; `who_can` lists the roles that may
├── Invalid       the person's input is wrong; `fields` maps a field's name to a sentence
├── Conflict      another person's change conflicts with it
└── Unavailable   the hosting service can't be reached; a retry helps after `retry_after_s`
    └── StorageUnavailable   the portal's own database takes no changes right now

Each has `for_people`, a translated sentence that names no vendor.
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from portal.permissions import Role


class ServiceError(Exception):
    def __init__(self, for_people: str) -> None:
        super().__init__(for_people)
        self.for_people = for_people


class NotFound(ServiceError):
    def __init__(self) -> None:
        super().__init__(_("Not found, or you don't have access to it."))


class Forbidden(ServiceError):
    def __init__(self, for_people: str, *, who_can: tuple[Role, ...] = ()) -> None:
        super().__init__(for_people)
        self.who_can = who_can


class Invalid(ServiceError):
    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


class Conflict(ServiceError):
    pass


class Unavailable(ServiceError):
    def __init__(self, for_people: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(for_people)
        self.retry_after_s = retry_after_s


class StorageUnavailable(Unavailable):
    pass
