"""The portal's URLs, and the pages that it is compared with."""

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
from django.utils.dateparse import parse_datetime

from portal.models import Version

_BODY: dict[str, bytes] = {}
# Our layout, and rows with the same facts as ours, straight from what the client returns.
_PAGE = """{% extends "base.html" %}
{% block title %}{{ customer }}{% endblock %}
{% block main %}
<h1>{{ customer }}</h1>
<ol class="timeline">
{% for deployment, version, at in rows %}
  <li class="entry" id="v{{ version.id }}">
    {{ ui.hour(at) }}
    <span class="state is-{{ version.state }}">
      {{ ui.shape(version.state) }}<span class="word">{{ version.state }}</span>
    </span>
    <a class="summary" href="{{ links.version(customer, deployment.id, version.id) }}">
      <span class="name">{{ deployment.name }}</span> <b>#{{ version.version_number }}</b>
    </a>
    <span class="more">
      {{ version.kind }} · {{ version.artifact_manifest.files|file_count }} ·
      {{ version.artifact_manifest.total_bytes|size }} · from {{ version.source_sandbox_id }}
    </span>
    <span class="who name">{{ version.external_user_id }}</span>
    {% if version.id != deployment.active_version_id %}
      <a href="{{ links.compare(customer, deployment.id, version.id, deployment.active_version_id) }}">Compare</a>
    {% endif %}
  </li>
{% endfor %}
</ol>
{% endblock %}"""


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
    """A customer's history, requested from MIOSA by its official client for each view."""
    client, customer = _client(), request.GET["customer"]
    rows = [
        (deployment, version, parse_datetime(str(version.created_at)))
        for deployment in client.deployments.list(external_workspace_id=customer)
        for version in client.deployments.versions(deployment.id).list(limit=50)
    ]
    rows.sort(key=lambda row: str(row[1].created_at), reverse=True)
    return HttpResponse(_page().render({"customer": customer, "rows": rows[:50]}, request))


@cache
def _page() -> Any:
    return engines["jinja2"].from_string(_PAGE)


@cache
def _client() -> Any:
    base = settings.MIOSA.base_url.removesuffix("/api/v1")
    return official.Miosa(api_key=settings.MIOSA.api_key, base_url=base)


class Uncounted(Paginator[Version]):
    @cached_property
    def count(self) -> int:
        return 1_000_000


class VersionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # the stub alone is generic
    """The same facts as a row of the portal's page, as columns."""

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
