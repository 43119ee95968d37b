"""A doctor's day as a list: who comes when, who is here, who is next, who is left."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.http import urlencode

from appointments.models import Appointment, Slot
from appointments.screens.grid_acts import acts_of
from appointments.screens.grid_since import Since
from lmis.models import Doctor

State = Appointment.State


@dataclass(frozen=True, slots=True)
class Row:
    """A visit as the page shows it; `sign` is one of the grid's."""

    visit: Appointment
    time: str
    sign: str
    age: int | None
    acts: set[str]

    @property
    def pk(self) -> int:
        """Names the row within the page."""
        return self.visit.pk


@dataclass(frozen=True, slots=True)
class Day:
    """All of it; `next` is the patient to call in, `is_over` when the last place has ended and somebody is left."""

    since: Since
    doctor: Doctor
    date: dt.date
    rows: list[Row]
    next: Row | None
    is_over: bool

    @property
    def left(self) -> list[Row]:
        """Booked and neither seen nor missed."""
        return [row for row in self.rows if row.visit.state == State.BOOKED]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each, for the line on top."""
        states = [row.visit.state for row in self.rows]
        here = sum(row.sign == "here" for row in self.rows)
        seen, missed = states.count("visited"), states.count("missed")
        return {"all": len(states), "here": here, "seen": seen, "missed": missed, "left": len(self.left)}


def query_of(*, doctor: Doctor, day: dt.date) -> str:
    """The query that asks for a doctor's day; it holds nothing about patients."""
    return urlencode({"doctor": str(doctor.guid), "day": str(day)})


def read(doctor: Doctor, date: dt.date, *, user: Any, now: dt.datetime) -> Day:
    """The day with all that a row shows; three statements. `doctor` comes with its LPU."""
    since = Since.at(now)
    visits = Appointment.objects.holding().filter(slot__doctor=doctor, slot__day=date)
    visits = visits.select_related("slot", "patient", "direction__lpu_from").order_by("slot__begin", "seat")
    rows = [_row(visit, doctor, user, now) for visit in visits]
    ends = Slot.objects.in_schedule().filter(doctor=doctor, day=date).order_by("-end")
    last = ends.values_list("end", flat=True).first()
    is_over = last is not None and last <= now and any(row.visit.state == State.BOOKED for row in rows)
    return Day(
        since, doctor, date, rows, _next(rows) if now.astimezone(doctor.lpu.tz).date() == date else None, is_over
    )


def has_changed(doctor: Doctor, date: dt.date, *, since: Since | None, now: dt.datetime) -> bool:
    """Whether the day may look different than it did then; two statements. True for a `since` of no use."""
    current = Since.at(now)
    if since is None or not since.leads_to(current):
        return True
    slots = Slot.objects.filter(doctor=doctor, day=date)
    # Booking, cancelling and moving touch the slot, a mark the appointment alone; and time passes.
    passed = Q(begin__gt=since.moment, begin__lte=now) | Q(end__gt=since.moment, end__lte=now)
    marked = Q(appointments__changed__gte=since.edge)
    return slots.filter(Q(changed__gte=since.edge) | passed | marked).exists()


def _next(rows: list[Row]) -> Row | None:
    """Who is here and has the earliest time; while nobody is, whoever is booked next and not late."""
    here = [row for row in rows if row.sign == "here"]
    coming = [row for row in rows if row.sign == "full"]
    return (here or coming or [None])[0]  # type: ignore[list-item]


def _row(visit: Appointment, doctor: Doctor, user: Any, now: dt.datetime) -> Row:
    visit.slot.doctor = doctor
    return Row(
        visit=visit,
        time=f"{visit.slot.begin.astimezone(doctor.lpu.tz):%H:%M}",
        sign=_sign(visit, now),
        age=_age(visit.patient.birth_date, visit.slot.day),
        acts=acts_of(visit, visit.slot, user, now),
    )


def _sign(visit: Appointment, now: dt.datetime) -> str:
    if visit.state != State.BOOKED:
        return str(visit.state)
    if visit.arrived_at is not None:
        return "here"
    return "open" if visit.slot.begin <= now else "full"


def _age(born: dt.date | None, day: dt.date) -> int | None:
    """Whole years on that day."""
    if born is None:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
