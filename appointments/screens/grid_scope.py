"""What the address of the grid asks for: the week of a doctor, or the day of a speciality."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import Http404, QueryDict
from django.utils.http import urlencode

from appointments.screens.asked import day_or_404, guid_or_404
from lmis.days import sensible
from lmis.models import Doctor, Speciality
from lmis.querysets import DoctorQuerySet
from lmis.screens.numbers import number_or_404

_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Column:
    """A doctor on a day."""

    doctor: Doctor
    day: dt.date

    @property
    def key(self) -> str:
        """Names the column within the page."""
        return f"{self.doctor.pk}-{self.day:%Y%m%d}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose schedule of which days; exactly one of `doctor` and `speciality`. `moving` is an appointment to move."""

    columns: list[Column]
    first: dt.date
    last: dt.date
    doctor: Doctor | None = None
    speciality: Speciality | None = None
    moving: UUID | None = None

    @property
    def doctors(self) -> list[Doctor]:
        """Those of the columns, once each."""
        return list({column.doctor.pk: column.doctor for column in self.columns}.values())

    def query(self, day: dt.date | None = None) -> str:
        """The query of this view, or of the same view at another day."""
        day = day or self.first
        if self.doctor is not None:
            return query_of(doctor=self.doctor, day=day, moving=self.moving)
        assert self.speciality is not None
        return query_of(speciality=self.speciality, day=day, moving=self.moving)

    def crossing(self, column: Column) -> str:
        """The query of the view that crosses this one in that column."""
        if self.doctor is not None:
            return query_of(speciality=self.doctor.speciality, day=column.day, moving=self.moving)
        return query_of(doctor=column.doctor, day=column.day, moving=self.moving)

    @property
    def stay(self) -> str:
        """The same view with nothing being moved."""
        return replace(self, moving=None).query()

    @property
    def step(self) -> dt.timedelta:
        """From one view to the next."""
        return dt.timedelta(days=7 if self.doctor else 1)


def query_of(
    *, day: dt.date, doctor: Doctor | None = None, speciality: Speciality | None = None, moving: UUID | None = None
) -> str:
    """The query that asks for a view; it holds nothing about patients and can be sent to a colleague."""
    asked: dict[str, Any] = {"doctor": doctor.guid, "week": week_of(day)} if doctor else {}
    if speciality is not None:
        asked = {"speciality": speciality.pk, "day": day.isoformat()}
    return urlencode(asked | ({"move": moving} if moving else {}))


def week_of(day: dt.date) -> str:
    """`2026-W48`."""
    year, week, _weekday = day.isocalendar()
    return f"{year}-W{week:02d}"


def scope_of(asked: QueryDict, *, own: DoctorQuerySet | None, today: dt.date) -> Scope | None:
    """What is asked for; None when nothing is. `own` are the doctors that the employee may see, None for all.

    Raises Http404 for a doctor, speciality, week or day that does not exist or is not for this employee. One statement
    for a doctor, two for a speciality.
    """
    move = asked.get("move")
    moving = guid_or_404(str(move)) if move else None
    shown = (Doctor.objects.all() if own is None else own).filter(lpu__is_own=True)
    shown = shown.select_related("lpu", "speciality", "room")
    if "doctor" in asked:
        first = _monday(asked.get("week"), today)
        doctor = shown.filter(guid=guid_or_404(asked.get("doctor", ""))).first()
        if doctor is None:
            raise Http404
        days = [first + dt.timedelta(days=number) for number in range(7)]
        return Scope([Column(doctor, day) for day in days], first, days[-1], doctor=doctor, moving=moving)
    if "speciality" in asked:
        day = day_or_404(str(asked["day"])) if "day" in asked else today
        speciality = Speciality.objects.filter(pk=number_or_404(asked.get("speciality", ""))).first()
        doctors = list(shown.filter(speciality=speciality, is_active=True).order_by("family", "name", "pk"))
        if speciality is None or not doctors:
            raise Http404
        return Scope([Column(doctor, day) for doctor in doctors], day, day, speciality=speciality, moving=moving)
    return None


def _monday(text: str | None, today: dt.date) -> dt.date:
    if text is None:
        return today - dt.timedelta(days=today.weekday())
    found = _WEEK.fullmatch(text)
    if found is None:
        raise Http404
    try:
        return sensible(dt.date.fromisocalendar(int(found[1]), int(found[2]), 1))
    except ValueError:
        raise Http404 from None
