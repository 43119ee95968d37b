"""A private system for the benchmarks: database on disk with durable commits, a web server, data of real size."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import http.client
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def private_database() -> Iterator[Path]:
    """An empty, migrated database of its own; Django is set up on it. Gone afterwards."""
    data_dir = Path(tempfile.mkdtemp(prefix="lmis-bench-"))
    os.environ.update(LMIS_DATA_DIR=str(data_dir), DJANGO_SETTINGS_MODULE="lmis.settings")
    os.environ.setdefault("PATIENT_TOKEN_KEY", "benchmark-secret-of-at-least-32-bytes")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    for name in ("DATABASE_URL", "REDIS_URL"):  # the private ones, whatever else there is
        os.environ.pop(name, None)
    import django

    from lmis.embedded.servers import running

    try:
        with running(data_dir, with_redis=True):
            django.setup()
            from django.core.management import call_command

            from lmis.ops.serving import settle

            call_command("migrate", verbosity=0)
            settle()  # as each web process does
            yield data_dir
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


def fill_schedule(*, doctors: int, days: int, per_day: int) -> None:
    """One LPU, so many doctors of ten specialities, `per_day` slots of 15 minutes from tomorrow on."""
    from appointments.models import Slot
    from lmis.models import Doctor, Lpu, Position, Room, Source, Speciality

    lpu = Lpu.objects.create(name="Benchmark", short_name="Benchmark", is_own=True)
    position = Position.objects.create(name="врач")
    specialities = [Speciality.objects.create(name=f"специальность {n}") for n in range(10)]
    rooms = [Room.objects.create(lpu=lpu, number=str(n)) for n in range(doctors)]
    people = Doctor.objects.bulk_create(
        Doctor(lpu=lpu, family=f"Врач{n}", position=position, speciality=specialities[n % 10], room=rooms[n])
        for n in range(doctors)
    )
    tomorrow = dt.datetime.combine(dt.datetime.now(lpu.tz).date() + dt.timedelta(days=1), dt.time(8), lpu.tz)
    step = dt.timedelta(minutes=15)
    channels = [Source.INTERNET, Source.DOCTOR_OTHER_LPU]
    Slot.objects.bulk_create(
        (
            Slot(doctor=doctor, begin=begin, end=begin + step, day=begin.date(), ordinal=n + 1, channels=channels)
            for doctor in people
            for day in range(days)
            for n in range(per_day)
            for begin in [tomorrow + dt.timedelta(days=day) + n * step]
        ),
        batch_size=2000,
    )
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def free_port() -> int:
    """A port that nobody uses just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def web_server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The web server as the demo starts it."""
    from lmis.demo import options, programs

    parser = argparse.ArgumentParser()
    options.add_arguments(parser, data_dir=ROOT)
    given = options.Options.of(vars(parser.parse_args(["--port", str(port)])))
    process = subprocess.Popen(programs.web(given), cwd=ROOT, env=os.environ | {"ALLOWED_HOSTS": "127.0.0.1"})
    try:
        _wait_until_ready(port)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def _wait_until_ready(port: int) -> None:
    for _attempt in range(600):  # a busy machine takes its time
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    sys.exit("The web server did not come up.")


def spent(web_pid: int) -> dict[str, float]:
    """Processor time so far, in seconds: of the web server and of this run's PostgreSQL, children included."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = psutil.Process(cursor.fetchone()[0])
    postmaster = backend.parent()
    assert postmaster
    return {"web server": _spent(psutil.Process(web_pid)), "PostgreSQL": _spent(postmaster)}


def _spent(process: psutil.Process) -> float:
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def percentile(values: list[float], share: float) -> float:
    """The smallest of the values that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * share) - 1, 0)]
