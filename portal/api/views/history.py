from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from portal.api import parameters
from portal.api.openapi import SLUG, describe
from portal.api.parameters import CURSOR, Parameter
from portal.api.serializers.history import HistorySerializer
from portal.api.views.base import ReadView, get_person, respond
from portal.services import visits
from portal.services.queries import history
from portal.services.queries.filters import EVENTS
from portal.services.queries.schemas import State

STATES = tuple(state.value for state in State if state is not State.GONE)
QUERY = (
    Parameter("app", "Deployments, by their ids.", many=True),
    Parameter("event", "What happened.", EVENTS, many=True),
    Parameter("state", "States of versions.", STATES, many=True),
    Parameter("kind", "Kinds of versions.", ("static", "dynamic", "sandbox_backed", "other"), many=True),
    Parameter("person", "Who published or requested it: keys of `choices.people`.", many=True),
    Parameter("project", "Projects: keys of `choices.projects`.", many=True),
    Parameter("from", "The first day.", is_day=True),
    Parameter("to", "The last day.", is_day=True),
    Parameter("q", "A text, `#46` for a number, or a whole id or hash."),
    CURSOR,
)


class History(ReadView):
    @describe(
        "get_history",
        HistorySerializer,
        summary="A customer's history",
        description="Versions, operations and changes of the live version, over all deployments, newest first.",
        path=(SLUG,),
        query=QUERY,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        query = parameters.read(request.GET, QUERY)
        by, now = get_person(request), timezone.now()
        customer = visits.open_customer(by=by, slug=slug, now=now)
        found = history.get_history(customer, by=by, query=query, now=now)
        understood = found.filters
        parameters.require_known(
            query, {"app": understood.deployments, "person": understood.people, "project": understood.projects}
        )
        return respond(request, HistorySerializer, found, query=query, cursor=found.page.next_cursor)
