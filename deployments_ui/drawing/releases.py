"""The button for an action, for pages that are not yet Jinja2 templates."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from deployments_ui.stencil import Stencil
from portal.services.queries.schemas import Action


@dataclass(slots=True)
class ActivationKind:
    id: str
    look: str
    url: str
    cause: str
    word: SafeString
    is_blocked: bool


DEED = Stencil("releases/_deed.html", ActivationKind)


def deed(action: Action, *, url: str, word: str, id: str, look: str) -> SafeString:  # as in HTML
    """The button for something that can be done, or that says why it can't be done now."""
    return DEED.draw(
        [ActivationKind(id, look, url, action.cause, conditional_escape(word), is_blocked=bool(action.cause))]
    )
