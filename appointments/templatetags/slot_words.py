"""How a place and a wait are written on the screens."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils import formats
from django.utils.translation import ngettext

from appointments.models import Slot
from appointments.shown import come_at, day_of
from lmis.templatetags.phones import phone

register = template.Library()
register.filter("phone", phone)


@register.filter
def slot_day(slot: Slot) -> str:
    """Weekday and day."""
    return day_of(slot)


@register.filter
def slot_clock(slot: Slot) -> str:
    """When it begins, on the wall of the LPU."""
    return f"{slot.begin.astimezone(slot.doctor.lpu.tz):%H:%M}"


@register.filter
def slot_time(slot: Slot) -> str:
    """When a patient comes: the beginning, or that it is a live queue and its stretch."""
    return come_at(slot, slot.doctor.lpu.tz)


@register.filter
def slot_short(slot: Slot) -> str:
    """Day, time, doctor: enough to tell it from another place in a list of choices."""
    return f"{day_of(slot)} {slot_clock(slot)} · {slot.doctor.short_name}"


@register.filter
def instant(moment: dt.datetime, slot: Slot) -> str:
    """Day and time of a moment in the zone of the slot's LPU."""
    local = moment.astimezone(slot.doctor.lpu.tz)
    return f"{formats.date_format(local, 'SHORT_DATE_FORMAT')} {local:%H:%M}"


@register.filter(expects_localtime=True)
def days_since(moment: dt.datetime, today: dt.date) -> str:
    """For how many days somebody has waited; `moment` comes in the time zone of the page, as `date` gets it."""
    days = max(0, (today - moment.date()).days)
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
