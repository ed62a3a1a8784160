"""People who come from the platform's own app with a short-lived token: docs/handoff.md.

`accept` verifies a token and makes a grant of it for one browser; `grants` turns the grant into a sign-in.
"""
