"""What differs between two versions."""

from dataclasses import dataclass
from datetime import datetime

from portal.models import Version
from portal.models.versions import get_created_at
from portal.permissions import Person
from portal.services import open_words
from portal.services.people import staff_names

_RUNTIME = ("kind", "runtime_image", "runtime_command", "runtime_port", "health_check_path")


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a comparison.

    `name` is a key: kind, files, total_bytes, entrypoint, artifact, source, image, command, port, health_path, who or
    created_at. Numbers and dates are not formatted.
    """

    name: str
    left: str | int | datetime | None
    right: str | int | datetime | None

    @property
    def same(self) -> bool:
        return self.left == self.right


@dataclass(frozen=True, slots=True)
class Delta:
    """How a version differs from another one. `same_artifact` None: a hash is not known.

    `files` and `total_bytes` are the later minus the earlier number, None if one of them is not known.
    """

    same_artifact: bool | None
    files: int | None
    total_bytes: int | None
    same_runtime: bool


def get_delta(earlier: Version, later: Version) -> Delta:
    return Delta(
        same_artifact=have_same_artifact(earlier, later),
        files=_subtract(later.files, earlier.files),
        total_bytes=_subtract(later.total_bytes, earlier.total_bytes),
        same_runtime=all(getattr(earlier, name) == getattr(later, name) for name in _RUNTIME),
    )


def have_same_artifact(one: Version, other: Version) -> bool | None:
    """None: a hash is not known."""
    if not one.artifact_sha256 or not other.artifact_sha256:
        return None
    return one.artifact_sha256 == other.artifact_sha256


def list_differences(left: Version, right: Version, *, by: Person) -> tuple[Difference, ...]:
    """All facts of two versions, also those that are equal."""
    pairs = zip(_comparable(left, by=by), _comparable(right, by=by), strict=True)
    return tuple(Difference(name, one, other) for (name, one), (_name, other) in pairs)


def _subtract(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other


def _comparable(version: Version, *, by: Person) -> list[tuple[str, str | int | datetime | None]]:
    def clean(text: str) -> str:
        return open_words.show_text(text, by=by)

    publisher, _role = staff_names.show_person(version.published_by, version.published_by_role, by=by)
    return [
        ("kind", open_words.show_word(version.kind, open_words.VERSION_KINDS, by=by)),
        ("files", version.files),
        ("total_bytes", version.total_bytes),
        ("entrypoint", clean(version.entrypoint)),
        ("artifact", version.artifact_sha256),
        ("source", version.source_sha256),
        ("image", clean(version.runtime_image)),
        ("command", clean(version.runtime_command)),
        ("port", version.runtime_port),
        ("health_path", clean(version.health_check_path)),
        ("who", publisher or clean(version.external_user_id)),
        ("created_at", get_created_at(version)),
    ]
