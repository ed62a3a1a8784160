from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from portal.api import cursors, parameters
from portal.api.openapi import describe
from portal.api.parameters import CURSOR, Parameter
from portal.api.serializers.pages import CustomerListSerializer
from portal.api.views.base import ReadView, get_person, respond
from portal.services import visits
from portal.services.queries import customer_list

QUERY = (
    Parameter("q", "Words that the name or the external id contains.", longest=100),
    Parameter(
        "sort",
        "By name (the default), by the last publish, or by the number of apps.",
        ("name", "-name", "recent", "apps"),
    ),
    CURSOR,
)


class Customers(ReadView):
    @describe(
        "list_customers",
        CustomerListSerializer,
        summary="Customers",
        description="The customers that the person may see.",
        query=QUERY,
    )
    def get(self, request: Request) -> HttpResponse:
        person = get_person(request)
        query = parameters.read(request.GET, QUERY)
        search, sort = parameters.first(query, "q"), parameters.first(query, "sort") or "name"
        scope = ("customers", str(person.id), search, sort)
        after = cursors.read(parameters.first(query, "cursor"), scope=scope)
        now = timezone.now()
        loaded = visits.open_list_after(by=person, search=search, sort=sort, after=after, now=now)
        found = customer_list.get_list(loaded, by=person, now=now)
        following = cursors.make(found.following, scope=scope) if found.following else ""
        return respond(request, CustomerListSerializer, found, query=query, cursor=following)
