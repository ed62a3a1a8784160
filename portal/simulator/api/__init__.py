"""The imitated API below /api/v1, one module per resource. Section numbers refer to docs/miosa-api.md."""
