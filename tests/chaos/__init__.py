"""`make chaos`: processes are killed at random times around a change, and MIOSA's changes are counted."""
