"""What the two halves of the desk show: the person on the left, the booking on the right."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appointments.models import Appointment, WaitingEntry, WaitNorm
from appointments.screens.desk_state import State
from appointments.screens.directed import is_to
from appointments.services import offers
from appointments.services.norms import Norms, Wait
from appointments.services.offers import Field, Place
from directions.models import Direction
from lmis.models import Doctor, Lpu, Speciality
from patients.models import Patient


def person(patient: Patient, *, now: dt.datetime, marked: Appointment | None = None) -> dict[str, Any]:
    """Coming appointments, open directions, waiting-list entries, second bookings; three statements.

    `marked` is the appointment just made, moved or scanned.
    """
    coming = list(coming_of(patient, now))
    return {
        "patient": patient,
        "coming": coming,
        "marked": marked,
        "doubles": _doubles(coming),
        "directions": open_directions(patient, now),
        "waiting": list(WaitingEntry.objects.open().of_patients([patient]).with_all_shown()),
    }


def coming_of(patient: Patient, now: dt.datetime) -> Iterable[Appointment]:
    """Booked and not ended, the next one first."""
    shown = Appointment.objects.with_all_shown().select_related("slot__doctor__speciality", "slot__doctor__room")
    return shown.of_patients([patient]).active(now).order_by("slot__begin", "pk")


def open_directions(patient: Patient, now: dt.datetime) -> list[Direction]:
    """Issued, neither used nor expired, newest first; one statement."""
    rows = Direction.objects.of_patients([patient]).with_progress(now).with_all_shown()
    unused = {"progress": "issued"}  # annotated just above
    return list(rows.filter(**unused).order_by("-created_at", "-pk"))


def whom(patient: Patient | None, *, lpu: Lpu, channel: str, kind: str, now: dt.datetime) -> dict[str, Any]:
    """Specialities and doctors with their next free places, those already booked marked; four statements."""
    norms = Norms.read(zone=lpu.tz, now=now)
    fields = offers.fields(lpu=lpu, channels={channel}, norms=norms, kind=kind, now=now)
    booked: dict[int, Appointment] = {}
    for one in coming_of(patient, now) if patient else []:
        booked.setdefault(one.slot.doctor.speciality_id, one)  # the next one: they come by time
    return {
        "fields": [{"field": each, "booked": booked.get(each.speciality.pk)} for each in fields],
        "kinds": WaitNorm.Kind.choices,
        "kind": kind,
        "lpu": lpu,
    }


class Offering:
    """Everything of the step in which a place is chosen."""

    def __init__(self, state: State, patient: Patient, *, channel: str, overbooks: bool, now: dt.datetime) -> None:
        self.state, self.patient, self.channel, self.now = state, patient, channel, now
        self.lpu = patient.lpu
        self.norms = Norms.read(zone=self.lpu.tz, now=now)
        self.fields = offers.fields(lpu=self.lpu, channels={channel}, norms=self.norms, kind=state.kind, now=now)
        self.overbooks = overbooks
        self.field, self.doctor = self._chosen()

    def _chosen(self) -> tuple[Field | None, Doctor | None]:
        for each in self.fields:
            for choice in each.doctors:
                if choice.doctor.guid == self.state.doctor:
                    return each, choice.doctor
        chosen = (each for each in self.fields if each.speciality.pk == self.state.speciality)
        return next(chosen, None), None

    def context(self) -> dict[str, Any]:
        """For the template; statements: norms 2, specialities 1, places 1 (of one doctor 2), coming 1, directions 1."""
        assert self.field is not None
        days, nearest = self._places(self.field.speciality)
        wait = offers.earliest(place for _day, places in days for place in places) if days else None
        wait = wait or offers.earliest(nearest)
        coming = [one for one in coming_of(self.patient, self.now) if self._is_same(one)]
        directions = open_directions(self.patient, self.now)
        return {
            "patient": self.patient,
            "lpu": self.lpu,
            "field": self.field,
            "doctor": self.doctor,
            "days": days,
            "nearest": nearest,
            "wait": wait,
            "norm": self.norms.of(self.doctor or self.field.doctors[0].doctor, self.state.kind),
            "nothing_in_time": wait is None or wait.late,
            "second": coming,
            "directions": directions,
            "direction": self._direction(directions),
            "kinds": WaitNorm.Kind.choices,
            "state": self.state,
            "later": days[-1][0] + dt.timedelta(days=1) if len(days) == offers.DAYS else None,
            "token": self.state.token or uuid4(),
        }

    def _places(self, speciality: Speciality) -> tuple[list[tuple[dt.date, list[Place]]], list[Place]]:
        given: dict[str, Any] = {
            "channels": {self.channel},
            "wish": self.state.wish,
            "norms": self.norms,
            "now": self.now,
            "kind": self.state.kind,
        }
        if self.doctor is not None:
            return offers.days_of(doctor=self.doctor, full=self.overbooks, **given), []
        return [], offers.nearest(lpu=self.lpu, speciality=speciality, **given)

    def _is_same(self, appointment: Appointment) -> bool:
        assert self.field is not None
        moving = appointment.guid == self.state.moving
        return not moving and appointment.slot.doctor.speciality_id == self.field.speciality.pk

    def _direction(self, directions: list[Direction]) -> str:
        """What is chosen; before anything was, the only open direction to this speciality."""
        if self.state.direction or self.state.moving:
            return self.state.direction
        assert self.field is not None
        to_it = [one for one in directions if is_to(one, self.field.speciality) and one.lpu_to_id == self.lpu.pk]
        return str(to_it[0].guid) if len(to_it) == 1 and "direction" not in self.state.typed.data else ""


def _doubles(coming: list[Appointment]) -> list[str]:
    counted = Counter(one.slot.doctor.speciality.name for one in coming)
    return [name for name, count in counted.items() if count > 1]


def in_words(wait: Wait) -> str:
    """How long that is: `today`, `tomorrow`, `in 5 days`."""
    if wait.days <= 1:
        return _("tomorrow") if wait.days == 1 else _("today")
    return ngettext("in %(count)d day", "in %(count)d days", wait.days) % {"count": wait.days}


def day_in_words(day: dt.date) -> str:
    """`Mon 23 November`."""
    return f"{formats.date_format(day, 'D')} {formats.date_format(day, 'MONTH_DAY_FORMAT')}"
