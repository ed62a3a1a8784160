"""Kinds of fields that the serializers share."""

from datetime import UTC
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class MomentField(serializers.DateTimeField):
    """A moment, always in UTC: a program does not live where the person's browser does."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)


class StaffField(serializers.CharField):
    """A text for the platform's own people; null for a customer's, and where there is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) or None if self.context["person"].is_staff else None


@extend_schema_field({"type": "string", "format": "uri-reference", "nullable": True})
class NextField(serializers.Field[Any, Any, Any, Any]):
    """Where the list goes on, as an address without a host, or null at its end."""

    def __init__(self) -> None:
        super().__init__(source="*", read_only=True)

    def to_representation(self, value: Any) -> str | None:
        following: str | None = self.context["next"]
        return following


__all__ = ["MomentField", "NextField", "OpenApiTypes", "StaffField"]
