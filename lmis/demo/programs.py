"""The command line of every process of the demo."""

from __future__ import annotations

import os
import sys

from lmis.demo.options import Options

THREADS = 3  # of one web process: with more they wait for the interpreter instead of the database (ADR 0009)


def web(options: Options) -> list[str]:
    """The web server. Not HTTP/2: there a body needs no length, and Django takes one without for none at all."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "lmis.wsgi:application"),
        *("--host", "127.0.0.1", "--port", str(options.port), "--http", "1", "--no-ws", "--log-level", "warning"),
        *("--workers", str(options.workers), "--blocking-threads", str(THREADS)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "3"),
    ]


def worker(options: Options) -> list[str]:
    """The Celery worker of both queues."""
    return [
        *(sys.executable, "-m", "celery", "--app", "lmis.celery", "worker", "--queues", "mip,default"),
        *("--concurrency", "2", "--hostname", f"demo-{options.port}@%h", "--loglevel", _log_level()),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def beat(options: Options) -> list[str]:
    """The clock of Celery."""
    schedule = str(options.data_dir / "run" / "beat-schedule")
    return [
        *(sys.executable, "-m", "celery", "--app", "lmis.celery", "beat"),
        *("--schedule", schedule, "--pidfile", "", "--loglevel", _log_level()),
    ]


def sandbox(options: Options) -> list[str]:
    """The region."""
    database = str(options.data_dir / "sandbox.sqlite3")
    port = str(options.sandbox_port)
    return [sys.executable, "-m", "sandbox", "--host", "127.0.0.1", "--port", port, "--db", database]


def _log_level() -> str:
    """Of worker and beat: they say something every 2 s, which only those want to read who ask for it."""
    return os.environ.get("LOG_LEVEL") or "WARNING"
