"""`python -m sandbox`: see `--help`."""

import sqlite3
import sys
import tempfile
from pathlib import Path

from sandbox.app import Region
from sandbox.server import listen, serve
from sandbox.settings import Settings, read
from sandbox.store import ForeignFile, Store


def main() -> int:
    """Run the sandbox until a signal ends it; 0 then, 1 with a message when it cannot start."""
    settings = read(sys.argv[1:])
    try:
        if settings.db:
            return run(settings, settings.db)
        with tempfile.TemporaryDirectory(prefix="sandbox-") as folder:
            return run(settings, str(Path(folder) / "region.sqlite3"))
    except ForeignFile:
        return fail(f"{settings.db} is not a database of this version of the sandbox; remove it or name another")
    except sqlite3.Error as error:
        return fail(f"cannot use the database {settings.db}: {error}")
    except OSError as error:
        return fail(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}")


def run(settings: Settings, path: str) -> int:
    """Serve on the SQLite file `path`."""
    with listen(settings.host, settings.port) as sock:
        store = Store(path)
        try:
            serve(Region(settings, store), sock)
        finally:
            store.close()
    return 0


def fail(message: str) -> int:
    """Say why it did not start."""
    sys.stderr.write(f"sandbox: {message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
