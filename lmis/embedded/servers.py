"""Who uses the private servers, and who stops them: the last one out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from lmis.embedded import postgres, redis_server
from lmis.embedded.layout import Layout
from lmis.embedded.processes import FileLock, locked


@contextlib.contextmanager
def running(
    data_dir: Path, *, with_redis: bool = False, options: Mapping[str, str] | None = None
) -> Iterator[dict[str, psutil.Process]]:
    """Have PostgreSQL (and Redis) up for the block; afterwards the last user stops whatever runs.

    Gives the processes by name. Raises `EmbeddedError` when a server cannot be had. A user who is killed
    leaves the servers behind; the next one meets them, and stops them in turn.
    """
    layout = Layout.of(data_dir)
    layout.make()
    user = FileLock(layout.run / "users.lock")
    try:
        with locked(layout.run / "start.lock"):
            user.take(shared=True)
            processes = {"postgres": postgres.start(layout, options)}
            if with_redis:
                processes["redis"] = redis_server.start(layout)
        yield processes
    finally:
        with locked(layout.run / "start.lock"):
            if user.take(wait=False):
                stop_all(layout)
            user.release()


def stop_all(layout: Layout, *, patience: float = 6.0) -> None:
    """Stop both servers of a data directory, whoever started them; `patience` seconds are PostgreSQL's to finish."""
    if process := redis_server.running(layout):
        redis_server.stop_server(process, patience=1.0)
    if process := postgres.running(layout):
        postgres.stop_server(process, patience=patience)
    with contextlib.suppress(OSError):
        if not layout.sockets.is_symlink():  # a trap laid by somebody else, see `make_private`
            layout.redis_socket.unlink(missing_ok=True)
            layout.sockets.rmdir()
