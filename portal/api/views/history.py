from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from portal.api import parameters
from portal.api.describing import SLUG, describe
from portal.api.parameters import CURSOR, Parameter
from portal.api.serializers.history import HistorySerializer
from portal.api.views.reading import ReadView, answer, person_of
from portal.services import freshness
from portal.services.queries import history
from portal.services.queries.schemas import State

STATES = tuple(state.value for state in State if state is not State.GONE)
QUERY = (
    Parameter("app", "Deployments, by their ids.", many=True),
    Parameter("state", "States of versions.", STATES, many=True),
    Parameter("kind", "Kinds of versions.", ("static", "dynamic", "sandbox_backed", "other"), many=True),
    Parameter("person", "Who published: keys of `choices.people`.", many=True),
    Parameter("project", "Projects: keys of `choices.projects`.", many=True),
    Parameter("from", "The first day.", is_day=True),
    Parameter("to", "The last day.", is_day=True),
    Parameter("q", "A text, `#46` for a number, a whole id or hash."),
    CURSOR,
)


class History(ReadView):
    @describe(
        "get_history",
        answer=HistorySerializer,
        summary="A customer's history",
        says="Every version and every change of what is live, over all deployments of the customer, newest first.",
        path=(SLUG,),
        query=QUERY,
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        query = parameters.read(request.GET, QUERY)
        by, now = person_of(request), timezone.now()
        customer = freshness.open_customer(by=by, slug=slug, now=now)
        found = history.get_history(customer, by=by, query=query, now=now)
        understood = found.filters
        parameters.require_known(
            query, {"app": understood.deployments, "person": understood.people, "project": understood.projects}
        )
        return answer(request, HistorySerializer, found, query=query, cursor=found.page.next_cursor)
