"""The servers that `DATABASE_URL` and `REDIS_URL` name: whether they answer, and what to say when they do not."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TIMEOUT = 5  # seconds
REMEDY = "Start that server or correct the setting; while it is unset, a private one is started."
UNREADABLE = "%s is no address that can be read. What is neither letter nor digit in its password must be %%-encoded."


class SilentError(Exception):
    """A configured server does not answer: which setting, where, why, and what to do; never the password."""


def database_settings(url: str) -> dict[str, Any]:
    """Return Django's `DATABASES` entry for `DATABASE_URL`.

    Raises `ImproperlyConfigured`, without the parser's own words: they would quote what it took a password's part for.
    """
    try:
        found: dict[str, Any] = environ.Env.db_url_config(url, engine="django.db.backends.postgresql")
    except ValueError:
        raise ImproperlyConfigured(UNREADABLE % "DATABASE_URL") from None
    return found


def check_database(*, name: str | None = None) -> int:
    """Return the version of the configured PostgreSQL, such as 160004; `name` is asked for instead of its database.

    Raises `SilentError`.
    """
    import psycopg
    from django.db import connection

    params = connection.get_connection_params()
    if name is not None:
        params["dbname"] = name
    try:
        with psycopg.connect(**params) as found:
            return int(found.info.server_version)
    except psycopg.Error as error:
        where = f"{params.get('host') or 'the local socket'}:{params.get('port') or 5432}"
        raise SilentError(_told("DATABASE_URL", where, error)) from error


def check_redis() -> None:
    """Raise `SilentError` when `REDIS_URL` is set and does not answer."""
    if not os.environ.get("REDIS_URL"):
        return
    import redis
    from django.conf import settings

    from lmis.services import broker

    try:
        with broker.client(patience=TIMEOUT) as client:
            url = urlsplit(settings.REDIS_URL)
            where = f"{url.hostname}:{url.port or 6379}" if url.hostname else url.path
            client.ping()
    except ValueError:
        raise SilentError(UNREADABLE % "REDIS_URL") from None
    except (redis.RedisError, OSError) as error:
        raise SilentError(_told("REDIS_URL", where, error)) from error


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Make an error of the block a `SilentError` when it is that the configured database has gone meanwhile."""
    from django.db import OperationalError

    try:
        yield
    except OperationalError:
        if os.environ.get("DATABASE_URL"):
            check_database()
        raise


def _told(setting: str, where: str, error: Exception) -> str:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    return f"{setting} does not answer at {where}: {reason}. {REMEDY}"
