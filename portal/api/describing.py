"""What every operation has in common, for the schema."""

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
_WRITTEN = "An id is opaque; `/`, `\\` and `~` in it are written `~2F`, `~5C` and `~7E`."
DEPLOYMENT_ID = OpenApiParameter("deployment_id", _ID, OpenApiParameter.PATH, description=f"The deployment. {_WRITTEN}")
OPERATION_KEY = OpenApiParameter("key", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The operation.")
VERSION_ID = OpenApiParameter("version_id", _ID, OpenApiParameter.PATH, description=f"The version. {_WRITTEN}")

_PROBLEMS = {
    400: "Something in the query is wrong; `errors` says what.",
    401: "Nobody is signed in.",
    403: "The person lacks a right; `who_can` says who has it.",
    404: "There is no such thing, or it is not this person's to see; also for a cursor that was changed.",
    405: "Not a method of this address.",
    406: "Asked for something else than JSON.",
    429: "Asked too often; `Retry-After` says when to go on.",
    500: "A fault; `request_id` names the incident.",
    503: "The hosting service can't be asked; `Retry-After` says when to try again.",
}
_IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The `ETag` of an earlier answer to the same person."
)
_ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, description="Names this answer to this person.", response=[200, 304]
)
_RETRY_AFTER = OpenApiParameter(
    "Retry-After", OpenApiTypes.INT, OpenApiParameter.HEADER, description="Seconds to wait.", response=[429, 503]
)


class OurSessionScheme(SessionScheme):  # type: ignore[no-untyped-call]  # the library leaves its registry untyped
    target_class = "portal.api.authentication.SessionAuthentication"


def describe(
    operation: str,
    *,
    answer: type,
    summary: str,
    says: str,
    path: tuple[OpenApiParameter, ...] = (),
    query: tuple[Parameter, ...] = (),
) -> Callable[[Any], Any]:
    """`summary` and `says` stand in the schema, which customers' people may read too."""
    responses: dict[Any, Any] = {200: answer, 304: OpenApiResponse(description="Nothing of it has changed.")}
    for status, description in _PROBLEMS.items():
        responses[status, MEDIA_TYPE] = OpenApiResponse(ProblemSerializer, description=description)
    return extend_schema(
        operation_id=operation,
        summary=summary,
        description=says,
        parameters=[*path, *(each.described() for each in query), _IF_NONE_MATCH, _ETAG, _RETRY_AFTER],
        responses=responses,
        filters=False,
    )
