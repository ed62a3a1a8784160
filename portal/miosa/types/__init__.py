"""MIOSA's nouns as frozen structs. Enum fields are plain text, since MIOSA may add values."""

from portal.miosa.types.base import Attempt, Outcome, Page, Row, Unreadable
from portal.miosa.types.changes import Changed, Published
from portal.miosa.types.deployments import Deployment, Version
from portal.miosa.types.domains import DnsRecord, Domain
from portal.miosa.types.env import EnvVar
from portal.miosa.types.places import Sandbox, Tenant, Workspace
from portal.miosa.types.releases import Build, Release
from portal.miosa.types.runtime import RuntimeInstance

__all__ = [
    "Attempt",
    "Build",
    "Changed",
    "Deployment",
    "DnsRecord",
    "Domain",
    "EnvVar",
    "Outcome",
    "Page",
    "Published",
    "Release",
    "Row",
    "RuntimeInstance",
    "Sandbox",
    "Tenant",
    "Unreadable",
    "Version",
    "Workspace",
]
