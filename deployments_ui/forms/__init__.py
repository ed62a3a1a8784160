"""Django forms of the pages. A view imports those of its noun only."""
