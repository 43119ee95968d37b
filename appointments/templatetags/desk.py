"""Words of the booking desk."""

from __future__ import annotations

import datetime as dt

from django import template

from appointments.screens import desk_panels
from appointments.services.norms import Wait

register = template.Library()


@register.filter
def in_words(wait: Wait) -> str:
    """How long that is."""
    return desk_panels.in_words(wait)


@register.filter
def in_day_words(day: dt.date) -> str:
    """Weekday, day and month."""
    return desk_panels.day_in_words(day)
