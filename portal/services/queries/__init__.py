"""Read-only queries: what pages and the API show, as frozen dataclasses."""
