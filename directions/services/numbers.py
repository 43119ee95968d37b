"""Numbers of the directions that we issue."""

from __future__ import annotations

from django.db import connection

from directions.models import Direction, DirectionCounter
from lmis.models import Lpu

_RAISE = """
    INSERT INTO {table} AS counter (lpu_id, year, last) VALUES (%s, %s, 1)
    ON CONFLICT (lpu_id, year) DO UPDATE SET last = counter.last + 1
    RETURNING last
"""


def next_number(*, lpu: Lpu, year: int) -> str:
    """A number such as `2026-000123` that no direction issued by this LPU bears; gaps do not matter.

    To be called inside the transaction that writes the direction.
    """
    while True:
        number = f"{year}-{_raise(lpu, year):06d}"
        # An import may have brought numbers of this form: they are skipped, not run into.
        if not Direction.objects.issued_here().filter(lpu_from=lpu, number=number).exists():
            return number


def _raise(lpu: Lpu, year: int) -> int:
    with connection.cursor() as cursor:
        # Two doctors would read the same last number:
        # it is raised and read in one statement, whose row lock the second waits for.
        cursor.execute(_RAISE.format(table=DirectionCounter._meta.db_table), [lpu.pk, year])
        return int(cursor.fetchone()[0])
