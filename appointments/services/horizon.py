"""Keeping the schedule full so many days ahead."""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from appointments.services import generation
from appointments.services.filling import Report
from lmis.actors import Actor
from lmis.models import Doctor, Lpu


def keep_full(*, by: Actor, now: dt.datetime) -> Report:
    """Generate through today and `SCHEDULE_HORIZON_DAYS` more, for each LPU by its own calendar.

    Out: what was done in all; safe to run at any time, any number of times, several at once.
    """
    total = Report()
    for lpu in Lpu.objects.filter(doctors__is_active=True).distinct():
        until = now.astimezone(lpu.tz).date() + dt.timedelta(days=settings.SCHEDULE_HORIZON_DAYS)
        doctors = Doctor.objects.filter(is_active=True, lpu=lpu).select_related("lpu")
        total.add(generation.generate(until=until, by=by, doctors=doctors, now=now))
    return total
