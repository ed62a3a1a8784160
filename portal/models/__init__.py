"""The tables. Which of them can be read again from MIOSA and which can't: docs/architecture.md."""

from portal.models.activations import Activation
from portal.models.attribution import DeploymentAttribution, VersionAttribution
from portal.models.audit import AuditEvent, AuditHead
from portal.models.brands import Brand, BrandHost, Image
from portal.models.connection import Bucket, Connection
from portal.models.customers import Customer, CustomerTag
from portal.models.deployments import Deployment, Holding
from portal.models.domains import Domain, DomainLink
from portal.models.entries import Entry, Facet
from portal.models.env_vars import EnvVar, EnvVarDraft, EnvVarUpdate
from portal.models.freshness import Freshness
from portal.models.hand_off import HandOffIdentity, UsedToken
from portal.models.logs import KeptLog
from portal.models.mails import Mail
from portal.models.operations import Operation
from portal.models.people import Invitation, InvitationGrant, Membership, OwnerPermission, SupportTag, User
from portal.models.versions import Version, VersionNote
from portal.models.workspaces import Workspace

__all__ = [
    "Activation",
    "AuditEvent",
    "AuditHead",
    "Brand",
    "BrandHost",
    "Bucket",
    "Connection",
    "Customer",
    "CustomerTag",
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
    "HandOffIdentity",
    "Holding",
    "Image",
    "Invitation",
    "InvitationGrant",
    "KeptLog",
    "Mail",
    "Membership",
    "Operation",
    "OwnerPermission",
    "SupportTag",
    "UsedToken",
    "User",
    "Version",
    "VersionAttribution",
    "VersionNote",
    "Workspace",
]
