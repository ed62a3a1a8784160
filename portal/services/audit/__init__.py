"""The audit log: who did what. `record` adds events; the other modules read, export and verify them."""
