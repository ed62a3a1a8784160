"""The portal's addresses, and beside them the pages it is compared with."""

from functools import cache, cached_property
from typing import Any

import miosa as official
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

from portal.models import Version

_BODY: dict[str, bytes] = {}
_PAGE = """<!doctype html><title>{{ customer }}</title><table>{% for deployment, version in rows %}<tr>
<td>{{ version.created_at|slice:":19" }}</td><td>{{ version.state }}</td><td>{{ deployment.name }}</td>
<td>{{ version.version_number }}</td><td>{{ version.kind }}</td><td>{{ version.external_user_id }}</td>
<td>{{ version.source_sandbox_id }}</td><td><a href="{{ deployment.id }}/{{ version.id }}/">Compare</a></td>
<td>{% if version.id == deployment.active_version_id %}live{% endif %}</td></tr>{% endfor %}</table>"""


@login_required
def bare(request: HttpRequest) -> HttpResponse:
    """As many bytes as the page it is compared with, behind the same sign-in and middleware."""
    if request.method == "POST":
        _BODY["page"] = request.body
    return HttpResponse(_BODY.get("page", b""))


@login_required
def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


@login_required
def by_official_client(request: HttpRequest) -> HttpResponse:
    """A customer's history, asked of MIOSA through its own client each time somebody looks."""
    client, customer = _client(), request.GET["customer"]
    rows = [
        (deployment, version)
        for deployment in client.deployments.list(external_workspace_id=customer)
        for version in client.deployments.versions(deployment.id).list(limit=50)
    ]
    rows.sort(key=lambda row: str(row[1].created_at), reverse=True)
    page = engines["django"].from_string(_PAGE)
    return HttpResponse(page.render({"customer": customer, "rows": rows[:50]}))


@cache
def _client() -> Any:
    base = settings.MIOSA.base_url.removesuffix("/api/v1")
    return official.Miosa(api_key=settings.MIOSA.api_key, base_url=base)


class Uncounted(Paginator[Version]):
    @cached_property
    def count(self) -> int:
        return 1_000_000


class VersionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # the stub alone is generic
    """What a row of our page tells, as columns."""

    list_display = ("deployment", "number", "state", "kind", "external_user_id", "files", "total_bytes", "created_at")
    list_per_page = 50
    show_full_result_count = False
    paginator = Uncounted
    ordering = ("-pk",)


class Site(admin.AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active)


site = Site()
site.register(Version, VersionAdmin)

urlpatterns = [
    path("bench/bare/", bare),
    path("bench/empty/", empty),
    path("bench/official/", by_official_client),
    path("bench/admin/", site.urls),
    path("", include("portal.urls")),
]
