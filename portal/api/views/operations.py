from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from portal.api import cursors, parameters
from portal.api.describing import OPERATION_KEY, describe
from portal.api.parameters import CURSOR, Parameter
from portal.api.serializers.operations import OperationListSerializer, OperationSerializer
from portal.api.views.reading import ReadView, answer, person_of
from portal.services.queries import operations

QUERY = (
    Parameter("customer", "Of one customer, by its slug."),
    Parameter("deployment", "Of one deployment, by its id."),
    CURSOR,
)


class Operations(ReadView):
    @describe(
        "list_operations",
        answer=OperationListSerializer,
        summary="Operations",
        says="What was asked for here, newest first, as far as the person may see it.",
        query=QUERY,
    )
    def get(self, request: Request) -> HttpResponse:
        person = person_of(request)
        query = parameters.read(request.GET, QUERY)
        slug, deployment_id = parameters.first(query, "customer"), parameters.first(query, "deployment")
        scope = ("operations", str(person.id), slug, deployment_id)
        found = operations.list_operations(
            by=person,
            slug=slug,
            deployment_id=deployment_id,
            before=int(cursors.read(parameters.first(query, "cursor"), scope=scope) or "0"),
            now=timezone.now(),
        )
        following = cursors.make(found.next_cursor, scope=scope) if found.next_cursor else ""
        return answer(request, OperationListSerializer, found, query=query, cursor=following)


class Operation(ReadView):
    @describe(
        "get_operation",
        answer=OperationSerializer,
        summary="An operation",
        says="One change that was asked for here. Looking at it takes it no step further.",
        path=(OPERATION_KEY,),
    )
    def get(self, request: Request, key: UUID) -> HttpResponse:
        found = operations.get_operation(by=person_of(request), key=key, now=timezone.now())
        return answer(request, OperationSerializer, found)
