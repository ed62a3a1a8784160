"""Stores rows of MIOSA: each with its customer, merged, and shown in the timeline. Sends no requests."""
