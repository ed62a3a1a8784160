"""The portal's own settings, with the pages it is compared with."""

import os

from portal.setting_types import parse_database_url
from portal.settings import *  # noqa: F403
from portal.settings import INSTALLED_APPS, STATIC_ROOT, STORAGES

INSTALLED_APPS += ["django.contrib.admin"]
ROOT_URLCONF = "tests.bench.urls"
ALLOWED_HOSTS = ["*"]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
if _url := os.environ.get("TEST_DATABASE_URL"):
    DATABASES = {"default": parse_database_url(_url) | {"CONN_MAX_AGE": None}}  # counted while they last
