from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from portal.api import cursors, parameters
from portal.api.openapi import OPERATION_KEY, describe
from portal.api.parameters import CURSOR, Parameter
from portal.api.serializers.operations import OperationListSerializer, OperationSerializer
from portal.api.views.base import ReadView, get_person, respond
from portal.services.queries import operations

QUERY = (
    Parameter("customer", "Of one customer, by its slug."),
    Parameter("deployment", "Of one deployment, by its id."),
    CURSOR,
)


class Operations(ReadView):
    @describe(
        "list_operations",
        OperationListSerializer,
        summary="Operations",
        description="Changes requested in this portal, newest first, as far as the person may see them.",
        query=QUERY,
    )
    def get(self, request: Request) -> HttpResponse:
        person = get_person(request)
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
        return respond(request, OperationListSerializer, found, query=query, cursor=following)


class Operation(ReadView):
    @describe(
        "get_operation",
        OperationSerializer,
        summary="An operation",
        description="One change requested in this portal. Reading it does not advance it.",
        path=(OPERATION_KEY,),
    )
    def get(self, request: Request, key: UUID) -> HttpResponse:
        found = operations.get_operation(by=get_person(request), key=key, now=timezone.now())
        return respond(request, OperationSerializer, found)
