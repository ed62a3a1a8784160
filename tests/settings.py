"""Settings of the tests. The portal's variables in the shell that runs them have no effect.

With `TEST_DATABASE_URL` the tests run on PostgreSQL.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from jinja2 import StrictUndefined

from portal.environment import NAMES
from portal.setting_types import parse_database_url

if "TEST_VAR_DIR" not in os.environ:
    # Created by the first process, shared with the processes it starts, and removed when it ends.
    os.environ["TEST_VAR_DIR"] = tempfile.mkdtemp(prefix="deploy-desk-test-")
    atexit.register(shutil.rmtree, os.environ["TEST_VAR_DIR"], ignore_errors=True)
VAR = Path(os.environ["TEST_VAR_DIR"])


def clear_environment() -> None:
    """Removes every setting of the portal, also misspelt names of MIOSA's, and sets VAR_DIR."""
    for name in [*os.environ]:
        if name.startswith("MIOSA_") or name.removesuffix("_FILE") in NAMES:
            del os.environ[name]
    os.environ["VAR_DIR"] = str(VAR)


clear_environment()

from portal.settings import *  # noqa: E402, F403  # reads the environment, which is cleared above
from portal.settings import DATABASES, TEMPLATES  # noqa: E402  # as above

if _url := os.environ.get("TEST_DATABASE_URL"):
    DATABASES["default"] = parse_database_url(_url)
else:
    # A file, as in production: a database in memory locks whole tables between threads. It may be lost in a power cut.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
DATABASES["default"]["CONN_MAX_AGE"] = 0
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405  # WhiteNoise warns if the folder is missing
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TEMPLATES[0]["OPTIONS"]["undefined"] = StrictUndefined
