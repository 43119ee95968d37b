"""`python -m benchmarks.patients_import`: a CSV of 100,000 rows read, checked and written.

Prints the time of each step, and how much memory the process needs above what it had before.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import psutil

from benchmarks.system import private_database

HEADER = "Фамилия;Имя;Отчество;Дата рождения;Пол;Полис;Телефон;Участок\r\n"

T = TypeVar("T")


def main() -> None:
    """Make a file, import it, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    with private_database():
        run(options.rows)


def pieces(rows: int) -> Iterator[bytes]:
    """The file, a thousand rows at a time."""
    yield HEADER.encode("cp1251")
    born = dt.date(1930, 1, 1)
    for start in range(0, rows, 1000):
        lines = (
            f"Иванов{'абвгдежзик'[n % 10]};Иван;Иванович;{born + dt.timedelta(days=n % 33000):%d.%m.%Y};м;"
            f"{7_700_000_000_000_000 + n};+7 900 {n:07d};{n % 30}\r\n"
            for n in range(start, min(start + 1000, rows))
        )
        yield "".join(lines).encode("cp1251")


def run(rows: int) -> None:
    """All steps, one after the other."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from lmis.actors import Actor
    from lmis.models import Lpu
    from patients.services.importing import imports, steps

    lpu = Lpu.objects.create(name="Benchmark", short_name="Benchmark", is_own=True)
    by = Actor.of_user(User.objects.create(username="benchmark"))
    process, far = psutil.Process(), timezone.now() + dt.timedelta(hours=3)
    before = process.memory_info().rss
    made = timed("upload", lambda: imports.upload(pieces=pieces(rows), file_name="x.csv", lpu=lpu, by=by))
    timed("read", lambda: steps.work(import_id=made.pk, until=far))
    made.refresh_from_db()
    imports.match(card_import=made, mapping=made.mapping, overwrite=False, by=by)
    timed("check", lambda: steps.work(import_id=made.pk, until=far))
    imports.confirm(card_import=made, by=by)
    timed("write", lambda: steps.work(import_id=made.pk, until=far))
    made.refresh_from_db()
    print(f"{made.get_state_display()}: {imports.fates_of(made)}")
    print(f"memory: {(process.memory_info().rss - before) / 2**20:.0f} MB above the {before / 2**20:.0f} before")


def timed(name: str, work: Callable[[], T]) -> T:
    """Print how long it takes; what it gives."""
    begun = time.perf_counter()
    found = work()
    print(f"{name:8} {time.perf_counter() - begun:7.1f} s", flush=True)
    return found


if __name__ == "__main__":
    main()
