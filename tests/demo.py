"""Demos as tests start them: `python manage.py demo` on free ports, with a data directory of their own."""

import contextlib
import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil

ROOT = Path(__file__).resolve().parent.parent
OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "LMIS_DATA_DIR",
    "DJANGO_SETTINGS_MODULE",
    "ALLOWED_HOSTS",
    "DATABASE_POOL",
)
# An UPDATE of many cards, in the table's own order, and a worker could each wait for the other:
# it takes the cards' locks as the workers do, by ascending id.
IN_ORDER = "FROM (SELECT id AS pk FROM patients_patient ORDER BY id FOR NO KEY UPDATE) AS held WHERE held.pk = p.id"
# Where a clinic may stand that is wanted in the middle of a morning, at whatever hour.
ZONES = ("Europe/Moscow", "Asia/Vladivostok", "Pacific/Kiritimati", "America/Los_Angeles", "America/Sao_Paulo")
PATIENCE = 300  # seconds; only a hang takes that long


@cache
def morning():
    """The name of a zone where it is the middle of a morning, of a working day if there is one.

    Not all of today's list is over there, nor still to come. `TIME_ZONE` in the environment says another one.
    """

    def how_bad(name):
        now = dt.datetime.now(ZoneInfo(name))
        return now.weekday() > 4, abs(now.hour + now.minute / 60 - 10.5)

    return os.environ.get("TIME_ZONE") or min(ZONES, key=how_bad)


def today():
    """Of the clinic that stands there."""
    return dt.datetime.now(ZoneInfo(morning())).date()


def free_ports(count):
    """That many ports which nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def command(*arguments, env=()):
    """`manage.py` with an environment that knows nothing of the test run's servers."""
    clean = {name: value for name, value in os.environ.items() if name not in OURS}
    return {"args": [sys.executable, "manage.py", *arguments], "cwd": ROOT, "env": {**clean, **dict(env)}, "text": True}


def refused(*arguments, env=()):
    """The message of a start that is refused, which must be one line with status 2."""
    done = subprocess.run(**command("demo", *arguments, env=env), capture_output=True)
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


def until(condition, what):
    """Wait for the condition's first true value and return it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            if value := condition():
                return value
        time.sleep(0.1)
    raise AssertionError(f"waited in vain: {what() if callable(what) else what}")


class Demo:
    """One demo; may be started again on its data."""

    def __init__(self, data_dir, *options, env=()):
        self.data_dir = Path(data_dir)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.port, self.sandbox_port = free_ports(2)
        places = ["--port", str(self.port), "--sandbox-port", str(self.sandbox_port), "--data-dir", str(data_dir)]
        self.arguments = [*places, *options]
        self.env = env
        self.output = self.data_dir / "output"

    def start(self, *options):
        """Start it and wait until it is up."""
        (self.data_dir / "demo.json").unlink(missing_ok=True)
        with self.output.open("w") as output:
            given = command("demo", *self.arguments, *options, env=self.env)
            self.process = subprocess.Popen(**given, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        until(lambda: self.process.poll() is not None or self.json(), self.said)
        assert self.process.poll() is None, self.said()
        return self

    def json(self):
        """What `demo.json` says now."""
        return json.loads((self.data_dir / "demo.json").read_text())

    def said(self):
        """What it has printed so far."""
        return self.output.read_text()

    def pids(self):
        """Its processes."""
        return {name: pid for name, pid in self.json()["pids"].items() if pid}

    def end(self, number=signal.SIGTERM):
        """Ask it to end; its status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def clear_away(self):
        """Leave nothing running, whatever the test has done."""
        if self.process.poll() is None:
            self.end()


def living(pids):
    """Those of the process ids that somebody has; dead children without a parent to bury them do not count."""

    def lives(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        return False

    return [pid for pid in pids if lives(pid)]
