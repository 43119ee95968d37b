"""How times and doctors are written in the lists."""

from __future__ import annotations

import datetime as dt

from django.utils import formats

from appointments.models import Slot


def day_of(slot: Slot) -> str:
    """The day with its weekday, in the LPU's time zone: `Вт 24.11.2026`."""
    return f"{formats.date_format(slot.day, 'D')} {formats.date_format(slot.day, 'SHORT_DATE_FORMAT')}"


def time_of(slot: Slot) -> str:
    """From–to, in the LPU's time zone."""
    return f"{_clock(slot, slot.begin)}–{_clock(slot, slot.end)}"


def _clock(slot: Slot, moment: dt.datetime) -> str:
    return f"{moment.astimezone(slot.doctor.lpu.tz):%H:%M}"
