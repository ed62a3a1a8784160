"""How people sign in, and what belongs to their own account."""
