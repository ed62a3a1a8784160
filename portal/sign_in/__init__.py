"""Sign-in, by django-allauth: its adapters, forms and signals, and the limits of sessions."""
