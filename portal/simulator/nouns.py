"""Every module of endpoints; importing this registers their routes."""

from __future__ import annotations

from portal.simulator import deployments, versions

__all__ = ["deployments", "versions"]
