from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from portal.api.openapi import DEPLOYMENT_ID, SLUG, VERSION_ID, describe
from portal.api.serializers.pages import VersionPageSerializer
from portal.api.views.base import ReadView, get_person, respond
from portal.services import visits
from portal.services.queries import versions


class Version(ReadView):
    @describe(
        "get_version",
        VersionPageSerializer,
        summary="A version",
        description="Its facts, its history, why it failed, and how long it can be restored.",
        path=(SLUG, DEPLOYMENT_ID, VERSION_ID),
    )
    def get(self, request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
        by, now = get_person(request), timezone.now()
        loaded = visits.open_version(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id, now=now)
        found = versions.get_version(loaded, by=by, now=now)
        return respond(request, VersionPageSerializer, found)
