"""Django forms of the pages."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from django_stubs_ext import StrOrPromise

from deployments_ui import labels
from portal.services.env_vars import dotenv
from portal.services.env_vars.drafts import TypedValues
from portal.services.errors import Invalid
from portal.services.operations.publishing import Publication
from portal.services.operations.submit import Confirmation
from portal.services.queries.filters import Choices, Filters
from portal.services.queries.schemas import State


class FilterField(forms.MultipleChoiceField):
    """Checkboxes of one filter. A value that is no choice is reported, and filters nothing."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, label: StrOrPromise, unknown: StrOrPromise) -> None:
        super().__init__(label=label, required=False, error_messages={"invalid_choice": unknown})

    def to_python(self, value: Any) -> list[str]:
        return [each for each in super().to_python(value) if each]


class DateFilterField(forms.DateField):
    def __init__(self, label: StrOrPromise) -> None:
        ignored = _("This date does not exist, so it was ignored.")
        super().__init__(
            label=label,
            required=False,
            input_formats=["%Y-%m-%d"],
            error_messages={"invalid": ignored},
            validators=[
                MinValueValidator(date(1970, 1, 1), message=ignored),
                MaxValueValidator(date(9000, 12, 31), message=ignored),
            ],
        )


class HistoryFilterForm(forms.Form):
    """The filters above a customer's history: a GET form, whose invalid values are ignored with a note."""

    app = FilterField(_("App"), _("The filter for an unknown app was ignored."))
    state = FilterField(_("State"), _("The filter for an unknown state was ignored."))
    kind = FilterField(_("Kind"), _("The filter for an unknown kind was ignored."))
    person = FilterField(_("Person"), _("The filter for an unknown person was ignored."))
    project = FilterField(_("Project"), _("The filter for an unknown project was ignored."))
    q = forms.CharField(label=_("Search this history"), required=False)

    def __init__(self, query: QueryDict, *, filters: Filters, choices: Choices) -> None:
        super().__init__(query, auto_id="filter-%s")
        self.fields["from"] = DateFilterField(_("From"))
        self.fields["to"] = DateFilterField(_("To"))
        states = [State(each.key) for each in choices.states]
        # A rare state that is not offered may be in an address, and has to show as chosen.
        states += [state for state in filters.states if state not in states]
        self._offered = {
            "app": [(each.key, each.label) for each in choices.deployments],
            "state": [(state.value, str(labels.STATES[state].word)) for state in states],
            "kind": [(each.key, labels.kind(each.key)) for each in choices.kinds],
            "person": [(each.key, each.label) for each in choices.people],
            "project": [(each.key, each.label) for each in choices.projects],
        }
        for name, offered in self._offered.items():
            cast(FilterField, self.fields[name]).choices = offered

    @property
    def menus(self) -> list[forms.BoundField]:
        """The filters that offer a choice, and those in use."""
        return [self[name] for name, offered in self._offered.items() if len(offered) > 1 or self[name].value()]

    @property
    def notes(self) -> list[str]:
        return [str(error) for errors in self.errors.values() for error in errors]


def filter_query(filters: Filters) -> list[tuple[str, str]]:
    """The filters as they stand in an address; nothing for what is not filtered."""
    pairs: list[tuple[str, str]] = [
        *(("app", key) for key in filters.deployments),
        *(("state", key) for key in filters.states),
        *(("kind", key) for key in filters.kinds),
        *(("person", key) for key in filters.people),
        *(("project", key) for key in filters.projects),
    ]
    if filters.date_from:
        pairs.append(("from", filters.date_from.isoformat()))
    if filters.date_to:
        pairs.append(("to", filters.date_to.isoformat()))
    if filters.text:
        pairs.append(("q", filters.text))
    return pairs


class DialogForm(forms.Form):
    """A form in the dialog of a page."""

    def __init__(self, data: QueryDict | None = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, auto_id="%s")

    def add_errors(self, error: Invalid) -> None:
        """What a service found wrong, at the fields that it names."""
        for name, text in error.fields.items():
            self.add_error(name if name in self.fields else None, text)


class ConfirmForm(DialogForm):
    """What every form that changes something sends: its token and why. The services check both."""

    token = forms.CharField(required=False, widget=forms.HiddenInput)
    choice = forms.CharField(required=False)
    reason = forms.CharField(label=_("Reason in your words"), required=False)
    note = forms.CharField(label=_("Internal note"), required=False)
    environment = forms.CharField(label=_("Environment"), required=False)
    override = forms.CharField(required=False)

    def confirmed(self) -> Confirmation:
        names = ("token", "choice", "reason", "note", "environment", "override")
        return Confirmation(**{name: self.cleaned_data[name] for name in names})


class NameForm(ConfirmForm):
    """To create, rename or delete an app; for a deletion the name confirms it."""

    name = forms.CharField(label=_("Name"), required=False)


class PublishForm(ConfirmForm):
    """To publish a sandbox to an app, or as a new one with `name`. The services check what was entered."""

    name = forms.CharField(label=_("Name of the new app"), required=False)
    sandbox_id = forms.CharField(label=_("From sandbox"), required=False)
    kind = forms.CharField(label=_("Kind"), required=False, initial="auto")
    build_command = forms.CharField(label=_("Build command"), required=False)
    output_path = forms.CharField(label=_("Output path"), required=False)
    run_command = forms.CharField(label=_("Run command"), required=False)
    port = forms.CharField(label=_("Port"), required=False)
    health_check_path = forms.CharField(label=_("Health check path"), required=False)
    data_services = forms.CharField(label=_("Data services"), required=False)
    then = forms.CharField(label=_("When it is ready"), required=False, initial="live")
    over_rollback = forms.BooleanField(label=_("Yes, replace the rollback that is live now"), required=False)

    SETTINGS = ("build_command", "output_path", "run_command", "port", "health_check_path", "data_services")

    @property
    def has_wrong_settings(self) -> bool:
        return any(name in self.errors for name in self.SETTINGS)

    def publication(self) -> Publication:
        data = self.cleaned_data
        return Publication(
            confirmation=self.confirmed(),
            sandbox_id=data["sandbox_id"],
            name=data["name"],
            kind=data["kind"] or "auto",
            **{name: data[name] for name in self.SETTINGS},
            go_live=data["then"] in {"", "live"},
            over_rollback=data["over_rollback"],
        )


class RedirectPolicyField(forms.ChoiceField):
    """Whether one of www.example.com and example.com redirects to the other."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Redirect"),
            choices=list(labels.REDIRECT_POLICIES.items()),
            initial="none",
            required=False,
            widget=forms.RadioSelect,
        )


class AddDomainForm(ConfirmForm):
    domain = forms.CharField(label=_("Domain"), required=False, max_length=300)
    with_twin = forms.BooleanField(required=False)
    policy = RedirectPolicyField()


class RedirectDomainForm(ConfirmForm):
    policy = RedirectPolicyField()


class DetachDomainForm(ConfirmForm):
    """The name of the domain confirms it."""

    name = forms.CharField(required=False)


class EnvVarsForm(DialogForm):
    """To set env vars: one name and value, or a pasted .env file. Templates show nothing of it but `shown_name`."""

    environment = forms.CharField(label=_("Environment"), required=False)
    many = forms.ChoiceField(
        choices=[("0", _("One env var")), ("1", _("Several: paste a .env file"))], initial="0", required=False
    )
    name = forms.CharField(label=_("Name"), required=False)
    value = forms.CharField(label=_("Value"), required=False, strip=False)
    pasted = forms.CharField(label=_("Lines of the form NAME=value"), required=False, strip=False)

    @property
    def shown_name(self) -> str:
        """The name as it was typed. Empty if it could be a part of a value, typed into the wrong field."""
        name = (self["name"].value() or "").strip()
        return name if dotenv.resembles_name(name) else ""

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
        return TypedValues(data["environment"], name=data["name"], value=data["value"])


class ReviewForm(ConfirmForm):
    """To set the lines of a draft. Each line has a field for another name, called `rename-` and the key of the line."""

    @property
    def renamed(self) -> dict[str, str]:
        """The other names, by key. A line without a name has none afterwards either if its field is empty."""
        prefix = "rename-"
        typed = {key.removeprefix(prefix): name for key, name in self.data.items() if key.startswith(prefix)}
        return {key: name for key, name in typed.items() if name.strip() != key and (name.strip() or " " not in key)}
