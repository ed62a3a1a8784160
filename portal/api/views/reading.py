"""What all operations do alike: read, and write down an answer that names whom it was made for."""

from hashlib import blake2s
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from portal.api.parameters import Query
from portal.permissions import Person


class ReadView(APIView):
    """An operation that changes nothing, for somebody signed in. Nobody on the way keeps what is told."""

    http_method_names = ("get", "head")
    permission_classes = (IsAuthenticated,)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Cache-Control"] = "no-store"
        patch_vary_headers(final, ("Accept", "Cookie"))
        return final


def person_of(request: Request) -> Person:
    """Put there by the middleware."""
    return cast(Person, cast(Any, request._request).person)


def answer(
    request: Request, shape: type[BaseSerializer[Any]], told: Any, *, query: Query | None = None, cursor: str = ""
) -> HttpResponse:
    """`told` in `shape`, or 304. `cursor` leads to the next page of what `query` asked for."""
    person = person_of(request)
    following = _address(request, query or {}, cursor) if cursor else None
    data = shape(told, context={"person": person, "next": following}).data
    etag = etag_of(data, person=person)
    asked = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponse
    if etag in asked or "*" in asked:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(_written(data), content_type="application/json")
    response["ETag"] = etag
    return response


def etag_of(data: dict[str, Any], *, person: Person) -> str:
    """Made of the person and of all that is told, so another person, right, language or release has another one.

    Only the moment of asking is left out: the same history, looked at again, is the same.
    """
    told = dict(data)
    if "age" in data:
        told["age"] = {key: value for key, value in data["age"].items() if key != "as_of"}
    digest = blake2s(f"{person.id} ".encode(), digest_size=16)
    digest.update(_written(told))
    return f'W/"{digest.hexdigest()}"'


def _written(data: Any) -> bytes:
    return JSONRenderer().render(data)


def _address(request: Request, query: Query, cursor: str) -> str:
    return f"{request.path}?{urlencode({**query, 'cursor': [cursor]}, doseq=True)}"
