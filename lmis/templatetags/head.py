"""Links and bars of the head's page."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils import formats

register = template.Library()
HOLDING = "booked,visited,missed"


@register.simple_tag
def day_link(links: Any, speciality: int, day: dt.date) -> str:
    """The day of a speciality on the grid; blank for who may not open it."""
    return str(links.day(speciality, day))


@register.simple_tag
def week_link(links: Any, doctor: Any, day: dt.date) -> str:
    """The week of a doctor on the grid; blank likewise."""
    return str(links.week(doctor, day))


@register.simple_tag
def waiting_link(links: Any, speciality: int) -> str:
    """Those who wait for a speciality; blank likewise."""
    return str(links.waiting(speciality))


@register.simple_tag
def late_link(links: Any, speciality: int) -> str:
    """Those of them whose norm has passed; blank likewise."""
    return str(links.late(speciality))


@register.simple_tag
def visits_link(doctor: Any, state: str, first: dt.date, last: dt.date) -> str:
    """The list of a doctor's appointments in a state, between two days inclusive."""
    return _visits(doctor, first, last, state__exact=state)


@register.simple_tag
def taken_link(doctor: Any, first: dt.date, last: dt.date) -> str:
    """The list of those that held a place."""
    return _visits(doctor, first, last, state__in=HOLDING)


@register.simple_tag
def over_link(doctor: Any, first: dt.date, last: dt.date) -> str:
    """The list of those beyond the plan."""
    return _visits(doctor, first, last, state__in=HOLDING, over_plan__exact=1)


@register.simple_tag
def free_link(doctors: list[int], first: dt.date, last: dt.date) -> str:
    """The list of the free places of these doctors."""
    asked = {"day_from": _written(first), "day_to": _written(last), "state": "free"}
    among = ",".join(str(pk) for pk in doctors)
    return f"{reverse('admin:appointments_slot_changelist')}?{urlencode({**asked, 'doctor__in': among})}"


@register.filter
def at_most(number: int, top: int) -> int:
    """For bars that end at their edge."""
    return min(number, top)


def _visits(doctor: Any, first: dt.date, last: dt.date, **asked: Any) -> str:
    days = {"slot__day_from": _written(first), "slot__day_to": _written(last)}
    query = urlencode({"slot__doctor__id__exact": doctor.pk, **asked, **days})
    return f"{reverse('admin:appointments_appointment_changelist')}?{query}"


def _written(day: dt.date) -> str:
    return str(formats.date_format(day, formats.get_format("DATE_INPUT_FORMATS")[0].replace("%", "")))
