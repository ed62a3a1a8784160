from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from portal.api import cursors, parameters
from portal.api.openapi import DEPLOYMENT_ID, SLUG, describe
from portal.api.parameters import CURSOR
from portal.api.serializers.pages import DeploymentListSerializer, DeploymentPageSerializer
from portal.api.views.base import ReadView, get_person, respond
from portal.services import visits
from portal.services.queries import deployments

QUERY = (CURSOR,)


class Deployments(ReadView):
    @describe(
        "list_deployments",
        DeploymentListSerializer,
        summary="A customer's deployments",
        description="The deployments on which the customer has something, in the order in which they were first seen.",
        path=(SLUG,),
        query=QUERY,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        query = parameters.read(request.GET, QUERY)
        by, now = get_person(request), timezone.now()
        scope = ("deployments", str(by.id), slug)
        after = cursors.read(parameters.first(query, "cursor"), scope=scope)
        customer = visits.open_customer(by=by, slug=slug, now=now)
        found = deployments.list_deployments(customer, by=by, after=after, now=now)
        cursor = cursors.make(found.following, scope=scope) if found.following else ""
        return respond(request, DeploymentListSerializer, found, query=query, cursor=cursor)


class Deployment(ReadView):
    @describe(
        "get_deployment",
        DeploymentPageSerializer,
        summary="A deployment",
        description="The live version, the version to roll back to, what waits, and the timeline, newest first.",
        path=(SLUG, DEPLOYMENT_ID),
        query=QUERY,
    )
    def get(self, request: Request, slug: str, deployment_id: str) -> HttpResponse:
        query = parameters.read(request.GET, QUERY)
        by, now = get_person(request), timezone.now()
        customer, deployment = visits.open_deployment(by=by, slug=slug, deployment_id=deployment_id, now=now)
        found = deployments.get_deployment(customer, deployment, by=by, query=query, now=now)
        return respond(request, DeploymentPageSerializer, found, query=query, cursor=found.page.next_cursor)
