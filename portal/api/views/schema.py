from functools import lru_cache
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from portal.api.views.reading import ReadView


@extend_schema(exclude=True)
class Schema(ReadView):
    """What can be asked, as OpenAPI. It doesn't change while a process lives, so it is made once."""

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(written(get_language() or ""), content_type="application/json")


@lru_cache(maxsize=8)
def written(language: str) -> bytes:
    generator: Any = SchemaGenerator
    return bytes(OpenApiJsonRenderer().render(generator().get_schema(request=None, public=True), renderer_context={}))
