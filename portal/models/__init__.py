"""The tables. Which of them can be read again from MIOSA and which can't: docs/architecture.md."""

from portal.models.activations import Activation
from portal.models.attribution import DeploymentAttribution, VersionAttribution
from portal.models.connection import Bucket, Connection
from portal.models.customers import Customer
from portal.models.deployments import Deployment, Holding
from portal.models.domains import Domain, DomainLink
from portal.models.entries import Entry, Facet
from portal.models.env_vars import EnvVar, EnvVarDraft, EnvVarUpdate
from portal.models.freshness import Freshness
from portal.models.logs import KeptLog
from portal.models.operations import Operation
from portal.models.people import Membership, User
from portal.models.versions import Version
from portal.models.workspaces import Workspace

__all__ = [
    "Activation",
    "Bucket",
    "Connection",
    "Customer",
    "Deployment",
    "DeploymentAttribution",
    "Domain",
    "DomainLink",
    "Entry",
    "EnvVar",
    "EnvVarDraft",
    "EnvVarUpdate",
    "Facet",
    "Freshness",
    "Holding",
    "KeptLog",
    "Membership",
    "Operation",
    "User",
    "Version",
    "VersionAttribution",
    "Workspace",
]
