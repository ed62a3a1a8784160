"""Checks whether an address on the web answers.

Knows no Django, sends no credentials or cookies, and is bounded in time and bytes. The host name comes from outside, so
it is resolved once, all of its addresses must be public, and the connection is made to one of these addresses with the
name in Host and SNI. A different DNS answer a moment later (rebinding) can't lead into a private network.
"""

from portal.probe.client import Answer, Outcome, ask

__all__ = ["Answer", "Outcome", "ask"]
