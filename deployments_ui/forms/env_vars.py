"""To set env vars. No template shows a value that was typed."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from deployments_ui.forms.base import ConfirmForm, DialogForm
from portal.services.env_vars import lines
from portal.services.env_vars.dotenv import TypedValues


class EnvVarsForm(DialogForm):
    """To set env vars: one name and value, or a pasted .env file. Templates show nothing of it but `shown_name`."""

    environment = forms.CharField(label=_("Environment"), required=False)
    many = forms.ChoiceField(
        choices=[("0", _("One env var")), ("1", _("Several: paste a .env file"))], initial="0", required=False
    )
    name = forms.CharField(label=_("Name"), required=False)
    is_name = forms.BooleanField(label=_("This is a name, not a secret"), required=False)
    value = forms.CharField(label=_("Value"), required=False, strip=False)
    pasted = forms.CharField(label=_("Lines of the form NAME=value"), required=False, strip=False)

    @property
    def shown_name(self) -> str:
        """The name as it was typed. Empty if it could be a part of a value, typed into the wrong field."""
        name = (self["name"].value() or "").strip()
        return name if lines.resembles_name(name) else ""

    @property
    def resembles_secret(self) -> bool:
        """Whether the name that was typed is valid, but could be a value that was typed into the wrong field."""
        name = (self["name"].value() or "").strip()
        return lines.is_valid_name(name) and not lines.resembles_name(name)

    @sensitive_variables()
    def clean(self) -> None:
        data = self.cleaned_data
        if data.get("many") == "1" and not data.get("pasted", "").strip():
            self.add_error("pasted", _("Paste at least one line of the form NAME=value."))

    @sensitive_variables()
    def typed_values(self) -> TypedValues:
        """Those of the kind chosen; without a choice, the pasted file if there is one."""
        data = self.cleaned_data
        is_file = data["many"] == "1" or (not data["many"] and bool(data["pasted"].strip()))
        if is_file:
            return TypedValues(data["environment"], pasted=data["pasted"])
        return TypedValues(data["environment"], name=data["name"], value=data["value"], is_name=data["is_name"])


class ReviewForm(ConfirmForm):
    """To set the lines of a draft. Each line has a field for another name, called `rename-` and the key of the line."""

    lines_confirmed = forms.BooleanField(label=_("I checked this. Set the env vars as listed."), required=False)

    @property
    def renamed(self) -> dict[str, str]:
        """The other names, by key. A line without a name has none afterwards either if its field is empty."""
        prefix = "rename-"
        typed = {key.removeprefix(prefix): name for key, name in self.data.items() if key.startswith(prefix)}
        return {key: name for key, name in typed.items() if name.strip() != key and (name.strip() or " " not in key)}
