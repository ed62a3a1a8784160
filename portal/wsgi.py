import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = get_wsgi_application()
# Every view is loaded now, once for all workers, and not at the expense of whoever asks first.
_ = get_resolver().url_patterns
