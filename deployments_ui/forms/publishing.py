"""To publish a sandbox."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from deployments_ui.forms.base import ConfirmForm
from portal.services.operations.publishing import Publication

# What a form offers besides "detect it".
KINDS = {"static": _("static"), "dynamic": _("dynamic")}


class PublishForm(ConfirmForm):
    """To publish a sandbox to an app, or as a new one with `name`. The services check what was entered."""

    name = forms.CharField(label=_("Name of the new app"), required=False)
    sandbox_id = forms.CharField(label=_("Sandbox"), required=False)
    kind = forms.CharField(label=_("Kind"), required=False, initial="auto")
    build_command = forms.CharField(label=_("Build command"), required=False)
    output_path = forms.CharField(label=_("Output path"), required=False)
    run_command = forms.CharField(label=_("Run command"), required=False)
    port = forms.CharField(label=_("Port"), required=False)
    health_check_path = forms.CharField(label=_("Health check path"), required=False)
    data_services = forms.CharField(label=_("Data services"), required=False)
    then = forms.CharField(label=_("When it is ready"), required=False, initial="live")
    version_note = forms.CharField(label=_("Note on the version"), required=False)
    over_rollback = forms.BooleanField(label=_("Replace the rollback that is live now"), required=False)

    SETTINGS = ("build_command", "output_path", "run_command", "port", "health_check_path", "data_services")

    @property
    def has_wrong_settings(self) -> bool:
        return any(name in self.errors for name in ("kind", *self.SETTINGS))

    @property
    def stated_settings(self) -> str:
        """What is set, and so not detected: static, npm run build, dist."""
        kind = self["kind"].value()
        values = [self[name].value() for name in self.SETTINGS]
        return ", ".join(str(value) for value in [KINDS.get(kind, ""), *values] if value)

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
            version_note=data["version_note"],
        )
