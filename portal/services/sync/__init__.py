"""Reading MIOSA into our tables."""
