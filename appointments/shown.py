"""How times and doctors are written in the lists."""

from __future__ import annotations

import datetime as dt

from django.utils import formats
from django.utils.translation import gettext as _

from appointments.models import Appointment, Slot


def day_of(slot: Slot) -> str:
    """The day with its weekday, in the LPU's time zone: `Вт 24.11.2026`."""
    return f"{formats.date_format(slot.day, 'D')} {formats.date_format(slot.day, 'SHORT_DATE_FORMAT')}"


def time_of(slot: Slot) -> str:
    """From–to, in the LPU's time zone."""
    return f"{_clock(slot, slot.begin)}–{_clock(slot, slot.end)}"


def come_at(slot: Slot, zone: dt.tzinfo) -> str:
    """When to come: `14:15`, or `live queue 14:15–16:00`, where the number says whose turn it is."""
    begin, end = (f"{moment.astimezone(zone):%H:%M}" for moment in (slot.begin, slot.end))
    queue = _("live queue")
    return f"{queue} {begin}–{end}" if slot.is_queue else begin


def ticket_of(appointment: Appointment) -> str:
    """All that an employee needs to see before doing something to it."""
    slot = appointment.slot
    return f"№ {appointment.number}, {day_of(slot)} {time_of(slot)}, {slot.doctor.short_name}, {appointment.patient}"


def _clock(slot: Slot, moment: dt.datetime) -> str:
    return f"{moment.astimezone(slot.doctor.lpu.tz):%H:%M}"
