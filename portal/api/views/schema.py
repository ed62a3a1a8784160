from functools import lru_cache
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from portal.api.views.base import ReadView


@extend_schema(exclude=True)
class Schema(ReadView):
    """The OpenAPI schema, rendered once per process and language."""

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(render(get_language() or ""), content_type="application/json")


@lru_cache(maxsize=8)
def render(language: str) -> bytes:
    generator: Any = SchemaGenerator
    return bytes(OpenApiJsonRenderer().render(generator().get_schema(request=None, public=True), renderer_context={}))
