"""The command line of every process of the demo."""

from __future__ import annotations

import sys

from lmis.demo.options import Options

THREADS = 4  # of one web process: with 8 they wait for the interpreter more than for the database (ADR 0009)


def web(options: Options) -> list[str]:
    """The web server."""
    return [
        *(sys.executable, "-m", "gunicorn", "lmis.wsgi:application", "--bind", f"127.0.0.1:{options.port}"),
        *("--workers", str(options.workers), "--worker-class", "gthread", "--threads", str(THREADS)),
        *("--keep-alive", "30", "--graceful-timeout", "3", "--no-control-socket"),
    ]


def worker(options: Options) -> list[str]:
    """The Celery worker of both queues."""
    return [
        *(sys.executable, "-m", "celery", "--app", "lmis.celery", "worker", "--queues", "mip,default"),
        *("--concurrency", "2", "--hostname", f"demo-{options.port}@%h", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def beat(options: Options) -> list[str]:
    """The clock of Celery."""
    schedule = str(options.data_dir / "run" / "beat-schedule")
    return [
        *(sys.executable, "-m", "celery", "--app", "lmis.celery", "beat"),
        *("--schedule", schedule, "--pidfile", "", "--loglevel", "INFO"),
    ]


def sandbox(options: Options) -> list[str]:
    """The region."""
    database = str(options.data_dir / "sandbox.sqlite3")
    port = str(options.sandbox_port)
    return [sys.executable, "-m", "sandbox", "--host", "127.0.0.1", "--port", port, "--db", database]
