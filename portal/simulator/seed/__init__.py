"""The customers and deployments that a new simulator starts with."""
