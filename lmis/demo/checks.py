"""What may be wrong with the machine before anything is started, each said in one line."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

from lmis.demo.options import Options

SPACE_NEEDED = 100 * 2**20  # bytes, for logs and changes; a new database asks for its own
OLDEST_POSTGRES = 140000
TIMEOUT = 5  # seconds


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do about it."""


def ports(options: Options) -> None:
    """Raise `DemoError` when a port that we need is taken."""
    if options.sandbox and options.port == options.sandbox_port:
        raise DemoError(f"Web server and sandbox cannot share port {options.port}: choose others.")
    _free(options.port, "--port")
    if options.sandbox:
        _free(options.sandbox_port, "--sandbox-port")


def _free(port: int, option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except PermissionError as error:
            raise DemoError(f"Port {port} is not for ordinary users: choose another with {option}.") from error
        except OSError as error:
            raise DemoError(f"Port {port} is in use: choose another with {option}.") from error


def space(folder: Path) -> None:
    """Raise `DemoError` when the disk is nearly full."""
    if shutil.disk_usage(folder).free < SPACE_NEEDED:
        raise DemoError(f"No disk space: {folder} has less than {SPACE_NEEDED >> 20} MiB left.")


def configured_database() -> None:
    """Raise `DemoError` when `DATABASE_URL` is set and does not answer, or is too old."""
    if not os.environ.get("DATABASE_URL"):
        return
    from django.db import Error, connection

    try:
        connection.ensure_connection()
    except Error as error:
        raise DemoError(f"DATABASE_URL does not answer: {_first_line(error)}") from error
    if connection.pg_version < OLDEST_POSTGRES:  # type: ignore[attr-defined]
        raise DemoError("DATABASE_URL is a PostgreSQL older than 14.")


def configured_redis() -> None:
    """Raise `DemoError` when `REDIS_URL` is set and does not answer."""
    if not os.environ.get("REDIS_URL"):
        return
    import redis

    from lmis.services import broker

    try:
        with broker.client(patience=TIMEOUT) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise DemoError(f"REDIS_URL does not answer: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
