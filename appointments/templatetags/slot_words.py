"""How a place, a phone and a wait are written on the screens."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils import formats
from django.utils.translation import ngettext

from appointments.models import Slot
from appointments.shown import day_of

register = template.Library()
_RUSSIAN = 11  # digits


@register.filter
def slot_day(slot: Slot) -> str:
    """Weekday and day."""
    return day_of(slot)


@register.filter
def slot_clock(slot: Slot) -> str:
    """When it begins, on the wall of the LPU."""
    return f"{slot.begin.astimezone(slot.doctor.lpu.tz):%H:%M}"


@register.filter
def slot_short(slot: Slot) -> str:
    """Day, time, doctor: enough to tell it from another place in a list of choices."""
    return f"{day_of(slot)} {slot_clock(slot)} · {slot.doctor.short_name}"


@register.filter
def instant(moment: dt.datetime, slot: Slot) -> str:
    """Day and time of a moment in the zone of the slot's LPU."""
    local = moment.astimezone(slot.doctor.lpu.tz)
    return f"{formats.date_format(local, 'SHORT_DATE_FORMAT')} {local:%H:%M}"


@register.filter
def phone(number: str) -> str:
    """In groups, as one reads it aloud: `+7 900 111-22-33`; what is no such number stays as it is."""
    digits = "".join(filter(str.isdigit, number))
    if len(digits) != _RUSSIAN or digits[0] not in "78":
        return number
    return f"+7 {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}"


@register.filter
def days_since(moment: dt.datetime, today: dt.date) -> str:
    """For how many days somebody has waited."""
    days = max(0, (today - moment.date()).days)
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
