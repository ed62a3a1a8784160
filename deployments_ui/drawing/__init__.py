"""Rows of long lists, drawn from stencils."""
