"""`make chaos`: processes are killed at random moments around a change, and MIOSA is asked what it has done."""
