"""Asks one address on the web whether it answers, and goes nowhere else.

No Django, no credentials, no cookies, bounded in time and bytes. The name comes from outside, so it is resolved once,
every address must be globally routable, and the connection goes to that very address with the name in Host and SNI: a
second, different answer of DNS can't lead inside (docs/rules.md).
"""

from portal.probe.asking import Answer, Outcome, ask

__all__ = ["Answer", "Outcome", "ask"]
