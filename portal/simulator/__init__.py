"""A stand-in for the platform's HTTP API, for the demo and for tests. Knows nothing of the portal."""

from portal.simulator.simulator import RefusedToStart, Simulator

__all__ = ["RefusedToStart", "Simulator"]
