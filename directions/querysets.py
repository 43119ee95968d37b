"""Reads of directions, in the clinic's words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When

if TYPE_CHECKING:
    from directions.models import Direction  # noqa: F401
    from patients.models import Patient


class DirectionQuerySet(models.QuerySet["Direction"]):
    """Directions, issued here and received."""

    def issued_here(self) -> Self:
        """Written at this clinic."""
        return self.filter(origin="issued")

    def of_patients(self, patients: Iterable[Patient]) -> Self:
        """Of any of these cards."""
        return self.filter(patient__in=list(patients))

    def with_progress(self, today: date) -> Self:
        """Adds `progress`: issued, booked, done, cancelled or expired (contract C), as far as we know."""
        appointments = self.model._meta.get_field("appointments").related_model.objects
        of_this = appointments.filter(direction=OuterRef("pk"))
        return self.annotate(
            progress=Case(
                When(cancelled_at__isnull=False, then=Value("cancelled")),
                When(Q(Exists(of_this.filter(state="visited"))) | Q(outcome="done"), then=Value("done")),
                When(Q(Exists(of_this.filter(state="booked"))) | Q(outcome="booked"), then=Value("booked")),
                When(valid_until__lt=today, then=Value("expired")),
                default=Value("issued"),
                output_field=CharField(),
            )
        )

    def active(self) -> Self:
        """Issued or booked; after `with_progress`."""
        return self.filter(progress__in=["issued", "booked"])
