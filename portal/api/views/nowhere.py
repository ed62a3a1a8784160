from typing import Any, NoReturn

from django.http import Http404, HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from portal.api.views.reading import ReadView


@extend_schema(exclude=True)
class Nowhere(ReadView):
    """Every address below the API that is none: a problem, not a page."""

    def get(self, request: Request) -> HttpResponse:
        raise Http404

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> NoReturn:
        raise Http404
