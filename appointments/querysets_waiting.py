"""Reads of the waiting list and of the call list, in the clinic's words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, F, Q, Value, When

if TYPE_CHECKING:
    from appointments.models import CallTask, Slot, WaitingEntry  # noqa: F401
    from lmis.models import Department, Doctor, Lpu
    from patients.models import Patient


def norm_passed(today: dt.date) -> Q:
    """Of an entry that has waited beyond its norm; the norm's last day is still within it."""
    return Q(due__lt=today)


class WaitingQuerySet(models.QuerySet["WaitingEntry"]):
    """Entries of the waiting list."""

    def open(self) -> Self:
        """Still waiting."""
        return self.filter(state="open")

    def of_patients(self, patients: Iterable[Patient]) -> Self:
        """Of any of these cards."""
        return self.filter(patient__in=list(patients))

    def of_lpu(self, lpu: Lpu) -> Self:
        """Of patients whose card is at this LPU."""
        return self.filter(patient__lpu=lpu)

    def of_doctors(self, doctors: models.QuerySet[Doctor] | None) -> Self:
        """Waiting for one of these doctors by name; None is everybody."""
        return self if doctors is None else self.filter(doctor__in=doctors)

    def of_department(self, department: Department) -> Self:
        """Waiting for one of its doctors by name, or for what one of its doctors does."""
        theirs = department.doctors.filter(is_active=True)
        wanted = Q(doctor__in=theirs.values("pk")) | Q(speciality__in=theirs.values("speciality"))
        return self.filter(wanted, patient__lpu=department.lpu_id)

    def of_speciality(self, speciality: int) -> Self:
        """Waiting for this speciality, or for a doctor of it by name."""
        return self.filter(Q(speciality=speciality) | Q(doctor__speciality=speciality))

    def overdue(self, today: dt.date) -> Self:
        """Whose norm has passed."""
        return self.filter(norm_passed(today))

    def for_slot(self, slot: Slot) -> Self:
        """Waiting for this slot's doctor, or for the speciality at the LPU, on a day like it; times not looked at."""
        doctor = slot.doctor
        wanted = Q(doctor=doctor.pk) | Q(speciality=doctor.speciality_id)
        days = Q(first_day__lte=slot.day) & (Q(last_day=None) | Q(last_day__gte=slot.day))
        weekday = Q(weekdays=[]) | Q(weekdays__contains=[slot.day.isoweekday()])
        return self.open().filter(wanted, days, weekday, patient__lpu=doctor.lpu_id)

    def first_to_call(self) -> Self:
        """In order of the call: urgent ones, then by the norm's last day, then who has waited longest."""
        return self.order_by("-urgent", F("due").asc(nulls_last=True), "created_at", "pk")

    def with_all_shown(self) -> Self:
        """With all that the list shows, in one statement."""
        return self.select_related("patient", "speciality", "doctor__speciality", "direction")


class CallQuerySet(models.QuerySet["CallTask"]):
    """Calls to make."""

    def open(self) -> Self:
        """Not told yet."""
        return self.filter(state="open")

    def of_doctors(self, doctors: models.QuerySet[Doctor] | None) -> Self:
        """About appointments that were with these doctors; None is everybody."""
        return self if doctors is None else self.filter(old_slot__doctor__in=doctors)

    def next_first(self, now: dt.datetime) -> Self:
        """Those who would come first if nobody rang them; who did not answer just now goes behind the others."""
        later = Case(When(call_after__gt=now, then=Value(1)), default=Value(0))
        return self.annotate(later=later).order_by("later", "old_slot__begin", "pk")

    def with_all_shown(self) -> Self:
        """With all that the list shows; attempts in a statement of their own."""
        return self.select_related(
            "patient", "appointment__slot__doctor__lpu", "old_slot__doctor__lpu", "new_slot__doctor__lpu"
        ).prefetch_related("attempts")
