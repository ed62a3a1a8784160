"""The note of a version."""

from typing import Any

from rest_framework import serializers


class NoteSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(source="version.note", allow_blank=True, help_text="At most 200 characters.")
