"""What every operation has in common in the OpenAPI schema."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from portal.api.parameters import Parameter
from portal.api.problems import MEDIA_TYPE
from portal.api.serializers.problems import ProblemSerializer

SLUG = OpenApiParameter(
    "slug", {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}, OpenApiParameter.PATH, description="The customer."
)
_ID = {"type": "string", "minLength": 1, "maxLength": 128}
_ESCAPED = "An id is opaque; `/`, `\\` and `~` in it are written `~2F`, `~5C` and `~7E`."
DEPLOYMENT_ID = OpenApiParameter("deployment_id", _ID, OpenApiParameter.PATH, description=f"The deployment. {_ESCAPED}")
OPERATION_KEY = OpenApiParameter("key", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The operation.")
VERSION_ID = OpenApiParameter("version_id", _ID, OpenApiParameter.PATH, description=f"The version. {_ESCAPED}")

_PROBLEMS = {
    400: "A query parameter is wrong; `errors` names it.",
    401: "Not signed in.",
    403: "The person lacks a permission; `who_can` lists who has it.",
    404: "It does not exist or is not visible to this person; also for a cursor that was changed.",
    405: "The method is not allowed here.",
    406: "Only JSON is available.",
    429: "Too many requests; try again after `Retry-After` seconds.",
    500: "An internal error; `request_id` identifies it.",
    503: "The hosting service can't be reached; try again after `Retry-After` seconds.",
}
_PROBLEMS_OF_BODIES = {
    400: "The body is not the JSON that is described here.",
    415: "The body is not JSON.",
    422: "What was entered is invalid; `errors` names the fields.",
}
_IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The `ETag` of an earlier response to the same person."
)
_ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, description="Identifies this response to this person.", response=[200, 304]
)
_RETRY_AFTER = OpenApiParameter(
    "Retry-After", OpenApiTypes.INT, OpenApiParameter.HEADER, description="Seconds to wait.", response=[429, 503]
)


class PortalSessionScheme(SessionScheme):
    target_class = "portal.api.authentication.SessionAuthentication"


def describe(
    operation_id: str,
    serializer: type,
    *,
    summary: str,
    description: str,
    path: tuple[OpenApiParameter, ...] = (),
    query: tuple[Parameter, ...] = (),
    body: type | None = None,
) -> Callable[[Any], Any]:
    """`summary` and `description` are in the schema, which customers' people may read too.

    `body`: of a request that changes something.
    """
    responses: dict[Any, Any] = {200: serializer}
    if body is None:
        responses[304] = OpenApiResponse(description="Nothing has changed.")
    for status, text in (_PROBLEMS if body is None else _PROBLEMS | _PROBLEMS_OF_BODIES).items():
        responses[status, MEDIA_TYPE] = OpenApiResponse(ProblemSerializer, description=text)
    headers = (_IF_NONE_MATCH, _ETAG) if body is None else ()
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        description=description,
        parameters=[*path, *(each.to_openapi() for each in query), *headers, _RETRY_AFTER],
        request=body,
        responses=responses,
        filters=False,
    )
