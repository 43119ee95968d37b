"""Attempts to upload since the beginning: what Prometheus is told must never fall, though minutes are pruned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from lmis.rows import execute, fetch
from patients.services.history import BOUNDS

SETTLED = timedelta(hours=1)  # a minute that old gets no more attempts: a sending takes seconds, its record as well
_LOCK = 0x746F74  # of whoever adds minutes up
_SUMS = ["count", "milliseconds", *(f"le_{bound}" for bound in BOUNDS)]
_NAMES = ", ".join(_SUMS)
_ADDED = ", ".join(f"sum({name})::bigint" for name in _SUMS)
_UPTO = "(SELECT coalesce(max(upto), '-infinity') FROM patients_uploadtotal)"
_ADVANCE = f"""
    INSERT INTO patients_uploadtotal AS t (outcome, code, upto, {_NAMES})
    SELECT outcome, code, %s, {_ADDED} FROM patients_uploadminute WHERE minute >= {_UPTO} AND minute < %s
     GROUP BY outcome, code
    ON CONFLICT (outcome, code) DO UPDATE SET {", ".join(f"{name} = t.{name} + excluded.{name}" for name in _SUMS)}"""  # noqa: S608
_MOVE = "UPDATE patients_uploadtotal SET upto = %s WHERE upto < %s"
_READ = f"""
    SELECT outcome, {_ADDED}
      FROM (SELECT outcome, {_NAMES} FROM patients_uploadtotal
            UNION ALL SELECT outcome, {_NAMES} FROM patients_uploadminute WHERE minute >= {_UPTO}) AS both_of_them
     GROUP BY outcome ORDER BY outcome"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Total:
    """Attempts with one outcome: how many, how long in all, and how many took at most so many milliseconds."""

    outcome: str
    count: int
    milliseconds: int
    within: dict[int, int]


def read() -> list[Total]:
    """Since the beginning, by outcome. One statement."""
    return [
        Total(outcome, count, milliseconds, dict(zip(BOUNDS, within, strict=True)))
        for outcome, count, milliseconds, *within in fetch(_READ, [])
    ]


def advance(*, now: datetime) -> None:
    """Add up the minutes that get no more attempts. Before they are pruned; safe to run twice, also at once."""
    upto = (now - SETTLED).replace(second=0, microsecond=0)
    with transaction.atomic():
        # Two at once would both add the same minutes:
        # the second waits here and then finds that there is nothing left to add.
        fetch("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        execute(_ADVANCE, [upto, upto])
        execute(_MOVE, [upto, upto])
