"""A stand-in for the MIOSA API over real HTTP, for the demo and for tests. Imports nothing of the portal."""
