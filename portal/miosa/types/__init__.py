"""The API's objects as frozen structs (miosa-api.md 8). Enum fields are plain text, since MIOSA may add values."""

from portal.miosa.types.artifacts import Build, Release
from portal.miosa.types.base import Page, Row, Unreadable
from portal.miosa.types.deployments import Deployment, Version
from portal.miosa.types.domains import DnsRecord, Domain
from portal.miosa.types.runtime import EnvVar, RuntimeInstance
from portal.miosa.types.workspaces import Sandbox, Tenant, Workspace

__all__ = [
    "Build",
    "Deployment",
    "DnsRecord",
    "Domain",
    "EnvVar",
    "Page",
    "Release",
    "Row",
    "RuntimeInstance",
    "Sandbox",
    "Tenant",
    "Unreadable",
    "Version",
    "Workspace",
]
