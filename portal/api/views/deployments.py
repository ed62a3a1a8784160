from dataclasses import dataclass

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from portal.api import cursors, parameters
from portal.api.describing import DEPLOYMENT_ID, SLUG, describe
from portal.api.parameters import CURSOR
from portal.api.serializers.deployments import DeploymentListSerializer, DeploymentPageSerializer
from portal.api.views.reading import ReadView, answer, person_of
from portal.services import deployments, history
from portal.services.answers import Age, CustomerHead, DeploymentBrief
from portal.services.errors import NotFound

PAGE = 50
QUERY = (CURSOR,)


@dataclass(frozen=True, slots=True)
class DeploymentList:
    customer: CustomerHead
    results: tuple[DeploymentBrief, ...]
    age: Age


class Deployments(ReadView):
    @describe(
        "list_deployments",
        answer=DeploymentListSerializer,
        summary="A customer's deployments",
        says="The deployments that hold something of the customer's, oldest first.",
        path=(SLUG,),
        query=QUERY,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        query = parameters.read(request.GET, QUERY)
        person = person_of(request)
        found = history.get_history(by=person, slug=slug, query={}, now=timezone.now())
        scope = ("deployments", str(person.id), slug)
        shown, following = page_of(
            found.deployments, after=cursors.read(parameters.first(query, "cursor"), scope=scope)
        )
        told = DeploymentList(found.customer, shown, found.age)
        cursor = cursors.make(following, scope=scope) if following else ""
        return answer(request, DeploymentListSerializer, told, query=query, cursor=cursor)


def page_of(rows: tuple[DeploymentBrief, ...], *, after: str) -> tuple[tuple[DeploymentBrief, ...], str]:
    """The rows after the one of this id, and the id of their last if more follow. Raises NotFound if it is gone."""
    ids = [row.id for row in rows]
    if after and after not in ids:
        raise NotFound
    begin = ids.index(after) + 1 if after else 0
    shown = rows[begin : begin + PAGE]
    return shown, shown[-1].id if len(rows) > begin + PAGE else ""


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
        found = deployments.get_deployment(
            by=person_of(request), slug=slug, deployment_id=deployment_id, query=query, now=timezone.now()
        )
        return answer(request, DeploymentPageSerializer, found, query=query, cursor=found.page.next_cursor)
