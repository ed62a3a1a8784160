"""The portal's settings as every test sees them: nothing of the surrounding environment reaches them.

`TEST_DATABASE_URL` and `TEST_CACHE_URL` choose the second round on PostgreSQL and Redis.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from jinja2 import StrictUndefined

from portal import env, variables

if "TEST_VAR_DIR" not in os.environ:
    # Made by the first process, shared by those it starts, and taken away when it ends.
    os.environ["TEST_VAR_DIR"] = tempfile.mkdtemp(prefix="deploy-desk-test-")
    atexit.register(shutil.rmtree, os.environ["TEST_VAR_DIR"], ignore_errors=True)
VAR = Path(os.environ["TEST_VAR_DIR"])


def forget_surroundings() -> None:
    reader = variables.Reader({"VAR_DIR": str(VAR)})
    env.read(reader, base=VAR)
    for name in [*os.environ]:
        if name.startswith("MIOSA_") or name.removesuffix("_FILE") in reader.defaults:
            del os.environ[name]
    os.environ["VAR_DIR"] = str(VAR)


forget_surroundings()

from portal.settings import *  # noqa: E402, F403  # the surroundings had to be forgotten first
from portal.settings import DATABASES, TEMPLATES  # noqa: E402  # as above

if _url := os.environ.get("TEST_DATABASE_URL"):
    DATABASES["default"] = env.read_database_url(_url)
else:
    # A file, as in life: a database in memory locks whole tables between threads. It needn't survive a power cut.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
DATABASES["default"]["CONN_MAX_AGE"] = 0
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405  # WhiteNoise warns of a folder that isn't there
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TEMPLATES[0]["OPTIONS"]["undefined"] = StrictUndefined
