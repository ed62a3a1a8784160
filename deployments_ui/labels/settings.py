"""Texts of the settings page and of the checklist of a new installation."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from deployments_ui import links
from portal.services.checklist import Step


@dataclass(frozen=True, slots=True)
class StepText:
    """`url` is the page on which it is done."""

    label: Promise
    hint: Promise
    url: str


STEPS: dict[Step, StepText] = {
    Step.CONNECTION: StepText(
        _("MIOSA answers"),
        _("It is asked as soon as the worker runs. The settings page shows its errors."),
        links.settings(),
    ),
    Step.CUSTOMERS: StepText(
        _("Customers are found"), _("They are read from MIOSA’s workspaces, within a minute."), links.settings()
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
