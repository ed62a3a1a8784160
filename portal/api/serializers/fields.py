"""Fields that several serializers use."""

from datetime import UTC
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

STAFF_ONLY = "For the platform's staff only."


class MomentField(serializers.DateTimeField):
    """A date and time in UTC, whatever zone the person's browser has."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)


class StaffField(serializers.CharField):
    """A text for the platform's staff; null for a customer's people, and if it is empty."""

    def __init__(self, *, help_text: str = STAFF_ONLY, **kwargs: Any) -> None:
        super().__init__(allow_null=True, help_text=help_text, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) or None if self.context["person"].is_staff else None


@extend_schema_field({"type": "string", "format": "uri-reference", "nullable": True})
class NextField(serializers.Field[Any, Any, Any, Any]):
    """The address of the next page without a host, null on the last page."""

    def __init__(self) -> None:
        super().__init__(source="*", read_only=True)

    def to_representation(self, value: Any) -> str | None:
        next_url: str | None = self.context["next"]
        return next_url
