"""Reads of the clinic's own things, in the clinic's words."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import models
from django.db.models import Q, Value

if TYPE_CHECKING:
    from lmis.models import AccessRecord, CalendarDay, Doctor, Lpu  # noqa: F401


class LpuQuerySet(models.QuerySet["Lpu"]):
    """LPUs of the regional directory."""

    def own(self) -> Self:
        """Those that this LMIS serves."""
        return self.filter(is_own=True)

    def by_name(self) -> Self:
        """As screens list them; the first one's clock is the clinic's (`lmis.models.zone_of`)."""
        return self.order_by("short_name", "pk")


class DoctorQuerySet(models.QuerySet["Doctor"]):
    """Doctors, that is resources."""

    def published(self) -> Self:
        """Shown to the outside."""
        return self.filter(is_published=True, is_active=True)

    def with_titles(self) -> Self:
        """With all that a Resource shows, in one statement."""
        return self.select_related("lpu", "position", "speciality", "department", "room")


class AccessRecordQuerySet(models.QuerySet["AccessRecord"]):
    """Who saw which card."""

    def in_period(self, begin: dt.datetime, end: dt.datetime) -> Self:
        """Seen in begin..end, half-open."""
        return self.filter(at__gte=begin, at__lt=end)


class CalendarDayQuerySet(models.QuerySet["CalendarDay"]):
    """Days that are not what their weekday says."""

    def between(self, first: dt.date, last: dt.date) -> Self:
        """From `first` through `last`, both inclusive."""
        return self.filter(date__range=(first, last))

    def with_work(self) -> Self:
        """Each with `departments`: the ids of those that see patients on it."""
        work = ArrayAgg("work__department", filter=Q(work__isnull=False), default=Value([]))
        return self.annotate(departments=work)
