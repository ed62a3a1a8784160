"""The tests' settings with the database and the MIOSA that a test passes to its processes."""

import json
import os

from tests.settings import *  # noqa: F403 - all of them
from tests.settings import DATABASES, MIOSA

_given = json.loads(os.environ["MANY"])
DATABASES["default"]["NAME"] = _given["database"]
DATABASES["default"]["TEST"] = {}
MIOSA = type(MIOSA)(**{**{name: getattr(MIOSA, name) for name in MIOSA.__dataclass_fields__}, **_given["miosa"]})
