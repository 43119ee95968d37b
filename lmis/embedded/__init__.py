"""The project's own PostgreSQL and Redis, for the demo, the tests and a developer's commands.

Used while `DATABASE_URL` (or `REDIS_URL`) is unset. Where the servers listen follows from the data directory
alone, so settings are computed without starting anything, and every process given the same `LMIS_DATA_DIR`
meets the same servers. Importing this package imports no wheel and starts nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lmis.embedded.commands import for_command
from lmis.embedded.errors import EmbeddedError
from lmis.embedded.layout import DATABASE, SUPERUSER, Layout
from lmis.embedded.secrets import secret_key

__all__ = ["EmbeddedError", "database_settings", "database_url", "for_command", "redis_url", "secret_key"]


def database_settings(data_dir: Path) -> dict[str, Any]:
    """Return Django's `DATABASES` entry for the private server of `data_dir`."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": SUPERUSER,
        "HOST": str(Layout.of(data_dir).sockets),
    }


def database_url(data_dir: Path) -> str:
    """Return the same as `database_settings`, as a URL for `DATABASE_URL`, psql or pg_dump."""
    return f"postgresql://{SUPERUSER}@/{DATABASE}?{urlencode({'host': Layout.of(data_dir).sockets}, safe='/')}"


def redis_url(data_dir: Path) -> str:
    """Return Celery's broker URL of the private Redis of `data_dir`."""
    return f"redis+socket://{Layout.of(data_dir).redis_socket}"
