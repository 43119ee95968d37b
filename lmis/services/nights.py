"""The clinic's night: when it is, and work that is done once in it.

Beat's hours are UTC, and a night in Moscow is a morning in Vladivostok: beat asks again and again, and the work begins
when it is night at the clinic. A beat that comes late begins it late, up to the night's end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.utils import timezone

from lmis.models import Lpu, NightWork, zone_of
from lmis.rows import fetch

BEGINS, ENDS = dt.time(0, 40), dt.time(5, 0)  # by the clinic's clock
EVERY = 600.0  # seconds: how often beat asks
LOST_AFTER = dt.timedelta(minutes=15)  # whoever had it then is dead: no task may run longer than 10 minutes
# Two workers at once: the second waits for the first one's row, and finds it begun.
_BEGIN = """
    INSERT INTO lmis_nightwork AS w (name, begun_at) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET begun_at = excluded.begun_at, ended_at = NULL
     WHERE w.begun_at < %s OR (w.ended_at IS NULL AND w.begun_at < %s)
    RETURNING 1"""


def tonight(*, now: dt.datetime, begins: dt.time = BEGINS) -> dt.datetime | None:
    """When the night began that it is at the clinic, or that part of it which `begins` then; None outside of it.

    The clinic's clock is that of the first LPU that we serve. One statement.
    """
    here = now.astimezone(zone_of(list(Lpu.objects.own().by_name()[:1])))
    if not begins <= here.time() < ENDS:
        return None
    return here.replace(hour=begins.hour, minute=begins.minute, second=0, microsecond=0)


def once(*, name: str, work: Callable[[], object], now: dt.datetime, begins: dt.time = BEGINS) -> bool:
    """Do tonight's `work`, from `begins` on by the clinic's clock; False when it is not time, or it was done.

    Called again and again. An error of the work is the caller's, and the work's end for this night; when its worker is
    killed, it is begun anew.
    """
    since = tonight(now=now, begins=begins)
    if since is None or not fetch(_BEGIN, [name, now, since, now - LOST_AFTER]):
        return False
    try:
        work()
    finally:
        NightWork.objects.filter(name=name, begun_at=now).update(ended_at=max(now, timezone.now()))
    return True
