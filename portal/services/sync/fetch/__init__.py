"""Reads MIOSA: one reader for a scope, no more than needed, never more than the budget allows."""
