"""Addresses of the JSON API, below `/api/v1/`."""

from django.urls import path, re_path, register_converter

from portal import converters
from portal.api.views.base import UnknownAddress
from portal.api.views.customers import Customers
from portal.api.views.deployments import Deployment, Deployments
from portal.api.views.history import History
from portal.api.views.notes import Note
from portal.api.views.operations import Operation, Operations
from portal.api.views.schema import Schema
from portal.api.views.versions import Version

register_converter(converters.OpaqueIdConverter, "api_id")

CUSTOMER = "customers/<slug:slug>/"
DEPLOYMENT = f"{CUSTOMER}deployments/<api_id:deployment_id>/"

app_name = "api"
urlpatterns = [
    path("customers/", Customers.as_view(), name="customers"),
    path(f"{CUSTOMER}history/", History.as_view(), name="history"),
    path(f"{CUSTOMER}deployments/", Deployments.as_view(), name="deployments"),
    path(DEPLOYMENT, Deployment.as_view(), name="deployment"),
    path(f"{DEPLOYMENT}versions/<api_id:version_id>/", Version.as_view(), name="version"),
    path(f"{DEPLOYMENT}versions/<api_id:version_id>/note/", Note.as_view(), name="note"),
    path("operations/", Operations.as_view(), name="operations"),
    path("operations/<uuid:key>/", Operation.as_view(), name="operation"),
    path("schema/", Schema.as_view(), name="schema"),
    # Only with a slash at the end, so that an address without one is still redirected.
    re_path(r"^(?:[\s\S]*/)?$", UnknownAddress.as_view(), name="unknown"),
]
