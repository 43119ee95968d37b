"""How periods are written on the absence screen and on the head's page."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django import template
from django.utils import formats

from appointments.models import ScheduleException

register = template.Library()
_DAY = dt.timedelta(days=1)


@register.filter
def period_words(exception: ScheduleException) -> str:
    """Whole days as days, the last one inclusive; else with the time on the wall of the LPU."""
    assert exception.doctor is not None
    tz = exception.doctor.lpu.tz
    begin, end = exception.begin.astimezone(tz), exception.end.astimezone(tz)
    if begin.time() == end.time() == dt.time():
        first, last = begin.date(), end.date() - _DAY
        return _day(first) if first == last else f"{_day(first)} – {_day(last)}"
    if begin.date() == end.date():
        return f"{_day(begin)} {begin:%H:%M}–{end:%H:%M}"
    return f"{_day(begin)} {begin:%H:%M} – {_day(end)} {end:%H:%M}"


@register.filter
def wall(moment: dt.datetime, tz: ZoneInfo) -> str:
    """The time on the wall there."""
    return f"{moment.astimezone(tz):%H:%M}"


def _day(day: dt.date) -> str:
    return f"{formats.date_format(day, 'D')} {formats.date_format(day, 'SHORT_DATE_FORMAT')}"
