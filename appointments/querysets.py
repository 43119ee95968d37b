"""Reads of the schedule and of appointments, in the clinic's words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest

from appointments.querysets_head import CountedAppointments, CountedSlots

if TYPE_CHECKING:
    from appointments.models import ScheduleException, ScheduleTemplate  # noqa: F401
    from directions.models import Direction
    from lmis.models import Doctor
    from patients.models import Patient


class SlotQuerySet(CountedSlots):
    """Slots; `now` is always an aware instant."""

    def in_schedule(self) -> Self:
        """Not withdrawn."""
        return self.filter(withdrawn="")

    def of_doctors(self, doctors: models.QuerySet[Doctor] | None) -> Self:
        """Of any of these doctors; None means all (`lmis.screens.scope.doctors_of`)."""
        return self if doctors is None else self.filter(doctor__in=doctors)

    def upcoming(self, now: dt.datetime) -> Self:
        """Not begun yet."""
        return self.filter(begin__gt=now)

    def free(self, now: dt.datetime) -> Self:
        """What the contract calls `Available`: upcoming, open to patients, with a place left."""
        return self.upcoming(now).filter(
            withdrawn="", is_blocked=False, visible=True, booked__lt=F("capacity") + F("overbooked")
        )

    def open_to(self, channels: Iterable[str]) -> Self:
        """Bookable through at least one of these channels."""
        return self.filter(channels__overlap=list(channels))


class AppointmentQuerySet(CountedAppointments):
    """Appointments."""

    def holding(self) -> Self:
        """Those that hold a place: all but cancelled ones."""
        return self.exclude(state="cancelled")

    def of_patients(self, patients: Iterable[Patient]) -> Self:
        """Of any of these cards."""
        return self.filter(patient__in=list(patients))

    def active(self, now: dt.datetime) -> Self:
        """Booked and not ended (contract H)."""
        return self.filter(state="booked", slot__end__gt=now)

    def coming(self, now: dt.datetime, until: dt.datetime | None) -> Self:
        """Booked, and the visit begins after `now` and, when there is an `until`, before that."""
        coming = self.filter(state="booked", slot__begin__gt=now)
        return coming.filter(slot__begin__lt=until) if until else coming

    def holding_direction(self, direction: Direction) -> Self:
        """The one that holds this direction, booked or visited (contract §2.4)."""
        return self.filter(direction=direction, state__in=["booked", "visited"])

    def of_doctors(self, doctors: models.QuerySet[Doctor] | None) -> Self:
        """With any of these doctors; None means all (`lmis.screens.scope.doctors_of`)."""
        return self if doctors is None else self.filter(slot__doctor__in=doctors)

    def counted(self) -> Self:
        """What statistics are made of: a registrar's mistake never was an appointment."""
        return self.filter(mistake=False)

    def unmarked_days(self, doctor: Doctor, first: dt.date, last: dt.date) -> dict[dt.date, int]:
        """On which of these days of the doctor's somebody is left unmarked, and how many; the newest first."""
        left = self.filter(state="booked", slot__doctor=doctor).on_days(first, last).order_by()
        return dict(left.values_list("slot__day").annotate(number=Count("pk")).order_by("-slot__day"))

    def with_direction(self) -> Self:
        """Made by a direction."""
        return self.filter(direction__isnull=False)

    def on_days(self, first: dt.date | None, last: dt.date | None) -> Self:
        """In slots of these days, both inclusive, in the time zone of the slot's LPU; None is open."""
        found = self
        if first is not None:
            found = found.filter(slot__day__gte=first)
        if last is not None:
            found = found.filter(slot__day__lte=last)
        return found

    def with_all_shown(self) -> Self:
        """With all that an Appointment shows, in one statement."""
        return self.select_related("slot__doctor__lpu", "direction__lpu_from", "direction__lpu_to")

    def with_ticket_shown(self) -> Self:
        """With all that a ticket shows, in one statement."""
        doctor = ("lpu", "department", "speciality", "room")
        return self.select_related("patient", "slot__room", *(f"slot__doctor__{name}" for name in doctor))


class ScheduleTemplateQuerySet(models.QuerySet["ScheduleTemplate"]):
    """Intervals of the weekly pattern."""

    def valid_in(self, first: dt.date, last: dt.date) -> Self:
        """Valid on at least one day of first..last, both inclusive."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=first), valid_from__lte=last)


class ScheduleExceptionQuerySet(models.QuerySet["ScheduleException"]):
    """Absences, holidays, extra hours."""

    def absences_with_patients(self, now: dt.datetime, until: dt.datetime) -> Self:
        """Absences that end after `now` and begin before `until`, by time; `patients`: how many are booked in them."""
        from appointments.models import Appointment  # models import this module

        theirs = Appointment.objects.filter(
            state="booked",
            slot__doctor=OuterRef("doctor"),
            slot__begin__lt=OuterRef("end"),
            slot__end__gt=Greatest(OuterRef("begin"), now),
        )
        number = theirs.order_by().values("slot__doctor").annotate(number=Count("pk")).values("number")
        found = self.filter(kind="absence", end__gt=now, begin__lt=until)
        found = found.select_related("doctor__speciality", "doctor__lpu")
        return found.annotate(patients=Coalesce(Subquery(number), 0)).order_by("begin", "pk")

    def of_doctor(self, doctor: Doctor) -> Self:
        """The doctor's own, the holidays of the LPU and those of all LPUs."""
        holidays = Q(doctor=None) & (Q(lpu=None) | Q(lpu=doctor.lpu_id))
        return self.filter(Q(doctor=doctor) | holidays)

    def touching(self, begin: dt.datetime, end: dt.datetime) -> Self:
        """Overlapping the period begin..end (half-open)."""
        return self.filter(begin__lt=end, end__gt=begin)
