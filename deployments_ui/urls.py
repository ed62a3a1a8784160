"""The pages. Names are nouns, one in five places: address, view, template, part, element."""

from django.urls import path, register_converter

from deployments_ui import links
from deployments_ui.views import compare, customers, deployments, find, history, styleguide, theme, versions

register_converter(links.OpaqueId, "opaque")

DEPLOYMENT = "c/<slug:slug>/deployments/<opaque:deployment_id>/"
VERSION = f"{DEPLOYMENT}versions/<opaque:version_id>/"

urlpatterns = [
    path("", customers.home, name="home"),
    path("customers/", customers.index, name="customers"),
    path("c/<slug:slug>/", history.show, name="history"),
    path("c/<slug:slug>/refresh/", history.refresh, name="history_refresh"),
    path(DEPLOYMENT, deployments.show, name="deployment"),
    path(f"{DEPLOYMENT}refresh/", deployments.refresh, name="deployment_refresh"),
    path(f"{DEPLOYMENT}builds/", deployments.builds, name="builds"),
    path(f"{DEPLOYMENT}compare/", compare.show, name="comparison"),
    path(VERSION, versions.show, name="version"),
    path(f"{VERSION}log/", versions.log, name="log"),
    path(f"{VERSION}log.txt", versions.log_text, name="log_text"),
    path("find/", find.show, name="find"),
    path("styleguide/", styleguide.show, name="styleguide"),
    path("styleguide/<slug:page>/", styleguide.show, name="styleguide_page"),
    path("theme/", theme.choose, name="theme"),
]
