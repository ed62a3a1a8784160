"""Endpoints below /_control with which tests and people steer the simulator."""
