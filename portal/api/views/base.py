"""What all views of the API share: they read, and respond with an ETag that is valid for one person."""

from hashlib import blake2s
from typing import Any, NoReturn, cast
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from portal.api.parameters import Query
from portal.permissions import Person

_WEAK = "W/"


class ReadView(APIView):
    """A view that changes nothing, for signed-in people. Its responses may not be cached."""

    http_method_names: tuple[str, ...] = ("get", "head")
    permission_classes = (IsAuthenticated,)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Cache-Control"] = "no-store"
        patch_vary_headers(final, ("Accept", "Cookie"))
        return final


@extend_schema(exclude=True)
class UnknownAddress(ReadView):
    """Every other address below the API: a problem, not a page."""

    def get(self, request: Request) -> HttpResponse:
        raise Http404

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> NoReturn:
        raise Http404


def get_person(request: Request) -> Person:
    """Set by `PersonMiddleware`."""
    return cast(Person, cast(Any, request).person)


def respond(
    request: Request,
    serializer: type[BaseSerializer[Any]],
    found: Any,
    *,
    query: Query | None = None,
    cursor: str = "",
) -> HttpResponse:
    """`found` as JSON, or 304. `cursor` leads to the next page of `query`.

    ETags are compared weakly (RFC 9110, 13.1.2).
    """
    person = get_person(request)
    next_url = f"{request.path}?{urlencode({**(query or {}), 'cursor': [cursor]}, doseq=True)}" if cursor else None
    data = serializer(found, context={"person": person, "next": next_url}).data
    etag = make_etag(data, person=person)
    given = parse_etags(request.headers.get("If-None-Match", "")) if request.method in SAFE_METHODS else ()
    response: HttpResponse
    if "*" in given or etag.removeprefix(_WEAK) in {one.removeprefix(_WEAK) for one in given}:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(_render(data), content_type="application/json")
    response["ETag"] = etag
    return response


def make_etag(data: dict[str, Any], *, person: Person) -> str:
    """Another one for each person and for other data. `age.as_of` is left out: a refresh alone changes nothing."""
    hashed = dict(data)
    if "age" in data:
        hashed["age"] = {key: value for key, value in data["age"].items() if key != "as_of"}
    digest = blake2s(f"{person.id} ".encode(), digest_size=16)
    digest.update(_render(hashed))
    return f'{_WEAK}"{digest.hexdigest()}"'


def _render(data: Any) -> bytes:
    return JSONRenderer().render(data)
