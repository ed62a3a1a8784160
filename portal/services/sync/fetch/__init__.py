"""Reading again from MIOSA: one reader for all, no more than is needed, never more than the budget."""
