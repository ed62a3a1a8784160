from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from portal.api import cursors, parameters
from portal.api.describing import DEPLOYMENT_ID, SLUG, describe
from portal.api.parameters import CURSOR
from portal.api.serializers.deployments import DeploymentListSerializer, DeploymentPageSerializer
from portal.api.views.reading import ReadView, answer, person_of
from portal.services import freshness
from portal.services.queries import deployments

QUERY = (CURSOR,)


class Deployments(ReadView):
    @describe(
        "list_deployments",
        answer=DeploymentListSerializer,
        summary="A customer's deployments",
        says="The deployments that hold something of the customer's, those seen first first.",
        path=(SLUG,),
        query=QUERY,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        query = parameters.read(request.GET, QUERY)
        by, now = person_of(request), timezone.now()
        scope = ("deployments", str(by.id), slug)
        after = cursors.read(parameters.first(query, "cursor"), scope=scope)
        customer = freshness.open_customer(by=by, slug=slug, now=now)
        found = deployments.list_deployments(customer, by=by, after=after, now=now)
        cursor = cursors.make(found.following, scope=scope) if found.following else ""
        return answer(request, DeploymentListSerializer, found, query=query, cursor=cursor)


class Deployment(ReadView):
    @describe(
        "get_deployment",
        answer=DeploymentPageSerializer,
        summary="A deployment",
        says="What is live, what to go back to, what waits, and what happened, newest first.",
        path=(SLUG, DEPLOYMENT_ID),
        query=QUERY,
    )
    def get(self, request: Request, slug: str, deployment_id: str) -> HttpResponse:
        query = parameters.read(request.GET, QUERY)
        by, now = person_of(request), timezone.now()
        customer, deployment = freshness.open_deployment(by=by, slug=slug, deployment_id=deployment_id, now=now)
        found = deployments.get_deployment(customer, deployment, by=by, query=query, now=now)
        return answer(request, DeploymentPageSerializer, found, query=query, cursor=found.page.next_cursor)
