"""A note on a version."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from deployments_ui.forms.base import DialogForm


class NoteForm(DialogForm):
    """The service says if the note is too long."""

    note = forms.CharField(label=_("Note"), required=False)
