"""Texts of the settings page and of the checklist of a new installation."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from deployments_ui import links
from portal.services.checklist import Step
from portal.services.installation import Installation


@dataclass(frozen=True, slots=True)
class StepText:
    """`url` is the page on which it is done."""

    label: Promise
    hint: Promise
    url: str


STEPS: dict[Step, StepText] = {
    Step.CONNECTION: StepText(
        _("MIOSA answers"),
        _("Checked as soon as the worker runs. The settings page shows errors."),
        links.settings(),
    ),
    Step.CUSTOMERS: StepText(
        _("Customers are found"), _("Read from MIOSA’s workspaces, within a minute."), links.settings()
    ),
    Step.BRAND: StepText(_("Set your brand"), _("Name, logo and colour of your platform."), links.brand(0)),
    Step.MAIL: StepText(
        _("Send a test mail"), _("Invitations are sent by mail. It needs the setting SMTP_URL."), links.settings()
    ),
    Step.SUPPORT: StepText(_("Invite support"), _("People of your platform who help customers."), links.people()),
    Step.CUSTOMER_PEOPLE: StepText(
        _("Invite a first customer"), _("An owner of one customer, who sees nothing of the others."), links.people()
    ),
}


def get_step_text(step: Step) -> StepText:
    return STEPS[step]


def list_problems(state: Installation) -> list[tuple[str | Promise, str]]:
    """What is wrong with the installation, each with where it is explained."""
    problems: list[tuple[str | Promise, str]] = []
    if not state.worker.is_running:
        problems.append((_("The worker is not running, so nothing is refreshed, checked or mailed."), "#worker"))
    if state.miosa.status.for_operators:
        problems.append((state.miosa.status.for_operators, "#miosa"))
    if state.miosa.refused:
        codes = ", ".join(code for code, _count in state.miosa.refused)
        problems.append((_("MIOSA refuses some requests: %(codes)s.") % {"codes": codes}, "#miosa"))
    if unknown := state.worker.unknown_operations:
        text = ngettext(
            "%(num)d operation has an unknown outcome.", "%(num)d operations have an unknown outcome.", unknown
        )
        problems.append((text % {"num": unknown}, links.operations()))
    if not state.mails.server:
        problems.append((_("No mail server is set, so mails wait."), "#mails"))
    if failed := state.mails.failed:
        text = ngettext("%(num)d mail was not sent.", "%(num)d mails were not sent.", failed)
        problems.append((text % {"num": failed}, "#mails"))
    return problems + [(warning, "#address") for warning in state.address.warnings]
