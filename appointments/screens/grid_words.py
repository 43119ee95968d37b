"""How times are written on the grid and on the doctor's day: by the clock of the LPU."""

from __future__ import annotations

import datetime as dt

from django.utils.formats import date_format

from appointments.models import Slot


def clock(slot: Slot, moment: dt.datetime) -> str:
    """`09:15`; the slot comes with its doctor and LPU."""
    return f"{moment.astimezone(slot.doctor.lpu.tz):%H:%M}"


def when(slot: Slot) -> str:
    """`Mon 23 November, 09:15`, in the words of the language."""
    return f"{date_format(slot.day, 'D j E')}, {clock(slot, slot.begin)}"
