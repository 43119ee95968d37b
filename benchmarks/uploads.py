"""`python -m benchmarks.uploads`: existing cards to the sandbox through worker and beat, on this one machine.

The cards were accepted long ago; `manage.py upload_cards --all` asks for them while worker and beat are at work, as an
operator does. The rate is that of all of it: from the moment when it was asked for until the MIP had the last card.
Prints it, the memory of the largest worker process, and beside it what the sandbox takes at most.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

from benchmarks.system import ROOT, free_port, private_database

LOGIN, PASSWORD = "lmis", "benchmark-password"  # of a sandbox that lives for a minute


def fill(count: int) -> None:
    """So many cards of one LPU which the MIP took long ago: nothing waits.

    It is noon at that LPU, so that no nightly work comes between.
    """
    from django.db import connection
    from django.db.models import OuterRef, Subquery

    from lmis.models import Lpu
    from patients.models import CardUpload, Patient

    now = dt.datetime.now(dt.UTC)
    zone = f"Etc/GMT{now.hour - 12:+d}"  # POSIX: west of Greenwich is +
    lpu = Lpu.objects.create(name="Benchmark", short_name="Benchmark", is_own=True, time_zone=zone)
    for first in range(0, count, 5000):
        Patient.objects.bulk_create(
            Patient(
                lpu=lpu,
                card_number=str(n),
                family=f"Фамилия{n}",
                name="Имя",
                patronymic="Отчество",
                birth_date=dt.date(1950, 1, 1) + dt.timedelta(days=n % 20000),
                polis_number=f"{n:016d}",
            )
            for n in range(first, min(first + 5000, count))
        )
    held = Subquery(Patient.objects.filter(pk=OuterRef("pk")).values("version"))
    long_ago = now - dt.timedelta(days=100)
    taken = {"state": CardUpload.State.ACCEPTED, "accepted_at": long_ago, "last_attempt_at": long_ago}
    CardUpload.objects.update(**taken, accepted_version=held, sent_version=held)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


@contextlib.contextmanager
def started(command: list[str], **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the system, ended afterwards."""
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=os.environ | env)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def ceiling() -> str:
    """What the sandbox takes from a client that does nothing else, in its own words."""
    done = subprocess.run([sys.executable, "-m", "sandbox.bench"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def ask_for_all() -> None:
    """The operator's command, once a worker and beat have given a sign of life."""
    from django.utils import timezone

    from lmis.services import heartbeats

    for _attempt in range(600):
        living = heartbeats.present(now=timezone.now())
        if living.listening_to("mip") and living.beats:
            break
        time.sleep(0.1)
    else:
        sys.exit("Worker and beat did not come up.")
    subprocess.run([sys.executable, "manage.py", "upload_cards", "--all", "--no-wait"], cwd=ROOT, check=True)


def watch(worker: psutil.Process, count: int) -> tuple[float, float]:
    """Seconds from the command until the MIP had the last card; the most memory of a worker process, in MiB."""
    from django.db.models import Max

    from patients.models import Backfill, CardUpload

    asked = Backfill.objects.get()
    if asked.total != count:
        sys.exit(f"{asked.total} cards were asked for, not {count}.")
    taken = CardUpload.objects.filter(state="accepted", accepted_at__gte=asked.started_at)
    most, last = 0.0, 0
    while last < count:
        time.sleep(1)
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [worker, *worker.children(recursive=True)]
            most = max([most, *(one.memory_info().rss / 2**20 for one in family)])
        done = taken.count()
        if done - last >= count // 10 or done == count:
            last = done
            print(f"{done} of {count}", flush=True)
    ended = taken.aggregate(ended=Max("accepted_at"))["ended"]
    return (ended - asked.started_at).total_seconds(), most


def main() -> None:
    """Fill, start, ask for all, watch, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--concurrency", type=int, default=2)
    options = parser.parse_args()
    port = free_port()
    url = f"http://127.0.0.1:{port}/mip"
    os.environ.update(MIP_URL=url, MIP_LOGIN=LOGIN, MIP_PASSWORD=PASSWORD)
    with private_database() as data_dir:
        fill(options.cards)
        celery = ["celery", "--app", "lmis.celery"]
        worker = [*celery, "worker", "--queues", "mip,default", "--concurrency", str(options.concurrency)]
        beat = [*celery, "beat", "--schedule", str(Path(data_dir) / "beat"), "--pidfile", ""]
        sandbox = [
            "sandbox",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--db",
            str(Path(data_dir) / "region.sqlite3"),
        ]
        with started(sandbox, SANDBOX_MIP_LOGIN=LOGIN, SANDBOX_MIP_PASSWORD=PASSWORD, SANDBOX_TOKEN_SECRET=PASSWORD):
            _wait(f"http://127.0.0.1:{port}/")
            with started(worker) as process, started(beat):
                ask_for_all()
                seconds, memory = watch(psutil.Process(process.pid), options.cards)
    print("the sandbox alone:", ceiling())
    print(f"{options.cards / seconds:.0f} cards/s with {options.concurrency} processes, at most {memory:.0f} MiB each")


def _wait(url: str) -> None:
    for _attempt in range(100):
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(url)
            return
        time.sleep(0.1)
    sys.exit("The sandbox did not come up.")


if __name__ == "__main__":
    main()
