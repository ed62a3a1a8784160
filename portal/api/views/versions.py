from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from portal.api.describing import DEPLOYMENT_ID, SLUG, VERSION_ID, describe
from portal.api.serializers.versions import VersionPageSerializer
from portal.api.views.reading import ReadView, answer, person_of
from portal.services import freshness
from portal.services.queries import versions


class Version(ReadView):
    @describe(
        "get_version",
        answer=VersionPageSerializer,
        summary="A version",
        says="Its facts, its life, why it failed, and how long it can be restored.",
        path=(SLUG, DEPLOYMENT_ID, VERSION_ID),
    )
    def get(self, request: Request, slug: str, deployment_id: str, version_id: str) -> HttpResponse:
        by, now = person_of(request), timezone.now()
        loaded = freshness.open_version(by=by, slug=slug, deployment_id=deployment_id, version_id=version_id, now=now)
        found = versions.get_version(loaded, by=by, now=now)
        return answer(request, VersionPageSerializer, found)
