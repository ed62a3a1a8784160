"""A problem, for the schema."""

from typing import Any

from rest_framework import serializers

from portal.permissions import Role


class ProblemErrorSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The parameter or field.")
    detail = serializers.CharField(help_text="What is wrong with it.")


class ProblemSerializer(serializers.Serializer[Any]):
    """An error in the format of RFC 9457."""

    type = serializers.CharField(help_text="Always about:blank: the status identifies the problem.")
    title = serializers.CharField(help_text="The name of the status.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for people.")
    request_id = serializers.CharField(required=False, help_text="Only for an internal error: the id to report.")
    who_can = serializers.ListField(
        child=serializers.ChoiceField([role.value for role in Role]),
        required=False,
        help_text="Who has the missing permission.",
    )
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]  # a declared field is no attribute
