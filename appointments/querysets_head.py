"""What a head of department counts: aggregates over the schedule, one statement each."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Greatest

from lmis.models.sources import Source

if TYPE_CHECKING:
    from appointments.models import Appointment, Slot  # noqa: F401
    from lmis.models import Doctor

_IN_USE = Q(withdrawn="", is_blocked=False)
_LEFT = F("capacity") + F("overbooked") - F("booked")


class CountedSlots(models.QuerySet["Slot"]):
    """Of slots."""

    def on_days(self, first: dt.date, last: dt.date) -> Self:
        """Of these days, both inclusive, in the time zone of the LPU."""
        return self.filter(day__gte=first, day__lte=last)

    def free_by_speciality_and_day(self, now: dt.datetime) -> Any:
        """Rows of `speciality`, `name`, `day`, and `free`, `places`, `over` (beyond the plan) of what has not begun."""
        bookable = _IN_USE & Q(begin__gt=now, visible=True)
        return (
            self.filter(withdrawn="")
            .annotate(speciality=F("doctor__speciality"), name=F("doctor__speciality__name"))
            .values("day", "speciality", "name")
            .annotate(
                free=Sum(_LEFT, filter=bookable, default=0),
                places=Sum("capacity", filter=bookable, default=0),
                over=Sum("overbooked", default=0),
            )
            .order_by("name", "speciality", "day")
        )

    def of_published(self, *, now: dt.datetime, until: dt.datetime) -> Any:
        """Of doctors that are shown to the outside: rows of `doctor`, `slots`, `free`, `last`.

        `slots` lie between now and `until`, `free` are their places for the Internet, `last` is the last day with any.
        """
        soon = Q(begin__lt=until)
        bookable = soon & Q(is_blocked=False, channels__contains=[Source.INTERNET])
        return (
            self.filter(withdrawn="", begin__gt=now, visible=True)
            .values("doctor")
            .annotate(
                slots=Count("pk", filter=soon),
                free=Sum(Greatest(_LEFT, 0), filter=bookable, default=0),
                last=Max("day"),
            )
            .order_by("doctor")
        )

    def load_by_doctor(self) -> Any:
        """Rows of `doctor` (an id), and `places`, `taken`, `over` of the slots that were in use.

        Without the names, by which a month of a hundred doctors would have to be grouped, too.
        """
        counts = {"places": Sum("capacity"), "taken": Sum("booked"), "over": Sum("overbooked")}
        return self.filter(_IN_USE).values("doctor").annotate(**counts).order_by("doctor")

    def first_of_each(self, doctors: models.QuerySet[Doctor]) -> Self:
        """The earliest slot of each of these doctors, by time, with the doctor as far as a norm asks.

        Doctor by doctor along the index of free places: all of them would have to be sorted else.
        """
        earliest = self.filter(doctor=OuterRef("pk")).order_by("begin", "pk").values("pk")[:1]
        first = doctors.annotate(first=Subquery(earliest)).values("first")
        found: Any = self.model._default_manager.filter(pk__in=first)
        return found.select_related("doctor__speciality", "doctor__position", "doctor__lpu").order_by("begin", "pk")  # type: ignore[no-any-return]

    def beyond_the_plan(self, now: dt.datetime) -> Self:
        """Upcoming ones in which more sit than were planned, by time."""
        found = self.filter(overbooked__gt=0, end__gt=now, withdrawn="")
        return found.select_related("doctor__speciality", "doctor__lpu").order_by("begin", "pk")


class CountedAppointments(models.QuerySet["Appointment"]):
    """Of appointments."""

    def outcomes_by_doctor(self) -> Any:
        """Rows of `doctor`, `visited`, `missed`."""
        return (
            self.annotate(doctor=F("slot__doctor"))
            .values("doctor")
            .annotate(visited=Count("pk", filter=Q(state="visited")), missed=Count("pk", filter=Q(state="missed")))
            .order_by("doctor")
        )
