"""Reads of directions, in the clinic's words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, cast
from uuid import UUID

from django.db import models
from django.db.models import Case, CharField, DateField, Exists, F, Func, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast

if TYPE_CHECKING:
    from directions.models import Direction  # noqa: F401
    from lmis.models import Doctor, Lpu
    from patients.models import Patient

_FORGOTTEN = timedelta(days=365)  # a direction without an end that nobody used
_ANY_ZONE = timedelta(hours=12)  # a day that has ended here may last elsewhere


def _today_in(zone: str, now: datetime) -> Cast:
    """The date at `now` in the time zone that the column names."""
    return Cast(Func(F(zone), Value(now), function="timezone", output_field=models.DateTimeField()), DateField())


class DirectionQuerySet(models.QuerySet["Direction"]):
    """Directions, issued here and received."""

    def issued_here(self) -> Self:
        """Written at this clinic."""
        return self.filter(origin="issued")

    def incoming(self) -> Self:
        """Written elsewhere: received from the region, or entered at the desk from paper."""
        return self.exclude(origin="issued")

    def of_patients(self, patients: Iterable[Patient]) -> Self:
        """Of any of these cards."""
        return self.filter(patient__in=list(patients))

    def to_recognise(self, *, guid: UUID, lpu_from: Lpu, number: str) -> Self:
        """What a direction sent to us may be: the one with its guid, or those of the desk with its number."""
        same = Q(guid=guid)
        if number:
            same |= Q(origin="desk", lpu_from=lpu_from, number=number)
        return self.filter(same)

    def visible_to(self, doctors: models.QuerySet[Doctor] | None) -> Self:
        """Those that these doctors wrote, and those of their patients; None sees all (`lmis.screens.scope`)."""
        if doctors is None:
            return self
        seen = self._appointments().filter(patient=OuterRef("patient"), slot__doctor__in=doctors)
        return self.filter(Q(doctor__in=doctors) | Exists(seen.exclude(state="cancelled")))

    def with_appointment(self) -> Self:
        """Adds `appointment_begin`, `_end`, `_state`, `_number` and `_doctor` of the last one that was made by it."""
        last = self._appointments().filter(direction=OuterRef("pk")).order_by("-pk")
        of_it = {"begin": "slot__begin", "state": "state", "number": "number", "guid": "guid"}
        names = {f"appointment_{name}": Subquery(last.values(path)[:1]) for name, path in of_it.items()}
        return self.annotate(**names, appointment_doctor=Subquery(last.values("slot__doctor")[:1]))

    def with_all_shown(self) -> Self:
        """With all that a ConsultDirection and its patient show, in one statement."""
        return self.select_related("lpu_from", "lpu_to", "patient")

    def with_hold(self) -> Self:
        """Adds `is_held`: a booked or visited appointment holds it (contract §2.4)."""
        held = self._appointments().filter(direction=OuterRef("pk"), state__in=["booked", "visited"])
        return self.annotate(is_held=Exists(held))

    def with_progress(self, now: datetime) -> Self:
        """Adds `progress`: issued, booked, done, cancelled or expired (contract C), as far as we know.

        A direction is good to the end of `valid_until` in the referring LPU's time zone.
        """
        of_this = self._appointments().filter(direction=OuterRef("pk"))
        return self.annotate(
            progress=Case(
                When(cancelled_at__isnull=False, then=Value("cancelled")),
                When(Q(Exists(of_this.filter(state="visited"))) | Q(outcome="done"), then=Value("done")),
                When(Q(Exists(of_this.filter(state="booked"))) | Q(outcome="booked"), then=Value("booked")),
                When(valid_until__lt=_today_in("lpu_from__time_zone", now), then=Value("expired")),
                default=Value("issued"),
                output_field=CharField(),
            )
        )

    def open(self, now: datetime, until: datetime | None = None) -> Self:
        """Somebody may still book by it: not cancelled, not seen, not booked, not out of date; of the last year.

        `until` is not asked: such a patient may come any day.
        """
        held = self._appointments().filter(direction=OuterRef("pk"), state__in=["booked", "visited"])
        fresh = self.filter(cancelled_at__isnull=True, outcome="", created_at__gt=now - _FORGOTTEN)
        in_time = Q(valid_until__isnull=True) | Q(valid_until__gte=(now - _ANY_ZONE).date())
        return fresh.filter(~Exists(held), in_time)

    def _appointments(self) -> models.QuerySet[Any]:
        """All appointments: their app imports us, not we it."""
        appointment: Any = self.model._meta.get_field("appointments").related_model
        return cast("models.QuerySet[Any]", appointment.objects.all())

    def active(self) -> Self:
        """Issued or booked; after `with_progress`."""
        return self.filter(progress__in=["issued", "booked"])
