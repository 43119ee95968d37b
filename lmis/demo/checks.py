"""What may be wrong with the machine before anything is started, each said in one line."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

from lmis import configured
from lmis.demo.options import Options

SPACE_NEEDED = 100 * 2**20  # bytes, for logs and changes; a new database asks for its own
OLDEST_POSTGRES = 140000


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
    """Raise `DemoError` or `SilentError` when `DATABASE_URL` is set and is too old, or does not answer."""
    if os.environ.get("DATABASE_URL") and configured.check_database() < OLDEST_POSTGRES:
        raise DemoError("DATABASE_URL is a PostgreSQL older than 14.")
