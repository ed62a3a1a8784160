"""Mails: `compose.send` stores one, and the worker sends it."""
