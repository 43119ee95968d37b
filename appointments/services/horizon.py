"""Keeping the schedule full so many days ahead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.conf import settings

from appointments.services import generation
from appointments.services.filling import Report
from lmis.actors import Actor
from lmis.models import Doctor, Lpu


def keep_full(*, by: Actor, now: dt.datetime, only: Collection[int] | None = None) -> Report:
    """Generate through today and `SCHEDULE_HORIZON_DAYS` more, for each LPU by its own calendar.

    In: `only` these doctors, by id.
    Out: what was done in all; safe to run at any time, any number of times, several at once.
    """
    total = Report()
    for lpu in Lpu.objects.filter(doctors__is_active=True).distinct():
        until = now.astimezone(lpu.tz).date() + dt.timedelta(days=settings.SCHEDULE_HORIZON_DAYS)
        doctors = Doctor.objects.filter(is_active=True, lpu=lpu).select_related("lpu")
        if only is not None:
            doctors = doctors.filter(pk__in=only)
        total.add(generation.generate(until=until, by=by, doctors=doctors, now=now))
    return total
