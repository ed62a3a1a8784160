"""The shape of a problem, for the schema."""

from typing import Any

from rest_framework import serializers

from portal.permissions import Role


class ProblemErrorSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The parameter or field.")
    detail = serializers.CharField(help_text="What is wrong with it.")


class ProblemSerializer(serializers.Serializer[Any]):
    """What went wrong, as RFC 9457 writes it."""

    type = serializers.CharField(help_text="Always about:blank: the status says which problem it is.")
    title = serializers.CharField(help_text="The name of the status.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for people.")
    request_id = serializers.CharField(required=False, help_text="Only of a fault: the incident to ask us about.")
    who_can = serializers.ListField(
        child=serializers.ChoiceField([role.value for role in Role]),
        required=False,
        help_text="Who holds the right that is missing.",
    )
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]  # a declared field is no attribute
