"""What needs somebody, over all customers: the home of staff."""
