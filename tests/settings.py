"""The project's settings, with the data directory of the tests and cheap passwords."""

import os
from pathlib import Path

os.environ.setdefault("LMIS_DATA_DIR", str(Path(__file__).resolve().parent.parent / "var" / "test"))

from lmis.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
