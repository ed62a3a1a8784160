"""The API's resources (miosa-api.md 10). A method is one call: it builds a request and parses the response.

Every change takes an `idempotency_key`, which its caller has stored before. Raised everywhere: MiosaError (errors.py).
"""
