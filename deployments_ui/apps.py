from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeploymentsUiConfig(AppConfig):
    name = "deployments_ui"
    verbose_name = _("Deployments")
