"""Which days a screen takes: those of years in which a clinic can have something to do.

Beyond them lie slips of the finger, and at the ends of the calendar days without the day before or after.
"""

from __future__ import annotations

import datetime as dt
import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

FIRST_YEAR, LAST_YEAR = 2000, 2100
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # Python itself also reads `2026-W48-1`


def day_from(text: str) -> dt.date:
    """The day of an address or of a page's own field, `2026-11-23`; raises ValueError for what is none of ours."""
    if not _DAY.fullmatch(text):
        raise ValueError(text)
    return sensible(dt.date.fromisoformat(text))


def sensible(day: dt.date) -> dt.date:
    """The same day; raises ValueError for one of another age."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(day)
    return day


def check_day(day: dt.date) -> None:
    """Raise ValidationError for one of another age."""
    try:
        sensible(day)
    except ValueError:
        years = {"first": FIRST_YEAR, "last": LAST_YEAR}
        raise ValidationError(_("Look at the year: it must be from %(first)s to %(last)s."), "year", years) from None


class DayField(forms.DateField):
    """A day that somebody types."""

    default_validators = [check_day]
