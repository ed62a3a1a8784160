from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from portal.api.openapi import DEPLOYMENT_ID, SLUG, VERSION_ID, describe
from portal.api.problems import BadBody
from portal.api.serializers.notes import NoteSerializer
from portal.api.views.base import ReadView, get_person, respond
from portal.services import notes

PATH = (SLUG, DEPLOYMENT_ID, VERSION_ID)


class Note(ReadView):
    http_method_names = ("get", "head", "put")

    @describe(
        "get_note",
        NoteSerializer,
        summary="The note of a version",
        description="What people wrote about it; empty if nobody did.",
        path=PATH,
    )
    def get(self, request: Request, **ids: str) -> HttpResponse:
        return respond(request, NoteSerializer, notes.get_noted(by=get_person(request), **ids))

    @describe(
        "put_note",
        NoteSerializer,
        summary="Write the note of a version",
        description="Replaces the note of at most 200 characters; an empty one removes it. Needs a CSRF token.",
        path=PATH,
        body=NoteSerializer,
    )
    def put(self, request: Request, **ids: str) -> HttpResponse:
        by = get_person(request)
        notes.open_form(by=by, **ids)
        data: Any = request.data
        note = data.get("note") if isinstance(data, dict) else None
        if not isinstance(note, str):
            raise BadBody
        return respond(request, NoteSerializer, notes.set_note(note, by=by, now=timezone.now(), **ids))
